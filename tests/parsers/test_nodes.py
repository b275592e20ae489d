"""Nodes in depth, over what real machines printed: space, RAID, bonds, updates, mounts, and Gluster's healing in time.

Debian's updates are a real simulation, shortened; CentOS's and Rocky's, mdstat and bonding are in the documented form.
"""

import re
from dataclasses import replace
from ipaddress import ip_address
from pathlib import Path

import pytest

from console.inventory.cluster import Cluster, Login, Node, Raid
from console.probes.ask import Busy, Page, Ran, Unreadable
from console.probes.hosts import devices, system, updates
from console.probes.hosts.clocks import looked
from console.probes.hosts.devices import Devices, RaidState
from console.probes.storage import gluster, gluster_options, mounts
from console.probes.storage.gluster import Volume
from console.probes.storage.gluster_command import BUSY
from console.probes.storage.mounts import HUNG, MISSING
from console.probes.web import apache

RECORDINGS = Path(__file__).parents[1] / "recordings"


def text(name: str) -> str:
    return (RECORDINGS / name).read_text()


def ran(name: str, status: int = 0, at: float = 0.0) -> Ran:
    return Ran(status, text(name), "", at)


DATE = ran("system/date.lab.txt", at=100.0)


def test_host_of_the_lab() -> None:
    seen = system.parse_host((ran("system/host.lab.txt"), DATE), None)
    assert (seen.cores, seen.load, seen.memory_total, seen.swap_used) == (2, 5.98, 24684096 << 10, 0)
    assert 0 < seen.memory_available < seen.memory_total
    assert seen.clock == pytest.approx(1795381103, abs=3600)


