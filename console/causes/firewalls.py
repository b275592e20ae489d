"""The layer firewall."""

from console.causes.explanation import Explanation
from console.health import Kind

EXPLANATIONS: dict[Kind, Explanation] = {
    Kind.FIREWALL_LOST: Explanation(
        "The firewall does not answer by SSH. It may be down, or only out of the console's reach; the sentence says who"
        " is CARP MASTER now. Until it answers, no change to the pools can be complete: it may revert it later.",
        (
            "it has no power, hangs, or is rebooting after an upgrade",
            "the console's way to it is broken: network, VPN, jump host",
            "sshd was switched off in System > Advanced, or a rule on its LAN blocks the console",
        ),
        (
            "console: ssh -v FIREWALL true",
            "console: ping FIREWALL",
            "its IPMI or virtual console",
            "other firewall: clog /var/log/system.log | tail -50 (<= 2.4.5); tail -50 /var/log/system.log (>= 2.5)",
        ),
    ),
    Kind.FIREWALL_UNPROVEN: Explanation(
        "A machine answers at this name, and it is not proven to be this firewall: nothing it says counts, and no order"
        " leaves to it. A firewall is proven by the inventory's address, which one of its interfaces must have, or by"
        " `machine_id`. CARP addresses move, so they prove nothing.",
        (
            "its ssh line, alias or DNS name leads to another machine, perhaps to the other firewall",
            "the inventory's address is a CARP address, is translated, or is wrong",
            "two names lead to one machine",
        ),
        ("console: ssh -G FIREWALL | grep -i hostname", "firewall: ifconfig -a | grep inet; sysctl kern.hostuuid"),
    ),
    Kind.CONFIG_UNKNOWN: Explanation(
        "The firewall answers, but /cf/conf/config.xml could not be read: what it does after a reload, a boot or a"
        " failover is not known, so nothing that must last can be changed.",
        (
            "the login may not read the file",
            "the file is being written, or is larger than is read",
            "a server or virtual address in it has a value that pfSense would not write",
            "the disk fails",
        ),
        ("firewall: ls -l /cf/conf/config.xml", "firewall: xmllint --noout /cf/conf/config.xml"),
    ),
    Kind.BOX_UNKNOWN: Explanation(
        "Version, clock, notices of failed syncs and changes that nobody has applied are not known of the firewall.",
        ("the login lacks rights (pfctl, /tmp/notices)", "the firewall answers too slowly"),
        ("firewall: cat /etc/version; ls -l /tmp/notices /var/run/*.dirty; pfctl -si",),
    ),
    Kind.CLAIM_UNKNOWN: Explanation(
        "Another console may be at work on this firewall, and this one can't see it. An action is still safe: it takes"
        " the lock on the firewall first.",
        (
            "the login does not see root's processes (security.bsd.see_other_uids is 0)",
            "/var/run/drainboard.claim can't be read by the login",
        ),
        ("firewall: cat /var/run/drainboard.claim; pgrep -lf drainboard.lock",),
    ),
    Kind.TWO_MASTERS: Explanation(
        "Both firewalls hold the same virtual address (split brain). Switches send visitors now to one, now to the"
        " other; connections break and ARP flaps.",
        (
            "CARP's multicast does not pass between the two: a switch port, a VLAN, IGMP snooping, a hypervisor that"
            " drops forged MAC addresses or promiscuous mode",
            "a firewall rule blocks CARP",
            "the password, or the vhid, of the VIP differs between the two",
        ),
        (
            "both firewalls: ifconfig -a | grep -B5 carp:",
            "both firewalls: tcpdump -ni INTERFACE proto 112 (each should see the master's packets only)",
            "both firewalls: Status > CARP; to end it at once set one of the two into persistent CARP maintenance mode",
        ),
    ),
    Kind.NO_MASTER: Explanation(
        "Every firewall answers, and none is MASTER for this virtual address: nobody answers there.",
        (
            "CARP is disabled on both, or the interface of the VIP is down on both (INIT)",
            "the VIP was deleted or moved to another interface",
            "a failover is under way: it lasts about three seconds",
        ),
        (
            "both firewalls: sysctl net.inet.carp.allow net.inet.carp.demotion",
            "both firewalls: ifconfig -a | grep -B5 carp:",
        ),
    ),
    Kind.SPLIT_ROLES: Explanation(
        "One firewall is MASTER on one side, the other on another side. Requests come in through one, answers leave"
        " through the other, which knows no state of them and drops them.",
        (
            "one interface of the former master lost its link, and preemption is off (net.inet.carp.preempt=0)",
            "advskew differs from VIP to VIP, so that each firewall leads for some of them",
            "CARP is heard on one network only",
        ),
        (
            "both firewalls: sysctl net.inet.carp; ifconfig -a | grep -B5 carp:",
            "both firewalls: ifconfig | grep -E '^[a-z]|status:'",
        ),
    ),
    Kind.CARP_INIT: Explanation(
        "An interface with a CARP address is not up. It can't be MASTER there, and its demotion makes it give up the"
        " other addresses too, if preemption is on.",
        ("a cable, or the switch's port", "the switch is being updated", "the interface was switched off"),
        ("firewall: ifconfig -a | grep -E '^[a-z]|status:|carp:'", "switch: the port's state and errors"),
    ),
    Kind.CARP_DISABLED: Explanation(
        "Someone pressed 'Temporarily Disable CARP' (Status > CARP), or set net.inet.carp.allow to 0: this firewall"
        " holds no virtual address, and takes over none. A reboot ends it.",
        ("forgotten after maintenance", "a firewall that is going down for a reboot"),
        ("firewall: sysctl net.inet.carp.allow", "firewall: Status > CARP > Enable CARP"),
    ),
    Kind.DEMOTION: Explanation(
        "The kernel, or pfSense, has raised this firewall's demotion counter, so that the other one leads. Writing the"
        " sysctl adds to the counter; it does not set it.",
        (
            "an interface with a CARP address is down, or CARP packets can't be sent from it",
            "pfsync is still copying the state table, just after boot",
            "it was raised by hand, by a package, or by a script",
        ),
        (
            "firewall: sysctl net.inet.carp.demotion; ifconfig | grep -E '^[a-z]|status:'",
            "firewall: ifconfig pfsync0",
            "firewall: Status > CARP > Reset CARP Demotion Status, once the cause is gone",
        ),
    ),
    Kind.MAINTENANCE: Explanation(
        "Somebody has put this firewall into persistent CARP maintenance mode: advskew is 254 everywhere, it stays"
        " BACKUP, and a reboot does not end that. The other firewall has nobody to take over for it.",
        ("maintenance is going on", "it was forgotten after an upgrade"),
        ("firewall: Status > CARP > Leave Persistent CARP Maintenance Mode, once its HAProxy sees its nodes",),
    ),
    Kind.VIPS_UNLISTED: Explanation(
        "The inventory names no VIP. CARP roles are then compared for no address, and nobody visits the site as a"
        " visitor does.",
        ("[vips] was left out of the inventory",),
        ("console: drainboard check",),
    ),
    Kind.PFSYNC_OFF: Explanation(
        "The states of connections are not copied to the other firewall. A failover ends those that pass through"
        " the firewall; those that end at its load balancer are ended by a failover in any case.",
        (
            "state synchronisation is off in System > High Avail. Sync",
            "its interface has no address, or is down",
        ),
        ("both firewalls: ifconfig pfsync0 (syncdev, syncok)", "both firewalls: pfctl -sc; pfctl -si | grep current"),
    ),
    Kind.SYNC_DIFFERS: Explanation(
        "Both config.xml were read and are not alike in what should be synced. After a failover the other firewall"
        " does something else: other rules, or other members of a pool.",
        (
            "the last sync failed: the other firewall was away, its web interface moved to another port, a password"
            " changed; pfSense does not repeat it by itself",
            "somebody changed the secondary: the next sync from the primary reverts that",
            "the HAProxy package's own sync is off (Services > HAProxy > Settings, HAProxy Sync)",
        ),
        (
            "primary: Status > System Logs; System > High Avail. Sync; saving anything there starts a sync",
            "primary: Services > HAProxy > Settings > Apply starts the package's sync",
            "both: grep -A3 -E 'synchronizetoip|enablesync' /cf/conf/config.xml",
        ),
    ),
    Kind.SYNC_NOTICE: Explanation(
        "pfSense has left a notice that a configuration sync failed. Notices stay until somebody marks them as read,"
        " so it may be an old one: the sentence says whether the two are alike now.",
        ("the other firewall was down or rebooting", "wrong user, password or port in System > High Avail. Sync"),
        ("firewall: the bell in the web interface; mark it as read once it is mended",),
    ),
    Kind.UNAPPLIED: Explanation(
        "Changes were saved in the web interface and not applied. They take effect with whoever applies next, at a"
        " reload or at a boot.",
        ("somebody is at work there just now", "it was forgotten"),
        ("firewall: ls -l /var/run/*.dirty", "firewall: Diagnostics > Backup & Restore > Config History"),
    ),
    Kind.VERSIONS_DIFFER: Explanation(
        "The two firewalls have configurations of different versions. pfSense's own sync refuses between them, the"
        " HAProxy package's does not: change no pool until both have the same version.",
        ("an upgrade is half done", "one upgrade failed"),
        ("both firewalls: cat /etc/version; grep -m1 '<version>' /cf/conf/config.xml",),
    ),
}
