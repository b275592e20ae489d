"""`drainboard ready`: what is to be cleared before a rolling patch, and the script that asks the nodes."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from console.cli.plain import Exit
from console.cli.ready import ready
from console.operations.ready import certificates, hazards
from console.probes.ask import Ran, Run, Unreadable
from console.probes.database.member import Member
from console.probes.hosts.preparing import PREPARED, Prepared, parse
from console.probes.snapshot import Known, empty
from console.sim.tables import Table
from tests.conftest import simulated
from tests.console.values import CLUSTER
from tests.parsers.test_shell_scripts import Box, box

__all__ = ["box"]
SYSTEMCTL = """\
case "$*" in
  *is-active*dnf-automatic.timer | *is-active*mariadb.service | *is-active*apache2.service) exit 0 ;;
  *is-enabled*apache2.service) exit 0 ;;
  "is-active apt-daily.service") echo activating ;;
  "is-active packagekit.service") echo inactive ;;
esac
exit 3"""


async def test_each_hazard_is_told_with_its_remedy(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    async with simulated(tmp_path / "sim", speed=5.0) as (sim, cluster):
        packages = sim.world.nodes["node2"].hardware.packages
        packages.held, packages.by_itself, packages.half_done = ["galera-4"], True, True
        assert await ready((cluster,)) is Exit.NOT_BEGUN
        said = capsys.readouterr().out
        for saw, clears in (
            ("galera-4 is held on node2", "apt-mark unhold"),
            ("apt-daily-upgrade.timer on node2 may touch packages", "systemctl stop apt-daily-upgrade.timer"),
            ("packages on node2 are half installed", "Mend that there first"),
        ):
            line = next(at for at, one in enumerate(said.splitlines()) if saw in one)
            assert clears in said.splitlines()[line + 1]
        assert "timer on node3" not in said


async def test_with_nothing_to_clear_it_is_ready(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    async with simulated(tmp_path / "sim", speed=5.0) as (sim, cluster):
        sim.world.galera.tables = [Table("shop", "orders")]
        assert await ready((cluster,)) is Exit.DONE
        assert capsys.readouterr().out == f"{cluster.name}: ready to be patched\n"


def test_a_certificate_that_ends_soon_is_told() -> None:
    day = 86_400.0
    ends = {"https://a/": 13 * day, "https://b/": 15 * day, "https://c/": -day}
    told = list(certificates(ends, 0.0))
    assert [one.saw.partition(", at ")[0] for one in told] == [
        "the certificate of https://a/ ends in 13 days",
        "the certificate of https://c/ ends in 0 s",
    ]


@pytest.mark.parametrize(("argv", "says"), [
    (("sh", "-c", "echo newest is 3 days old; exit 1"), "sh ended with status 1: “newest is 3 days old”"),
    (("/no/such/program",), "/no/such/program can't be run: no such file or directory"),
    (("true",), ""),
])  # fmt: skip
async def test_a_backup_that_is_too_old_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], argv: tuple[str, ...], says: str
) -> None:
    async with simulated(tmp_path / "sim", speed=5.0) as (sim, cluster):
        sim.world.galera.tables = [Table("shop", "orders")]
        cluster = replace(cluster, patch=replace(cluster.patch, backup=argv))
        assert await ready((cluster,)) is (Exit.NOT_BEGUN if says else Exit.DONE)
        assert (f"no backup is known to be new enough: {says}" in capsys.readouterr().out) is bool(says)


def test_settings_of_replication_are_compared() -> None:
    blank = empty(CLUSTER)
    one = Member("MariaDB", "10.11.6", 128 << 20, True, "rsync", False, "node1", (("wsrep_sync_wait", "0"),))
    other = replace(one, settings=(("wsrep_sync_wait", "1"),))
    nodes = tuple(
        replace(view, member=Known(member, 1.0)) for view, member in zip(blank.nodes, (one, one, other), strict=True)
    )
    told = [each for each in hazards(replace(blank, nodes=nodes), {}) if each.machine == "mysql"]
    assert "wsrep_sync_wait differs: “0” on node1 and node2; “1” on node3" in [each.saw for each in told]
    assert not [each for each in told if "gcache" in each.saw]


async def test_the_same_for_programs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    async with simulated(tmp_path / "sim", speed=5.0) as (sim, cluster):
        sim.world.nodes["node1"].hardware.packages.held = ["bash"]
        assert await ready((cluster,), as_json=True) is Exit.NOT_BEGUN
        told = json.loads(capsys.readouterr().out)["clusters"][cluster.name]
        assert not told["ready"]
        assert {"machine", "saw", "clears"} == set(told["hazards"][0])
        assert [one["machine"] for one in told["hazards"] if "is held" in one["saw"]] == ["node1"]


def test_the_script_in_a_shell(box: Box, tmp_path: Path) -> None:
    mounts, fstab, locks = tmp_path / "mounts", tmp_path / "fstab", tmp_path / "versionlock.list"
    mounts.write_text(
        "l:/www /var/www fuse.glusterfs rw 0 0\nl:/x /x fuse.glusterfs rw 0 0\nl:/y /y fuse.glusterfs r\n"
    )
    fstab.write_text(
        "# l:/x /x glusterfs defaults 0 0\nl:/www /var/www/ glusterfs defaults 0 0\nl:/y /y g noauto 0 0\n"
    )
    of_yum, of_dnf5 = tmp_path / "yum.list", tmp_path / "versionlock.toml"
    of_yum.write_text("#\n0:httpd-2.4.6-97.el7.*\n")
    of_dnf5.write_text(
        'version = "1.0"\n# name = "no"\n[[packages]]\nname = "bash" # comment = "x"\n[[packages.conditions]]\n'
        'key = "evr"\ncomparator = "="\nvalue = "0:5.2"\n  [[packages]]\n  name="acpi"\n'
    )
    locks.write_text("# Added by hand\n\nkernel-0:5.14.0-1.el9.*\n")
    (tmp_path / "cmdline").write_text("dpkg\0--install\0")
    box.program("systemctl", SYSTEMCTL)
    box.program("systemd-escape", "echo a.mount")
    box.program("pgrep", "echo 41 dpkg")
    box.program("apt-mark", "echo galera-4")
    (asked,) = PREPARED.asks(CLUSTER, "node1")
    assert isinstance(asked, Run)
    script = asked.argv[2]
    mine = {"/proc/mounts": mounts, "/etc/fstab": fstab, "/etc/dnf/plugins/versionlock.list": locks}
    mine |= {"/etc/yum/pluginconf.d/versionlock.list": of_yum, "/etc/dnf/versionlock.toml": of_dnf5}
    for path, own in (mine | {"/proc/$pid": tmp_path}).items():
        assert path in script
        script = script.replace(path, str(own))
    found = parse((box.run(Run(("sh", "-c", script))),), None)
    assert found.timers == ("dnf-automatic.timer",)
    assert found.works == ("dpkg", "apt-daily.service")
    assert found.held == ("galera-4", "kernel-0:5.14.0-1.el9.*", "0:httpd-2.4.6-97.el7.*", "bash", "acpi")
    assert found.not_enabled == ("mariadb.service",)
    assert found.not_mounted == ("/x", "/y")


def test_half_an_answer_is_none() -> None:
    whole = "now 1000\nlists 400\nlists 100\n== prepared\n"
    assert parse((Ran(0, whole, ""),), None) == Prepared((), (), (), 600, (), ())
    assert parse((Ran(0, "now 1000\n== prepared\n", ""),), None).age is None
    for broken in ("now 1000\n", "", "== prepared\n", "now x\n== prepared\n"):
        with pytest.raises(Unreadable):
            parse((Ran(0, broken, ""),), None)
