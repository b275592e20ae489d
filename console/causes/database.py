"""The layer database."""

from console.causes.explanation import DEBIAN_OR_CENTOS_MYSQL, WSREP, Explanation
from console.health import Kind

PROCESSES = "node: mysql -e 'SHOW FULL PROCESSLIST'"
PROXY = "node: echo 'show stat BACKEND 4 -1' | nc -U /run/haproxy/admin.sock"

GROUP = "node: ss -tnp | grep 4567; nc -zv OTHER-NODE 4567"
GRASTATE = "every node: cat /var/lib/mysql/grastate.dat"

EXPLANATIONS: dict[Kind, Explanation] = {
    Kind.NO_MYSQL: Explanation(
        "No node runs a mysqld that serves: each is stopped, or starts and waits for the others ('activating'). The"
        " site is down. Where not all come back by themselves, one must be bootstrapped: the one with the newest data.",
        (
            "every mysqld crashed or was killed at once: memory, a full disk, a bug",
            "power was lost everywhere: all members start within a minute and find each other, or one is missing and"
            " the others wait for it",
            "somebody stopped them all",
        ),
        (
            DEBIAN_OR_CENTOS_MYSQL,
            "all are on their way up: wait a minute; all together they recover by themselves",
            f"{GRASTATE} (uuid, seqno, safe_to_bootstrap)",
            "the uuids differ, or one node can't be asked: bootstrap none until you know why",
            "exactly one says safe_to_bootstrap: 1: it was the last to stop; bootstrap that one",
            "otherwise the highest seqno counts; where it is -1, galera_recovery (MariaDB) or mysqld --wsrep-recover"
            " prints it. A mysqld that hangs in 'activating' must be killed before: systemctl stop would hang too",
            "bootstrap exactly one, with no mysqld left running there: safe_to_bootstrap: 1 into its grastate.dat,"
            " gvwstate.dat away, then galera_new_cluster (MariaDB) or systemctl start mysql@bootstrap (Percona"
            " XtraDB Cluster)",
            "once it is Synced, start the others one by one, with the usual unit: systemctl start mariadb (or mysql,"
            " mysqld)",
        ),
    ),
    Kind.NO_PRIMARY: Explanation(
        "No node belongs to a Primary component: every table is refused with error 1047, though SELECT 1 works and"
        " HAProxy's mysql-check says UP. The site is down.",
        (
            "more than half of the members went away at once: power, a switch, two crashes; the rest runs on as"
            " non-Primary",
            "members run and each sees only itself (wsrep_cluster_size 1): the network between the nodes is broken",
            "after a full power loss not all members of the last component are back yet: they wait for each other",
        ),
        (
            f"every {WSREP}",
            GROUP,
            "mysqld runs on every node, and each sees only itself: mend the network between the nodes; they merge by"
            " themselves",
            "mysqld runs, and the others won't come back soon: the one with the highest wsrep_last_committed can be"
            " made Primary, once all others are proven down: mysqld stopped there, or the power off. That a node can't"
            " be reached is no proof: if it serves, there are two clusters",
            "then, on exactly one node: mysql -e \"SET GLOBAL wsrep_provider_options='pc.bootstrap=YES'\"",
            "mysqld is stopped on every node that can be reached, and the others are proven down: bootstrap exactly"
            " one, the one with the highest seqno (grastate.dat; galera_recovery or mysqld --wsrep-recover where it is"
            " -1): galera_new_cluster (MariaDB), systemctl start mysql@bootstrap (Percona XtraDB Cluster)",
            DEBIAN_OR_CENTOS_MYSQL,
        ),
    ),
    Kind.MYSQL_UNKNOWN: Explanation(
        "MySQL answers on no node, and no node says why: it may serve, and only not be heard from here; or it hangs"
        " everywhere.",
        (
            "the way from this console is slow or broken: the sites may answer all the same",
            "the console's login is refused on every node: the sentence ends with the reason",
            "every member hangs: a full disk, one locked table, too many connections",
        ),
        ("node: curl -si http://127.0.0.1/CHECK-URL | head -20", WSREP, DEBIAN_OR_CENTOS_MYSQL),
    ),
    Kind.NON_PRIMARY: Explanation(
        "This member is cut off from the component that the others form. It refuses every table.",
        ("the network between it and the others", "it hung for longer than evs.inactive_timeout", "ports 4567 blocked"),
        (WSREP, GROUP, DEBIAN_OR_CENTOS_MYSQL),
    ),
    Kind.MYSQL_UNLISTED: Explanation(
        "MySQL runs on the node, and the inventory has no [mysql]. It is seen by its unit, process or ports, and not"
        " asked: no guard knows whether the others are Synced. A reboot stops it, so it wants name and reason.",
        ("[mysql] was left out of the inventory", "a MySQL was installed since"),
        ("console: drainboard grants; drainboard check", "node: systemctl status mysqld mariadb mysql; ss -ltnp"),
    ),
    Kind.PROXY_UNLISTED: Explanation(
        "An HAProxy runs on the node, and the inventory has no [mysql_proxy]. If it sends MySQL to one node, the"
        " writer, nobody asks to which.",
        ("[mysql_proxy] was left out of the inventory", "this HAProxy is for something else"),
        ("node: grep -E 'listen|backend|bind' /etc/haproxy/haproxy.cfg",),
    ),
    Kind.MYSQL_SILENT: Explanation(
        "The node answers, its MySQL does not. The other members go on without it.",
        (
            "it is stopped, or restarts after a crash",
            "it receives a full copy (SST): no SQL is answered meanwhile",
            "after a full crash it waits for a Primary component ('activating')",
            "too many connections, or the console's login is refused: the sentence ends with the reason",
        ),
        ("node: systemctl status mariadb mysql mysqld", DEBIAN_OR_CENTOS_MYSQL, "node: pgrep -af wsrep_sst"),
    ),
    Kind.NOT_SYNCED: Explanation(
        "The member belongs to the component and has not applied everything yet. Synced is the only state in which it"
        " may serve.",
        ("it has just joined: IST takes seconds, the queue after it a while", "it applies slowly: disk, CPU"),
        (WSREP, DEBIAN_OR_CENTOS_MYSQL),
    ),
    Kind.DONOR: Explanation(
        "The member gives its data to one that joins. It stays readable and takes writes, but may lag behind; with"
        " the rsync method it blocks writes for a while.",
        ("another node joins by IST or SST", "a backup tool has desynced it (mariabackup, garbd)"),
        ("node: pgrep -af 'wsrep_sst|mariabackup|xtrabackup'", WSREP),
    ),
    Kind.SST: Explanation(
        "The node gets a copy of the whole database. It answers no SQL until that is done; its donor lags. Don't stop"
        " either of them: it would begin anew.",
        (
            "it was away for longer than the gcache of the others reaches back",
            "its data directory is new, damaged or of another cluster (uuid)",
            "its grastate.dat lost its seqno in a crash",
        ),
        (
            "joiner: pgrep -af wsrep_sst; du -sh /var/lib/mysql",
            DEBIAN_OR_CENTOS_MYSQL,
            "donor: mysql -e \"SHOW VARIABLES LIKE 'wsrep_provider_options'\" (gcache.size)",
        ),
    ),
    Kind.SIZE_BELOW: Explanation(
        "The component has fewer members than the inventory has nodes.",
        ("a node is lost, its MySQL stopped, or cut off: see its findings",),
        (WSREP,),
    ),
    Kind.UUID_DIFFERS: Explanation(
        "Members say they are Primary, with different cluster uuids: these are two databases, and their data go"
        " separate ways. What is written to one is not in the other.",
        ("a second cluster was bootstrapped while the first one ran", "a member with foreign data was started alone"),
        (
            "every node: mysql -e \"SHOW STATUS LIKE 'wsrep_cluster_state_uuid'\"; cat /var/lib/mysql/grastate.dat",
            "stop writes to one of them first; decide whose data count before anything is restarted",
        ),
    ),
    Kind.VIEWS_DIFFER: Explanation(
        "Members count different changes of membership (conf_id): one of them does not see who the others see. Even"
        " when every size is right, the component may be split.",
        (
            "the network is splitting just now: within seconds one side becomes non-Primary",
            "pc.ignore_sb or pc.ignore_quorum is set, and both sides go on",
        ),
        (WSREP, "every node: mysql -e \"SHOW STATUS LIKE 'wsrep_incoming_addresses'\""),
    ),
    Kind.RECEIVE_QUEUE: Explanation(
        "Write-sets arrive faster than this member applies them: it reads old data, and from gcs.fc_limit on it makes"
        " all others wait.",
        (
            "its disk is slow or full, or a RAID rebuilds",
            "a long transaction, DDL or backup locks tables there",
            "too few applier threads (wsrep_slave_threads, wsrep_applier_threads)",
            "tables without a primary key",
        ),
        (PROCESSES, "node: iostat -x 2 5; vmstat 2 5", WSREP),
    ),
    Kind.FLOW_CONTROL: Explanation(
        "A slow member makes all others pause their commits. The share is between two looks, not since start.",
        ("the member with the longest receive queue is slow: see receive-queue", "a very large transaction"),
        (
            "every node: mysql -e \"SHOW STATUS WHERE Variable_name LIKE 'wsrep_local_recv_queue'"
            " OR Variable_name LIKE 'wsrep_flow_control%'\"",
            PROCESSES,
        ),
    ),
    Kind.SINGLE_WRITER: Explanation(
        "Transactions are refused at commit (certification failures), or ended half-way (bf aborts), because two nodes"
        " changed the same rows. The application sees deadlocks, people say 'locked by two nodes'.",
        (
            "writes go to several nodes: the cure is one writer, through a HAProxy on each node with one active server"
            " and the others as backup",
            "counters or session tables that every request writes",
        ),
        (
            "every node: mysql -e \"SHOW STATUS WHERE Variable_name IN ('wsrep_local_cert_failures',"
            " 'wsrep_local_bf_aborts')\"",
            'node: mysql -e "SET GLOBAL wsrep_log_conflicts=ON", then its error log names tables and rows',
        ),
    ),
    Kind.LEFTOVER: Explanation(
        "A setting that only maintenance or a repair needs is still on: wsrep_desync (it lags without making others"
        " wait), read_only (it refuses writes), pxc_maint_mode (checkers send nothing), pc.ignore_sb (a split would"
        " make two clusters).",
        ("a backup or a schema change was interrupted", "somebody repaired something by hand"),
        (
            "node: mysql -e \"SHOW VARIABLES WHERE Variable_name IN ('wsrep_desync','read_only','pxc_maint_mode')\"",
            'wsrep_desync, once no backup runs there, on that node: mysql -e "SET GLOBAL wsrep_desync=OFF"',
            'read_only, on that node: mysql -e "SET GLOBAL read_only=OFF"',
            'pxc_maint_mode, on that node: mysql -e "SET GLOBAL pxc_maint_mode=DISABLED"',
            'pc.ignore_sb (take it out of my.cnf too), on that node: mysql -e "SET GLOBAL'
            " wsrep_provider_options='pc.ignore_sb=NO'\"",
        ),
    ),
    Kind.WRITERS_DISAGREE: Explanation(
        "The nodes' own HAProxy send MySQL to different members: two writers, whose transactions fail against each"
        " other.",
        (
            "each checks by itself, and one does not reach the first server",
            "one was drained, or reloaded, alone",
            "the configurations differ, or several servers are active instead of backup",
        ),
        (PROXY, "node: grep -A20 '^backend' /etc/haproxy/haproxy.cfg"),
    ),
    Kind.WRITER_NONE: Explanation(
        "A node's HAProxy finds no MySQL that may get connections: its pages reach no database.",
        ("its check fails everywhere: user, clustercheck or port 9200", "all members are down or drained"),
        (PROXY, "node: curl -i http://MYSQL-NODE:9200/ where clustercheck is used"),
    ),
    Kind.WRITER_UNFIT: Explanation(
        "MySQL's HAProxy sends to a member that can't take writes, or lags. HAProxy's mysql-check only logs in: it"
        " says UP for a non-Primary member.",
        ("the check is too weak: use clustercheck or a wsrep-aware agent", "it happened seconds ago"),
        (PROXY, WSREP),
    ),
    Kind.WRITER_BACKUP: Explanation(
        "The first server is away, and a backup takes the writes. Sessions return when the first is UP again.",
        ("the first server's node is lost, or was drained",),
        (PROXY,),
    ),
    Kind.PROXY_STOPPED: Explanation(
        "The HAProxy for MySQL does not run on this node: its pages reach no database, though MySQL may be well.",
        ("its configuration is refused", "it was stopped by hand"),
        ("node: systemctl status haproxy; haproxy -c -f /etc/haproxy/haproxy.cfg",),
    ),
    Kind.WRITER_UNKNOWN: Explanation(
        "Where this node sends MySQL is not known.",
        (
            "the login may not use HAProxy's socket: see the sudo rules",
            "the inventory's `mysql_proxy` names another backend or socket",
        ),
        (
            PROXY,
            "node: ls -l /run/haproxy/admin.sock; grep -E 'stats socket|^backend|^listen' /etc/haproxy/haproxy.cfg",
        ),
    ),
    Kind.TRANSFER_UNKNOWN: Explanation(
        "Whether a full copy (SST) runs on the node could not be told. Its MySQL tells its state all the same.",
        ("pgrep or du failed, or took too long",),
        ("node: pgrep -af wsrep_sst",),
    ),
    Kind.MEMBER_UNKNOWN: Explanation(
        "Version, gcache and settings of this member are not known: neither leftovers nor the time for an IST.",
        ("its MySQL answers too slowly, or not at all",),
        ("node: mysql -e \"SHOW VARIABLES LIKE 'wsrep_provider_options'\"",),
    ),
    Kind.MYSQL_VERSIONS_DIFFER: Explanation(
        "The members run different versions. It works during an upgrade; an SST from new to old does not.",
        ("an upgrade is half done", "a node was forgotten"),
        (
            "every node: mysql -e 'SELECT VERSION()'",
            "node: dpkg -l | grep -E 'mariadb|percona'; rpm -qa | grep -iE 'mariadb|percona'",
        ),
    ),
    Kind.TABLES: Explanation(
        "Tables that are not InnoDB are not replicated: each node has its own rows. Tables without a primary key"
        " replicate badly: deletes scan the whole table on every node.",
        ("plug-ins of the site create them", "they were imported from an old dump"),
        (
            'node: mysql -e "SELECT table_schema, table_name, engine FROM information_schema.tables WHERE engine <>'
            " 'InnoDB' AND table_schema NOT IN ('mysql','information_schema','performance_schema','sys')\"",
            "then: ALTER TABLE x ENGINE=InnoDB; ALTER TABLE x ADD id BIGINT AUTO_INCREMENT PRIMARY KEY",
        ),
    ),
    Kind.TABLES_UNKNOWN: Explanation(
        "Which tables do not replicate could not be counted: a user without a right sees fewer tables, which is not"
        " the same as none.",
        ("the console's MySQL user lacks the grant that the sentence names", "no member is Synced"),
        ("console: drainboard grants", "node: mysql -e 'SHOW GRANTS FOR CURRENT_USER()'"),
    ),
}
