"""The layer host."""

from console.causes.explanation import Explanation
from console.health import Kind

EXPLANATIONS: dict[Kind, Explanation] = {
    Kind.NOTHING_ANSWERS: Explanation(
        "No firewall and no node answers by SSH. So many machines seldom fail at once: look at the way to them first."
        " Nothing is known of the cluster meanwhile; if its visitors are served, the sentence says so.",
        (
            "this console's own link: network, VPN, jump host, or the name server",
            "the key is not loaded, or refused everywhere: the sentence ends with the first machine's reason",
            "the site has no power, or its switch or uplink is gone",
        ),
        (
            "console: ip route; ping GATEWAY",
            "console: ssh -v FIREWALL true",
            "console: curl -sv --connect-timeout 3 URL (from another network as well)",
        ),
    ),
    Kind.NOT_ASKED: Explanation(
        "The first answer is still under way. Until everything was asked once nothing is known to be well.",
        ("the console was just started",),
        ("wait some seconds; a machine that stays silent is then said to be lost, with the reason",),
    ),
    Kind.LOST: Explanation(
        "The node does not answer by SSH. What follows from it - pool DOWN, MySQL one member less, its brick away - is"
        " not listed beside it.",
        (
            "it has no power, crashed, or is rebooting",
            "it hangs: out of memory, disk failed; connections are accepted and nothing comes back",
            "only the console's way to it is broken: then the pools still show it UP",
            "sshd stopped, the key changed, or the login is refused: the sentence ends with the reason",
        ),
        (
            "console: ssh -v NODE true",
            "other node: ping NODE; nc -zv NODE 22 80 4567 24007",
            "its IPMI or virtual console; afterwards journalctl -b -1 -n 100",
        ),
    ),
    Kind.UNPROVEN: Explanation(
        "A machine answers at this name, and it is not proven to be this one: nothing it says counts, and no order"
        " leaves to it. A node is proven by the address that the pools name, which one of its interfaces must have, or"
        " by `machine_id` in the inventory. The proof is against mistakes, not against an attacker. The node can be"
        " drained and removed all the same: that is done on the firewalls.",
        (
            "its ssh line, alias or DNS name leads to another machine",
            "the inventory's address is not the node's own: it is translated, or wrong",
            "two names lead to one machine",
            "the interface that has the address is gone",
        ),
        ("console: ssh -G NODE | grep -i hostname", "node: ip -br address; cat /etc/machine-id"),
    ),
    Kind.IDENTITY_UNKNOWN: Explanation(
        "The machine answers, and who it is was read too long ago, or not at all. Orders are safe: each new connection"
        " proves first who answers, and nothing is sent over one that does not.",
        ("the connection was lost a moment ago", "the machine answers too slowly"),
        ("node: ip -o addr; cat /etc/machine-id", "firewall: ifconfig -a; sysctl -n kern.hostuuid"),
    ),
    Kind.CLONES: Explanation(
        "Machines have the same SSH host key, or the same machine_id. They are told apart by address and boot, so all"
        " works; but a host key that is known proves less, and DHCP and logs may take one for the other.",
        ("one was made as a copy of the other's disk",),
        (
            "node: rm /etc/machine-id; systemd-machine-id-setup (takes effect at the next boot)",
            "node: rm /etc/ssh/ssh_host_*; ssh-keygen -A; systemctl restart sshd",
        ),
    ),
    Kind.CONSOLE_HERE: Explanation(
        "This console runs on one of the machines of the cluster. It can't reboot that one, for it would end with it.",
        ("drainboard was started on a node",),
        ("start it on a machine that is in no cluster",),
    ),
    Kind.SERVICES_UNKNOWN: Explanation(
        "Which of MySQL, Gluster and Apache run on the node is not known: nothing is stopped there before it is.",
        ("systemctl hangs: a job waits, or D-Bus is ill", "the node is overloaded"),
        ("node: systemctl list-jobs; systemctl is-system-running",),
    ),
    Kind.DEVICES_UNKNOWN: Explanation(
        "Space, bonds, RAID and failed units of the node are not known.",
        ("the node is overloaded, or a disk hangs", "the RAID command needs rights or takes too long"),
        ("node: df -h; cat /proc/mdstat; systemctl --failed", "node: dmesg | tail -50"),
    ),
    Kind.DISK_FULL: Explanation(
        "A file system is nearly full. MySQL stops, or hangs, when its data directory is full; a full / stops nearly"
        " everything else, SSH logins too.",
        ("logs, cores, old kernels, package caches", "binary logs or a gcache page store", "the data grew"),
        (
            "node: df -h; du -xh --max-depth=2 / | sort -h | tail -20",
            "node: journalctl --vacuum-size=500M; apt-get clean (Debian); yum clean all (CentOS)",
            "node: mysql -e 'SHOW BINARY LOGS'",
        ),
    ),
    Kind.DATADIR_MISSING: Explanation(
        "MySQL's data directory, as the inventory names it, can't be looked at: a disk that fills up is not seen.",
        (
            "`datadir` in the inventory names another folder than MySQL uses",
            "its disk is not mounted",
            "its parent folder is closed to the login",
        ),
        ("node: mysql -e 'SELECT @@datadir'", "node: ls -ld DATADIR; findmnt -T DATADIR"),
    ),
    Kind.INODES_FULL: Explanation(
        "There is room, and no more files can be made.",
        ("PHP sessions or a cache that nobody cleans", "mail or spool folders"),
        ("node: df -i; du -x --inodes --max-depth=3 / | sort -n | tail -20",),
    ),
    Kind.MEMORY: Explanation(
        "Hardly any memory is left. When there is none the kernel ends a large process: usually MySQL.",
        (
            "MaxRequestWorkers times a worker's size is more than there is",
            "InnoDB's buffer pool is too large",
            "a leak",
        ),
        ("node: ps -eo rss,args --sort=-rss | head -15; free -m", "node: journalctl -k | grep -i 'out of memory'"),
    ),
    Kind.LOAD: Explanation(
        "Over the last minute more than two processes for each core wanted to run, or waited for a disk.",
        ("many visitors", "a disk or a mount that is slow: processes in state D", "a backup, a heal or an SST"),
        ("node: top -b -n1 | head -20; vmstat 2 5; ps -eo stat,args | grep '^D'",),
    ),
    Kind.BOND: Explanation(
        "A network card of a bond has no link, or the whole bond is down. With one left it works, without a spare.",
        ("a cable or a switch port", "a switch is being updated", "the driver or the card failed"),
        ("node: cat /proc/net/bonding/BOND; ethtool CARD; dmesg | grep -i CARD | tail",),
    ),
    Kind.ARRAY: Explanation(
        "Linux's software RAID runs with fewer disks than it should: one more that fails may cost the node's data.",
        ("a disk failed or was pulled", "after a new disk the array rebuilds: the sentence says how far"),
        ("node: cat /proc/mdstat; mdadm --detail /dev/MD", "node: smartctl -a /dev/DISK; dmesg | grep -i 'i/o error'"),
    ),
    Kind.RAID: Explanation(
        "The command configured for the hardware RAID prints a line that says something is wrong, or could not be run.",
        ("a disk failed or rebuilds", "the controller's battery is empty", "the command is missing, or needs sudo"),
        ("node: the command of `raid` in the inventory, as root",),
    ),
    Kind.FAILED_UNITS: Explanation(
        "systemd has given up on a unit. Of the site's own services and of mounts that is DEGRADED, of others a note.",
        (
            "it failed once, long ago, and nobody reset it",
            "its configuration is wrong",
            "what it needs was not there at boot",
        ),
        (
            "node: systemctl --failed; systemctl status UNIT; journalctl -u UNIT -n 50",
            "node: systemctl reset-failed UNIT",
        ),
    ),
    Kind.CLOCKS: Explanation(
        "The machine's clock is seconds or more from the others'. Logs don't match, TLS and time-limited logins fail,"
        " files seem to come from the future.",
        ("no NTP runs there, or it reaches no server", "a virtual machine was suspended"),
        ("node: timedatectl; chronyc tracking; ntpq -p", "firewall: ntpq -p; date"),
    ),
    Kind.UPDATES: Explanation(
        "Updates wait to be installed, as the package manager last knew. In brackets those for security.",
        ("nobody has installed them yet",),
        ("node: apt list --upgradable (Debian); dnf check-update, yum check-update (CentOS)",),
    ),
    Kind.REBOOT_REQUIRED: Explanation(
        "A newer kernel, or library, is installed than runs.",
        ("updates were installed since the last boot",),
        (
            "node: cat /var/run/reboot-required.pkgs (Debian); needs-restarting -r (CentOS)",
            "console: drainboard reboot CLUSTER NODE",
        ),
    ),
    Kind.UPDATES_UNKNOWN: Explanation(
        "What updates wait is not known.",
        ("the package lists were never fetched there", "the package manager takes too long, or its database is broken"),
        ("node: apt-get -s dist-upgrade (Debian); yum -C check-update (CentOS)",),
    ),
}
