"""The layer storage."""

from console.causes.explanation import Explanation
from console.health import Kind

STATUS = "node: gluster volume status VOLUME; gluster peer status"
HEAL = "node: gluster volume heal VOLUME info summary (locks files: not in a loop)"

EXPLANATIONS: dict[Kind, Explanation] = {
    Kind.VOLUME_UNLISTED: Explanation(
        "Gluster runs on the node, or names a volume, and the inventory does not have it: nobody asks whether it is"
        " healed. A reboot takes a brick away, so it wants name and reason.",
        ("`volumes` was left out of the inventory", "a volume was made since"),
        ("node: gluster volume list; gluster volume info",),
    ),
    Kind.VOLUMES_UNKNOWN: Explanation(
        "Whether Gluster has volumes that the inventory does not name is not known.",
        ("sudo does not allow `gluster --mode=script volume list`", "glusterd is busy or hangs"),
        ("console: drainboard sudoers", "node: gluster volume list"),
    ),
    Kind.VOLUME_UNKNOWN: Explanation(
        "No node tells about the volume: whether bricks are away or behind is not known.",
        (
            "glusterd waits for a machine that has vanished: as long as it is away, its commands hang or find a lock",
            "glusterd does not run on the nodes that were asked",
            "the login may not run gluster as root, or the volume's name in the inventory is wrong",
        ),
        (STATUS, "node: systemctl status glusterd; tail -50 /var/log/glusterfs/glusterd.log"),
    ),
    Kind.BRICK_AWAY: Explanation(
        "A brick is not reached. The volume works on the others and notes what the one that is away misses. 0 entries"
        " to heal while it is away does not mean healed.",
        (
            "its node is lost or rebooting",
            "the brick's process died: its disk is full or failed",
            "glusterd there was stopped (on Debian that ends the bricks too)",
        ),
        (
            STATUS,
            "node: tail -50 /var/log/glusterfs/bricks/*.log; df -h; dmesg | tail",
            "node: gluster volume start VOLUME force",
        ),
    ),
    Kind.BRICK_QUORUM: Explanation(
        "So many bricks are away that the client quorum is lost: writes fail, reads too, Apache answers 403. The site"
        " is down where it needs the volume.",
        ("two nodes are lost, or the network between them", "a brick was stopped while another one was away"),
        (STATUS, "bring one of the bricks that are away back first: power, then systemctl start glusterd"),
    ),
    Kind.HEAL_DAEMON_AWAY: Explanation(
        "A brick is online without its self-heal daemon: what it misses, or others miss, is not healed from there.",
        ("it crashed", "cluster.self-heal-daemon is off"),
        (STATUS, "node: tail -50 /var/log/glusterfs/glustershd.log", "node: gluster volume start VOLUME force"),
    ),
    Kind.HEAL: Explanation(
        "Files changed while a brick was away and are being copied to it. Until none is left, no other node may go.",
        ("a node was away: it heals by itself", "files are written all the time: some are always on the list"),
        ("node: gluster volume heal VOLUME statistics heal-count (cheap)", HEAL),
    ),
    Kind.HEAL_STUCK: Explanation(
        "Entries wait to be healed and have not become fewer for minutes. It can stay like that for ever.",
        (
            "files that are open and written all the time (logs, sessions, caches)",
            "a split-brain: only heal info summary shows it",
            "a self-heal daemon hangs or is away",
        ),
        (HEAL, "node: tail -50 /var/log/glusterfs/glustershd.log", "node: gluster volume heal VOLUME"),
    ),
    Kind.HEAL_UNKNOWN: Explanation(
        "Every brick is online, but not every one counted what is to be healed. Unknown is not 0.",
        ("just after a start the bricks connect one after the other: wait some seconds", "glusterd is busy"),
        ("node: gluster volume heal VOLUME statistics heal-count",),
    ),
    Kind.SPLIT_BRAIN: Explanation(
        "Copies of a file blame each other, and nothing says which is right: reading it fails with an I/O error until"
        " a person chooses.",
        ("bricks went away one after another while files were written", "client quorum was off"),
        (
            "node: gluster volume heal VOLUME info split-brain",
            "node: gluster volume heal VOLUME split-brain latest-mtime FILE (or bigger-file, source-brick HOST:BRICK)",
        ),
    ),
    Kind.SPLIT_BRAIN_UNKNOWN: Explanation(
        "Whether there are files in split-brain could not be asked on every brick.",
        ("heal info takes long while a node is away or much is to be healed",),
        (HEAL,),
    ),
    Kind.MOUNT_MISSING: Explanation(
        "The volume is not mounted on this node: Apache finds an empty folder there, usually HTTP 403 or 404.",
        (
            "at boot too few bricks were up: systemd does not try such a mount again",
            "it was unmounted by hand, or by a restart of glusterd (a mount unit with Requires=glusterd)",
        ),
        ("node: findmnt -t fuse.glusterfs; grep gluster /etc/fstab", "node: mount MOUNTPOINT; systemctl --failed"),
    ),
    Kind.MOUNT_HUNG: Explanation(
        "The mount does not answer. Every process that touches it hangs, Apache's workers one after the other.",
        (
            "a machine vanished: clients wait for network.ping-timeout (42 s by default), then go on",
            "the client's glusterfs process died or hangs",
            "no quorum, or the network to the bricks",
        ),
        (
            STATUS,
            "node: tail -50 /var/log/glusterfs/MOUNTPOINT.log",
            "node: umount -l MOUNTPOINT && mount MOUNTPOINT (df and ls on it hang: don't)",
        ),
    ),
    Kind.MOUNTS_UNKNOWN: Explanation(
        "Whether the volume is mounted and answers on this node is not known.",
        ("the look itself took too long", "the login may not read the mount point"),
        ("node: grep glusterfs /proc/mounts", "node: timeout -s KILL 5 stat -f MOUNTPOINT"),
    ),
    Kind.BRICK_FULL: Explanation(
        "The file system of a brick is nearly full, of bytes or of inodes. A full brick fails writes, and what the"
        " others hold more is never healed.",
        ("the site grew", "logs or backups on the same file system", "old files in .glusterfs/landfill"),
        ("node: df -h BRICK; df -i BRICK", "node: du -xh --max-depth=2 BRICK | sort -h | tail"),
    ),
    Kind.QUORUM_OFF: Explanation(
        "Without client quorum a brick that is cut off goes on taking writes: when the others are back, these files"
        " are in split-brain.",
        ("it was switched off to get through an outage", "an old volume, from before it was the default"),
        (
            "node: gluster volume get VOLUME cluster.quorum-type",
            "node: gluster volume set VOLUME cluster.quorum-type auto",
        ),
    ),
    Kind.OPTIONS_UNKNOWN: Explanation(
        "The volume's quorum, its ping-timeout and the space left on the bricks are not known.",
        ("glusterd is busy, or waits for a machine that has vanished",),
        ("node: gluster volume get VOLUME all; gluster volume status VOLUME detail",),
    ),
}