def test_memory_moves_in_steps_so_that_an_idle_machine_stays_equal() -> None:
    first = system.parse_host((ran("system/host.lab.txt"), DATE), None)
    busy = text("system/host.lab.txt").replace("MemAvailable:   2", "MemAvailable:   1")
    assert system.parse_host((Ran(0, busy, ""), DATE), None).memory_available < first.memory_available
    assert first.memory_available % (first.memory_total // 100) == 0


@pytest.mark.parametrize("cut", range(0, 55, 3))
def test_half_an_answer_about_the_host_is_none(cut: int) -> None:
    lines = text("system/host.lab.txt").splitlines(keepends=True)
    with pytest.raises(Unreadable):
        system.parse_host((Ran(0, "".join(lines[:cut]), ""), DATE), None)


def services(text_: str) -> system.Services:
    return system.parse_services((Ran(0, text_, ""), Ran(0, "12\n13\n", "")), None)


def test_services_of_the_lab() -> None:
    seen = services(text("system/units.lab.txt"))
    assert seen == system.Services(("mariadb.service", "glusterd.service", "apache2.service"), (), 2)


def test_a_failed_unit_has_a_mark_in_old_systemd_and_does_not_run() -> None:
    seen = services("* mariadb.service loaded failed failed MariaDB\nhttpd.service loaded reloading reload Apache\n")
    assert (seen.active, seen.settling) == (("httpd.service",), ("httpd.service",))


@pytest.mark.parametrize("cut", [4, 16, 24, 30])
def test_half_a_unit_is_no_answer_and_never_a_stopped_one(cut: int) -> None:
    printed = "glusterd.service loaded active running Gluster\n" + "mariadb.service loaded active running"[:cut]
    if cut == 4:
        with pytest.raises(Unreadable):
            services(printed)
        return
    seen = services(printed)
    assert (seen.active, seen.settling) == (("mariadb.service", "glusterd.service"), ("mariadb.service",))
    assert "mariadb.service" in seen.unread[0]


def look(
    mdstat: str = "none", bonding: str = "", raid: Ran | None = None, space: Ran | None = None, failed: str = ""
) -> Devices:
    files = text("system/files.lab.txt") + f"\n==> /proc/mdstat <==\n{text(f'system/md/{mdstat}.txt')}"
    if bonding:
        files += f"\n==> /proc/net/bonding/bond0 <==\n{text(f'system/bonding/{bonding}.txt')}"
    units = Ran(0, failed or text("system/failed-units.lab.txt"), "")
    answers = (space or ran("system/stat-f.lab.txt"), Ran(1, files, ""), units)
    return devices.parse((*answers, raid) if raid else answers, None)


def test_names_by_ipv6() -> None:
    """A brick may be at an IPv6 address of the node that is asked, which no peer file names."""
    scopes = {"2001:DB8:0:0::11": "00", "fe80::1": "20", "::1": "10"}
    inet6 = "".join(f"{ip_address(one).exploded.replace(':', '')} 02 40 {of} 80 eth0\n" for one, of in scopes.items())
    files = f"{text('system/files.lab.txt')}\n==> /proc/net/if_inet6 <==\n{inet6}"
    hosts = files.replace("==> /etc/hosts <==\n", "==> /etc/hosts <==\n2001:db8::11 web-six\n", 1)
    seen = devices.parse((ran("system/stat-f.lab.txt"), Ran(0, hosts, ""), ran("system/failed-units.lab.txt")), None)
    assert set(seen.names) == {"node1", "203.0.113.11", "2001:db8::11", "web-six"}


def test_space_units_and_names() -> None:
    seen = look()
    assert [(space.path, space.used) for space in seen.filesystems] == [("/", 27), ("/var/lib/mysql", 27)]
    assert seen.failed_units == ("backup.service",)
    assert set(seen.names) == {"node1", "203.0.113.11"}
    assert (seen.arrays, seen.bonds, seen.raid) == ((), (), None)


def test_a_path_that_is_not_there_takes_the_others_nothing() -> None:
    line = text("system/stat-f.lab.txt").splitlines()[0]
    missing = Ran(1, line + "\n", "stat: cannot read file system information for '/nowhere': No such file or directory")
    seen = look(space=missing)
    assert ([space.path for space in seen.filesystems], seen.unread) == (["/"], ())
    seen = look(space=Ran(1, "", missing.err))
    assert (seen.filesystems, len(seen.unread)) == ((), 1)


def test_of_teams_the_links_are_read() -> None:
    states = {"team0/lower_eno1": "up", "team0/lower_eno2": "down", "br0/lower_veth1": "down"}
    ports = "".join(f"\n==> /sys/class/net/{port}/operstate <==\n{state}\n" for port, state in states.items())
    found = text("system/files.lab.txt") + "\n==> /run/teamd/team0.pid <==\n812\n" + ports
    answers = (ran("system/stat-f.lab.txt"), Ran(1, found, ""), ran("system/failed-units.lab.txt"))
    seen = devices.parse(answers, None)
    assert (seen.teams, seen.idle_ports) == (("team0",), ("eno2 of team0",))
    assert look().teams == ()
    dump = Ran(0, (RECORDINGS.parent / "cases/versions/team-lacp-two-aggregators.txt").read_text(), "")
    seen = devices.parse((*answers, dump, Ran(1, "Degraded\n", "")), None, ("team0",))
    assert (seen.teams, seen.idle_ports, [bond.name for bond in seen.bonds]) == ((), (), ["team0"])
    assert seen.raid == devices.RaidState(False, ("Degraded",))
    seen = devices.parse((*answers, Ran(127, "", "sh: teamdctl: not found\n")), None, ("team0",))
    assert len(seen.unread) == 1 and seen.filesystems


def test_old_systemd_marks_failed_units() -> None:
    seen = look(failed="● kdump.service loaded failed failed Crash\n* a.mount loaded\n× b.socket loaded\n")
    assert (seen.failed_units, seen.unread) == (("kdump.service", "a.mount", "b.socket"), ())


@pytest.mark.parametrize(
    ("recording", "expected"),
    [
        ("none", []),
        ("raid10", [("md0", "raid10", 4, 4, "clean", "")]),
        ("degraded", [("md1", "raid1", 2, 1, "degraded", ""), ("md0", "raid10", 4, 3, "degraded", "")]),
        (
            "recovering",
            [
                ("md1", "raid1", 2, 1, "degraded", "resync delayed"),
                ("md0", "raid10", 4, 3, "degraded", "recovery 12.6 %, 27.5 min left"),
            ],
        ),
        (
            "resync",
            [
                ("md0", "raid10", 4, 4, "clean", "resync 0.9 %, 69.4 min left"),
                ("md127", "", 1, 0, "inactive", ""),
                ("md2", "raid1", 2, 2, "clean", "resync pending"),
                ("md3", "raid0", 2, 2, "clean", ""),
            ],
        ),
    ],
)
def test_mdstat(recording: str, expected: list[tuple[str, str, int, int, str, str]]) -> None:
    arrays = look(recording).arrays
    found = [(one.name, one.level, one.devices, one.working, one.state, one.recovery) for one in arrays]
    assert found == expected


def test_bonds() -> None:
    (backup,) = look(bonding="active-backup").bonds
    assert (backup.name, backup.up, backup.active) == ("bond0", True, "eth0")
    assert [(slave.name, slave.up, slave.failures) for slave in backup.slaves] == [
        ("eth0", True, 0),
        ("eth1", False, 3),
    ]
    (lacp,) = look(bonding="802.3ad").bonds
    assert (lacp.active, [slave.up for slave in lacp.slaves]) == ("", [False, True])


def judged(answer: Ran) -> RaidState | None:
    cluster = Cluster("c", (), (Node("n", "10.0.0.1", Login("n")),), raid=Raid(("raidtool",)))
    return devices.judged(cluster, look(raid=answer)).raid


def test_hardware_raid() -> None:
    assert judged(Ran(0, "Volume 0: Optimal\n", "")) == RaidState(True, ())
    assert judged(Ran(0, "Volume 0: Optimal\nDisk 3: FAILED\n", "")) == RaidState(False, ("Disk 3: FAILED",))
    assert judged(Ran(2, "no controller\n", "")) == RaidState(False, ("no controller",))
    assert judged(Ran(127, "", "timeout: failed to run command 'raidtool': No such file\n")) == RaidState(
        None, ("timeout: failed to run command 'raidtool': No such file",)
    )
    assert judged(Ran(1, "", "sudo: a password is required\n")) == RaidState(None, ("sudo: a password is required",))
    assert judged(Ran(124, "", "")) == RaidState(None, ("the command did not end in time",))


@pytest.mark.parametrize(
    ("recording", "pending", "security", "reboot"),
    [("debian-12", 9, 5, True), ("centos-7", 4, None, True), ("rocky-9", 3, 2, False)],
)
def test_updates(recording: str, pending: int, security: int | None, reboot: bool | None) -> None:
    seen = updates.parse((ran(f"system/updates.{recording}.txt"),), None)
    assert (seen.pending, seen.security, seen.reboot_required) == (pending, security, reboot)


def test_packages_are_named_with_their_versions() -> None:
    seen = updates.parse((ran("system/updates.debian-12.txt"),), None)
    assert len(seen.packages) == 9
    assert seen.packages[0] == updates.Package("libgcrypt20-dev", "1.10.1-3", "1.10.1-3+deb12u1", security=True)
    assert sum(bool(one.security) for one in seen.packages) == seen.security
    seen = updates.parse((ran("system/updates.rocky-9.txt"),), None)
    assert seen.packages[1] == updates.Package("openssh-server.x86_64", "", "8.7p1-38.el9_4.1", security=True)
    assert sum(bool(one.security) for one in seen.packages) == seen.security
    assert len(seen.packages) == 3


def test_a_package_without_a_version_takes_nothing_from_the_next_line() -> None:
    whole = text("system/updates.rocky-9.txt")
    short = whole.replace(
        "glibc.x86_64                      2.34-100.el9_4.2                  baseos", "glibc.x86_64", 1
    )
    seen = updates.parse((Ran(0, short, ""),), None)
    assert [(one.name, one.then) for one in seen.packages] == [
        ("glibc.x86_64", ""),
        ("openssh-server.x86_64", "8.7p1-38.el9_4.1"),
        ("tzdata.noarch", "2024a-1.el9"),
    ]
    assert seen.pending == 3
    broken = whole.replace("glibc.x86_64                      2.34-100", "glibc.x86_64\n      2.34-100", 1)
    assert updates.parse((Ran(0, broken, ""),), None).packages[0].then == "2.34-100.el9_4.2"


HALF = "The following packages are only half configured, probably due to problems"
TWICE = "bash-5.1.8-9.el9.x86_64 is a duplicate with bash-5.1.8-6.el9.x86_64"


@pytest.mark.parametrize(
    ("audit", "half_done"),
    [
        ("status 0\n", ""),
        (f"{HALF}\nconfiguring them the first time.\n sed\nstatus 1\n", f"“{HALF}”"),
        (f"{HALF}\nstatus 0\n", f"“{HALF}”"),
        (f"{TWICE}\nError: Check discovered 1 problem(s)\nstatus 1\n", f"“{TWICE}”"),
        ("bash-5.1 has missing requires of glibc\nstatus 1\n", "“bash-5.1 has missing requires of glibc”"),
        ('Unknown argument "check" for command "dnf".\nstatus 2\n', None),
        ("dpkg: command not found\nstatus 127\n", None),
        ("", None),
    ],
)
def test_half_installed_packages_are_told_by_the_manager_itself(audit: str, half_done: str | None) -> None:
    whole = text("system/updates.debian-12.txt").replace("== end", f"== audit\n{audit}== end")
    seen = updates.parse((Ran(0, "managers apt-get dnf\n" + whole, ""),), None)
    assert (seen.half_done, seen.manager, seen.others) == (half_done, "apt-get", ("dnf",))
    assert seen.pending == 9


def test_no_package_lists_is_not_no_updates() -> None:
    with pytest.raises(Unreadable, match="apt-get update"):
        updates.parse((ran("system/updates.no-lists.txt"),), None)


def test_a_container_can_not_tell_whether_it_needs_a_reboot() -> None:
    text_ = text("system/updates.debian-12.txt").replace("installed 6.1.0-25-amd64\ninstalled 6.1.0-26-amd64\n", "")
    assert updates.parse((Ran(0, text_, ""),), None).reboot_required is None
    flagged = text_.replace("known\n", "flagged\nknown\n")
    assert updates.parse((Ran(0, flagged, ""),), None).reboot_required is True


def test_a_sum_that_does_not_go_with_the_list_is_not_believed() -> None:
    whole = text("system/updates.debian-12.txt")
    for old, new, pending in (("9 upgraded", "8 upgraded", 8), ("Inst sed ", "Xnst sed ", 9)):
        seen = updates.parse((Ran(0, whole.replace(old, new), ""),), None)
        assert (seen.pending, seen.security, len(seen.unread)) == (pending, None, 1)
    with pytest.raises(Unreadable):
        updates.parse((Ran(0, whole.replace("status 0", "status 100"), ""),), None)


def test_a_comment_in_fstab_is_no_mount_that_is_missing() -> None:
    printed = "0 node1:/www /srv/www\nlisted #node1:/www /var/www rw\nlisted # node1:/www rw\nend\n"
    seen = mounts.parse((Ran(0, printed, ""),), None)
    assert ([mount.path for mount in seen.mounts], seen.unread) == (["/srv/www"], ())


def test_mounts() -> None:
    (answers,) = mounts.parse((ran("system/mounts.answers.txt"),), None).mounts
    assert (answers.volume, answers.path, answers.answers, answers.why) == ("www", "/var/www/html", True, "")
    (stopped,) = mounts.parse((ran("system/mounts.stopped.txt"),), None).mounts
    assert (stopped.answers, stopped.why) == (False, HUNG)
    (stuck,) = mounts.parse((Ran(0, "stuck node1:www/sub /srv/a\\040b\nend\n", ""),), None).mounts
    assert (stuck.volume, stuck.path, stuck.answers) == ("www", "/srv/a b", False)
    listed = (
        "0 localhost:/www /a\nlisted localhost:/www /a defaults\nlisted n:/img /b rw\nlisted n:/c /c noauto,ro\nend\n"
    )
    seen = mounts.parse((Ran(0, listed, ""),), None)
    assert [(mount.path, mount.why) for mount in seen.mounts] == [("/a", ""), ("/b", MISSING)]
    assert [mount.path for mount in seen.of("img")] == ["/b"]
    with pytest.raises(Unreadable):
        mounts.parse((Ran(0, "0 localhost:/www /a\n", ""),), None)


def page(name: str, at: float) -> Page:
    return Page(200, (), text(f"apache/server-status-auto.{name}.txt"), 0.01, at)


def test_apache_rates_are_over_the_consoles_clock() -> None:
    first = apache.parse((page("busy-1", 50.0),), None)
    second = apache.parse((page("busy-2", 52.0),), first)
    assert (first.requests_per_second, first.bytes_per_second, first.extended) == (None, None, True)
    assert second.requests_per_second == (4437 - 4245) / 2
    assert second.bytes_per_second == (1293 - 1243) * 1024 / 2
    assert dict(second.scoreboard) == {"_": 49, "W": 1}
    assert apache.parse((page("busy-1", 54.0),), second).requests_per_second is None
    assert apache.parse((page("busy-2", 52.0),), second).requests_per_second is None


def test_without_extended_status_there_are_workers_and_no_rates() -> None:
    first = apache.parse((page("extended-off", 1.0),), None)
    second = apache.parse((page("extended-off", 3.0),), first)
    assert (second.extended, second.busy, second.slots, second.uptime) == (False, 1, 50, 1)
    assert (second.requests_per_second, second.bytes_per_second) == (None, None)
    bare = Page(200, (), "BusyWorkers: 1\nIdleWorkers: 2\nScoreboard: W__.\n", 0.1, 1.0)
    assert apache.parse((bare,), None).uptime is None
    with pytest.raises(Unreadable):
        apache.parse((replace(bare, body="BusyWorkers: 1\nIdleWorkers: 2\nScoreboard: W\n"),), None)


STORE = "gluster/6-brick-killed/composed-glusterd-store.txt"
NAMES = ("volume-status.xml", "heal-statistics-healcount.txt")


def volume(state: str, at: float = 0.0, before: Volume | None = None) -> Volume:
    return gluster.parse((ran(STORE), *(ran(f"gluster/{state}/{name}", at=at) for name in NAMES)), before)


def counted(pending: int, at: float, before: Volume | None) -> Volume:
    status, counts = (ran(f"gluster/7-healing-under-load/{name}", at=at) for name in NAMES)
    out = counts.out.replace("entries: 260", f"entries: {pending}")
    return gluster.parse((ran(STORE), status, replace(counts, out=out)), before)


@pytest.mark.parametrize(
    ("state", "away", "settled"),
    [
        ("3-healing", (), True),
        ("3-healing", ("node2", "node3"), False),
        ("2-node3-down", (), True),
        ("2-node3-down", ("node2",), False),
    ],
)
def test_heal_info_of_an_asker_that_reaches_a_minority_is_asked_of_another(
    state: str, away: tuple[str, ...], settled: bool
) -> None:
    printed = text(f"gluster/{state}/heal-info-summary.xml")
    for host in away:
        printed = re.sub(
            rf"(?s)({host}:/\S+?</name>\s*<status>)Connected", r"\1Transport endpoint is not connected", printed
        )
    assert gluster.SPLIT_BRAIN.settled
    assert gluster.SPLIT_BRAIN.settled(gluster.parse_summary((Ran(0, printed, ""),), None)) is settled


def test_a_brick_that_was_killed() -> None:
    seen = volume("6-brick-killed")
    assert [(brick.online, brick.heal_daemon, brick.connected, brick.pending) for brick in seen.bricks] == [
        (True, True, True, 60),
        (True, True, True, 60),
        (False, True, True, None),
    ]
    assert (seen.pending, seen.heal_rate, seen.heal_eta, seen.stuck) == (None, None, None, None)
    assert seen.bricks[1].names == ("node2",)


def test_a_self_heal_daemon_that_was_killed_takes_every_count_with_it() -> None:
    names = ("glusterd-store.txt", "volume-status.xml", "heal-statistics-healcount.stderr.txt")
    store, status, why = (ran(f"gluster/9-heal-daemon-killed/{name}") for name in names)
    seen = gluster.parse((store, status, Ran(1, "", why.out)), None)
    assert [(brick.online, brick.heal_daemon, brick.connected, brick.pending) for brick in seen.bricks] == [
        (True, True, True, None),
        (False, False, False, None),  # node2 had just had power again, and is left out
        (True, False, True, None),
    ]
    assert [brick.host for brick in seen.bricks] == ["node1", "node2", "node3"]


def test_a_brick_that_hangs_is_not_online_though_status_says_so() -> None:
    status, _ = (ran(f"gluster/7-healing-under-load/{name}") for name in NAMES)
    counts = ran("gluster/6-brick-killed/heal-statistics-healcount.txt")
    seen = gluster.parse((ran(STORE), status, counts), None)
    assert [(brick.online, brick.pending) for brick in seen.bricks] == [(True, 60), (True, 60), (False, None)]


def test_a_count_proves_neither_glusterd_nor_the_daemon_beside_the_brick() -> None:
    """Red Hat's glusterd leaves its bricks when it stops: the other daemons go on counting them."""
    status, counts = (ran(f"gluster/7-healing-under-load/{name}") for name in NAMES)
    uuid = next(line.rpartition("=")[2] for line in text(STORE).splitlines() if "node3:-data-www:uuid" in line)
    seen = gluster.parse((ran(STORE), replace(status, out=status.out.replace(uuid, "away")), counts), None)
    assert [(brick.connected, brick.heal_daemon, brick.well) for brick in seen.bricks][2] == (False, False, False)


def test_counts_of_other_bricks_than_the_volume_has_are_not_believed() -> None:
    status, counts = (ran(f"gluster/7-healing-under-load/{name}") for name in NAMES)
    without = counts.out.replace("Brick node3:/data/www\nNumber of entries: 0", "")
    for wrong in (counts.out.replace("node3", "node2"), counts.out.replace("node", "web"), ""):
        with pytest.raises(Unreadable):
            gluster.parse((ran(STORE), status, replace(counts, out=wrong)), None)
    for wrong, odd in ((without, 0), (counts.out.replace("node3", "node4"), 1)):
        seen = gluster.parse((ran(STORE), status, replace(counts, out=wrong)), None)
        assert ([brick.pending is None for brick in seen.bricks], len(seen.unread)) == ([False, False, True], odd)
        assert (seen.pending, seen.clean_looks) == (None, 0)
    assert gluster.parse((Ran(0, text(STORE) + "and more\n", ""), status, counts), None).unread
    for wrong in ("", text(STORE).replace("count=3", "count=4")):
        with pytest.raises(Unreadable):
            gluster.parse((Ran(0, wrong, ""), status, counts), None)
    dashes = replace(counts, out=counts.out.replace("entries: 0", "entries: -"))
    assert gluster.parse((ran(STORE), status, dashes), None).pending is None


def test_heal_progress_has_a_rate_an_end_and_a_baseline() -> None:
    first = counted(260, 100.0, None)
    assert (first.heal_rate, first.heal_eta, first.stuck) == (None, None, 0.0)
    second = counted(220, 105.0, first)
    assert second.heal_rate is None  # too short to tell
    third = counted(160, 110.0, second)
    assert (third.heal_rate, third.heal_eta, third.stuck) == (10.0, 16.0, 0.0)
    done = counted(0, 115.0, third)
    assert (done.heal_rate, done.heal_eta, done.stuck, done.pending) == (None, None, None, 0)


def test_a_trend_is_what_the_last_looks_show_since_something_is_counted() -> None:
    def over(*counts: int) -> float | None:
        seen = None
        for step, count in enumerate(counts):
            seen = counted(count, 100.0 + 5.0 * step, seen)
        return seen.heal_rate if seen else None

    assert over(0, 0, 0, 2, 2) is over(0, 0, 0, 600, 540) is None, "the first count is no growth"
    assert over(0, 0, 0, 2, 2, 2, 2) == 0.0
    assert over(0, 0, 600, 540, 480) == 12.0
    assert over(2, 2, 600, 540, 480) is None, "it came at once, and shrinks since"
    assert over(300, 300, 300, 600, 600, 540, 480, 420, 360, 300, 240) == 12.0
    assert over(20, 30, 40) == -2.0
    assert over(900, 100, 100, 100, 100, 100, 100, 100, 100) == 0.0, "long ago"


def test_a_heal_that_is_stuck_says_for_how_long_though_entries_come_and_go() -> None:
    seen = counted(60, 0.0, None)
    for step in range(1, 61):
        seen = counted(60 + step % 3, 5.0 * step, seen)
    assert (seen.stuck, seen.heal_eta) == (300.0, None)
    assert len(seen.history) <= 13
    assert counted(40, 305.0, seen).stuck == 0.0


def test_a_new_backlog_begins_anew() -> None:
    seen = counted(0, 0.0, None)
    for step in range(1, 20):
        seen = counted(0, 5.0 * step, seen)
    assert counted(50, 100.0, seen).stuck == 0.0
    assert volume("6-brick-killed", 105.0, seen).history == ()


def test_gluster_that_waits_for_a_vanished_peer_is_busy_not_broken() -> None:
    status = ran("gluster/8-peer-vanished/volume-status.xml")
    why = text("gluster/8-peer-vanished/heal-statistics-healcount.stderr.txt")
    fine = ran("gluster/7-healing-under-load/volume-status.xml")
    for answers in (
        (ran(STORE), status, Ran(1, "", why)),
        (ran(STORE), Ran(124, "", ""), Ran(1, "", why)),
        (ran(STORE), fine, Ran(1, "", why)),
        (ran(STORE), fine, Ran(124, "", "")),
        (ran(STORE), fine, Ran(1, "", "Locking failed on node3. Please check log file for details.\n")),
    ):
        with pytest.raises(Busy) as busy:
            gluster.parse(answers, None)
        assert str(busy.value) == BUSY
    reached = gluster.parse_summary((ran("gluster/8-peer-vanished/heal-info-summary.xml"),), None)
    assert [brick.connected for brick in reached.bricks] == [True, True, False]
    assert reached.entries is None


def test_heal_info_counts_each_brick() -> None:
    seen = gluster.parse_summary((ran("gluster/7-healing-under-load/heal-info-summary.xml"),), None)
    assert [(brick.host, brick.pending, brick.split_brain) for brick in seen.bricks] == [
        ("node1", 232, 0),
        ("node2", 212, 0),
        ("node3", 0, 0),
    ]


def test_volume_options_and_space() -> None:
    answers = (ran("gluster/1-healthy/volume-get-all.xml"), ran("gluster/6-brick-killed/volume-status-detail.xml"))
    seen = gluster_options.parse_options(answers, None)
    assert (seen.ping_timeout, seen.quorum_type, seen.quorum_count, seen.server_quorum) == (5.0, "auto", "", "off")
    assert [(brick.host, brick.used) for brick in seen.bricks] == [("node1", 12), ("node2", 12), ("node3", 12)]
    old = answers[0].out.replace(" (DEFAULT)", "")
    assert gluster_options.parse_options((Ran(0, old, ""), answers[1]), None).quorum_count == ""
    with pytest.raises(Busy):
        gluster_options.parse_options((answers[0], ran("gluster/8-peer-vanished/volume-status-detail.xml")), None)


def test_a_clock_is_read_by_the_look_that_was_under_way_for_the_shortest_time() -> None:
    """Answers that arrive late make it look behind; a clock that is really set back is seen after eight looks."""
    looks: tuple[float, ...] = ()
    for late in (0.01, 3.0, 0.5):
        looks = looked(1_800_000_000.0, 100.0 + late, looks)
    assert max(looks) == 1_800_000_000.0 - 100.01
    for _ in range(8):
        looks = looked(1_800_000_000.0 - 60, 100.0, looks)
    assert max(looks) == 1_800_000_000.0 - 60 - 100.0


@pytest.mark.parametrize(
    "warning", ["sudo: unable to resolve host node1: Temporary failure in name resolution\n", "sudo-rs: x\n"]
)
def test_what_sudo_says_beside_a_raid_that_is_well_is_no_refusal(warning: str) -> None:
    state = look(raid=Ran(0, "DG/VD TYPE  State\n0/0   RAID1 Optl\n", warning)).raid
    assert state is not None and state.ok is True
    ill = look(raid=Ran(1, "0/0 RAID1 Dgrd\n", warning)).raid
    assert ill is not None and ill.ok is False
    refused = look(raid=Ran(1, "", warning)).raid
    assert refused is not None and refused.ok is None
