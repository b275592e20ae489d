"""The layer pool, and where it disagrees with those below."""

from console.causes.explanation import APACHE_LOG, DEBIAN_OR_CENTOS_MYSQL, WSREP, Explanation
from console.health import Kind

STAT = "firewall: echo 'show stat' | nc -U /tmp/haproxy.socket | cut -d, -f1,2,18,19,37 (relayd: relayctl show summary)"
CONFIGURED = "firewall: Services > HAProxy > Backend (relayd: Services > Load Balancer)"

EXPLANATIONS: dict[Kind, Explanation] = {
    Kind.POOLS_UNKNOWN: Explanation(
        "The firewall answers, but not who is in its pools. Whoever is taken out may still get traffic from it.",
        (
            "the login may not use HAProxy's socket, which is root's: sudo is missing, or asks for a password",
            "HAProxy hangs, or was just started",
            "the inventory names the wrong balancer (haproxy or relayd)",
        ),
        ("firewall: ls -l /tmp/haproxy.socket; pgrep -lf 'haproxy|relayd'", STAT),
    ),
    Kind.POOLS_STRANGE: Explanation(
        "HAProxy prints a state or a name that this console does not know. That server counts as one that may be in any"
        " state; what is known of the others stands.",
        ("an HAProxy newer than this console", "something else answers on that socket", "the answer was cut off"),
        (STAT, "firewall: echo 'show servers state' | nc -U /tmp/haproxy.socket"),
    ),
    Kind.PROCESSES_UNKNOWN: Explanation(
        "After a reload the old HAProxy goes on with its sessions, and only the system can count them. A drain does not"
        " say that no session is left while that is not known.",
        ("the login may not run sockstat as root: `drainboard sudoers` prints what it needs", "pgrep is not there"),
        ("firewall: pgrep -lx haproxy; sockstat -P tcp -c | grep haproxy",),
    ),
    Kind.BALANCER_STOPPED: Explanation(
        "No load balancer runs on this firewall. On the one that is MASTER nobody is served; on the other one nobody"
        " would be after a failover. With carpdev a passive firewall without HAProxy is normal and not reported.",
        (
            "its configuration is refused: haproxy -c says why",
            "an address or port it listens on is in use, or does not exist",
            "it was stopped by hand (Status > Services)",
        ),
        (
            "firewall: haproxy -c -f /var/etc/haproxy/haproxy.cfg",
            "firewall: Status > Services; tail -50 /var/log/system.log",
        ),
    ),
    Kind.POOL_EMPTY: Explanation(
        "Not one server of the pool serves on the firewall that leads: visitors get 503, or no connection.",
        (
            "all nodes fail the check: the check URL, or the database behind it, is broken everywhere",
            "the volume lost its quorum, or MySQL has no Primary component: see the findings of those layers",
            "nodes were taken out until none was left",
        ),
        (STAT, "each node: curl -si http://127.0.0.1/CHECK-URL | head -20", WSREP),
    ),
    Kind.POOL_THIN: Explanation(
        "One server serves the pool alone: what happens to it happens to the site.",
        ("others were taken out, are lost, or fail the check: see their findings",),
        (STAT,),
    ),
    Kind.POOL_QUEUE: Explanation(
        "Requests wait in HAProxy because every server of the pool has as many connections as its maxconn allows.",
        ("more visitors than usual, or fewer nodes", "pages are slow: database, storage", "maxconn is set too low"),
        (STAT, "node: curl -s 'http://127.0.0.1/server-status?auto'", "node: mysql -e 'SHOW FULL PROCESSLIST'"),
    ),
    Kind.POOLS_DIFFER: Explanation(
        "One firewall finds the node healthy, the other does not. Each makes its own checks; after a failover the"
        " answer of the other one counts.",
        (
            "one firewall does not reach the node: cable, VLAN, a rule on the node",
            "one of the two has just been started, and its checks are still under way",
            "the pools are configured differently: see sync-differs",
        ),
        (STAT, "both firewalls: curl -sI http://NODE/CHECK-URL (or fetch -o - http://NODE/CHECK-URL)"),
    ),
    Kind.OUT: Explanation(
        "Somebody has taken the node out of the pools, in the running balancer or in config.xml. It gets no traffic"
        " until somebody puts it back.",
        ("maintenance is going on", "it was forgotten: drainboard runs says who took it out, when and why"),
        ("console: drainboard runs", "the key p on its row puts it back", "console: drainboard rejoin CLUSTER NODE"),
    ),
    Kind.MIXED: Explanation(
        "The node is out in one place and in at another: out at run time and not in config.xml, on one firewall and"
        " not on the other, or of one pool and not of another. It is served still, or a reload, a boot or a failover"
        " brings it back.",
        (
            "a drain was made by hand on HAProxy's socket or stats page: it does not survive a reload",
            "a run was interrupted, or a firewall was away: drainboard runs lists what is open, the key r resumes it",
            "a sync of the pools failed",
        ),
        (STAT, CONFIGURED, "console: drainboard runs"),
    ),
    Kind.DOWN: Explanation(
        "The health check fails on the node in every pool; nobody has taken it out. It comes back by itself when the"
        " check succeeds. The word in brackets is HAProxy's: L4CON refused, L4TOUT silent, L7STS wrong HTTP status,"
        " L7TOUT no answer to the request.",
        (
            "Apache is stopped, full or hangs: see the node's other findings",
            "the page that is checked reads the database or the volume, and one of them is ill",
            "the network between firewall and node",
        ),
        (STAT, "node: curl -si http://127.0.0.1/CHECK-URL | head -20", APACHE_LOG),
    ),
    Kind.CHECK_FAILING: Explanation(
        "The node still gets traffic, and its health check has failed as often as it may: the next failure takes it"
        " out. UP 1/3 is one left of three. A single check that fails is shown in the node's row alone.",
        (
            "its Apache was stopped or its machine was lost a moment ago: DOWN follows",
            "Apache is nearly full, or the page that is checked is slow, and the check gives up (L7TOUT)",
            "the network between firewall and node loses packets",
        ),
        (STAT, "node: curl -si http://127.0.0.1/CHECK-URL | head -20", APACHE_LOG),
    ),
    Kind.DOWN_IN_POOL: Explanation(
        "One pool's check of the node fails, and another pool still sends it traffic.",
        (
            "only one port is ill: a certificate, or the TLS part of Apache",
            "the pools check different things",
        ),
        (
            STAT,
            "node: ss -ltnp | grep -E ':(80|443) '",
            "firewall: openssl s_client -connect NODE:443 </dev/null",
            APACHE_LOG,
        ),
    ),
    Kind.UNRESOLVED: Explanation(
        "The server is configured by a name, and HAProxy finds no address for it: it shows MAINT (resolution). Nobody"
        " has taken it out, and no order brings it back; it serves again when the name resolves.",
        ("the firewall's DNS does not answer", "the name was removed or misspelt", "the resolvers section is wrong"),
        ("firewall: drill NAME, or host NAME", "firewall: echo 'show resolvers' | nc -U /tmp/haproxy.socket", STAT),
    ),
    Kind.AGENT: Explanation(
        "HAProxy asks an agent on the node beside its health check. What the agent answers (down, drain, maint) holds"
        " until it answers otherwise, against whatever is asked here. HAProxy shows DRAIN (agent) for a drain by hand"
        " too, where there is an agent.",
        (
            "the agent sees something wrong on its node",
            "somebody told the agent to take its node out",
            "a drain by hand",
        ),
        ("node: nc 127.0.0.1 AGENT-PORT, which prints its answer", STAT),
    ),
    Kind.SPARE: Explanation(
        "The node serves, and is disabled in one of its pools, in config.xml and at run time of every firewall alike: a"
        " spare there. It is not taken for a node that is partly out.",
        (
            "it is kept for the day on which another one fails",
            "somebody took it out of one pool in the web interface, and has forgotten it",
        ),
        (STAT, CONFIGURED),
    ),
    Kind.WEIGHTLESS: Explanation(
        "The node is UP with weight 0: it keeps old sessions and gets no new one. HAProxy still shows it as UP.",
        ("somebody set the weight to 0 to empty it", "a slow start, or an agent check, has not raised it again"),
        (STAT, CONFIGURED),
    ),
    Kind.NO_POOL: Explanation(
        "No pool has a server with the node's address: it can get no traffic.",
        (
            "the address in the inventory is not the one the pool names, or the pool names a host name",
            "its servers are set to inactive: HAProxy does not list them then",
            "it was never added",
        ),
        (CONFIGURED, "the addresses of the nodes in the inventory"),
    ),
    Kind.UP_BUT_WEB_FAILS: Explanation(
        "The pools send visitors to a node whose Apache answers the check URL with an error. Take it out first: x takes"
        " it out of the pools at once, d lets its sessions end; mend it then.",
        (
            "MySQL there is stopped or not Synced, or the volume is away: the sentence, or other findings, say so",
            "the pool's check asks less than the check URL does: only the port, or another page",
            "the check has not failed often enough yet (fall x inter): wait some seconds",
        ),
        (
            "the key x on its row, or d",
            "console: drainboard remove CLUSTER NODE",
            DEBIAN_OR_CENTOS_MYSQL,
            STAT,
            CONFIGURED,
            APACHE_LOG,
        ),
    ),
    Kind.UP_BUT_NOT_SYNCED: Explanation(
        "The pools send visitors to a node whose MySQL answers no page: not Primary, not Synced or silent. A plain"
        " port check, or HAProxy's mysql-check, does not see it. The keys x and d take the node out.",
        (
            "the page that is checked does not read the database",
            "MySQL there is joining, or was cut off from the others",
        ),
        (WSREP, "node: curl -si http://127.0.0.1/CHECK-URL", CONFIGURED),
    ),
    Kind.UP_BUT_BRICK_AWAY: Explanation(
        "The node serves, but its own brick is away: it works on the other nodes' copies over the network. With one"
        " more brick away the volume loses its quorum.",
        ("glusterd or the brick's process on the node stopped", "the brick's disk failed"),
        ("node: gluster volume status", "node: systemctl status glusterd; tail -50 /var/log/glusterfs/bricks/*.log"),
    ),
    Kind.DOWN_BUT_SERVES: Explanation(
        "Asked by itself the node serves; every firewall says DOWN.",
        (
            "the firewalls don't reach it: cable, bond, VLAN, a firewall on the node",
            "the pool checks another page or host name than the inventory's check URL",
            "Apache listens on 127.0.0.1 only, or requires a Host header that the check does not send",
        ),
        (STAT, "firewall: curl -si http://NODE/CHECK-URL", "node: ss -ltnp; nft list ruleset; iptables -nL"),
    ),
}
