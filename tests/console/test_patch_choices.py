"""The updates that a rolling patch takes: not what the inventory keeps back; by choice those for security alone."""

from dataclasses import replace
from pathlib import Path

import pytest

from console.cli import rights
from console.inventory.cluster import Cluster, Patch
from console.operations.guards import Override
from console.operations.plan import NotBegun, against
from console.operations.procedures import PATCH
from console.operations.procedures.packages import EXCLUDE, SECURITY, install, taken
from console.operations.procedures.patching import NO_PACKAGES, named, narrowed
from console.operations.procedures.steps import Intent, Options
from console.probes.ask import Run
from console.probes.hosts.updates import Package, Updates
from console.probes.snapshot import Known, empty
from tests.conftest import watching
from tests.console.test_patching import AUTO, patch, waiting
from tests.console.values import CLUSTER
from tests.parsers.test_shell_scripts import Box, box

__all__ = ["box"]
KEEPING = replace(CLUSTER, patch=Patch(exclude=("galera-4", "bash")))


def keeping(cluster: Cluster, *names: str, security: bool = False) -> Cluster:
    return replace(cluster, patch=Patch(exclude=names, security_only=security))


async def test_what_the_inventory_keeps_back_stays_and_is_no_failure(tmp_path: Path) -> None:
    async with waiting(tmp_path) as (sim, cluster), watching(keeping(cluster, "mariadb-server")) as session:
        record = await patch(session, {**AUTO, "nodes": ["node2"]})
        assert record.outcome == "done"
        assert [one.name for one in sim.world.nodes["node2"].hardware.packages.waiting] == ["mariadb-server"]
        assert record.steps["node2", "updated"].facts["says"] == "node2 is updated; 1 update left out as agreed"
        assert "mariadb" not in record.found["packages node2"]
        assert record.steps["node2", "pending"].facts["says"].endswith("; 1 other left as it is")


async def test_of_security_only_nothing_else_is_installed(tmp_path: Path) -> None:
    async with waiting(tmp_path) as (sim, cluster), watching(cluster) as session:
        record = await patch(session, {**AUTO, "nodes": ["node2"], SECURITY: True})
        assert record.outcome == "done"
        left = sim.world.nodes["node2"].hardware.packages.waiting
        assert len(left) == 41 - 7
        assert not [one for one in left if one.security]
        assert len(record.found["packages node2"].split()) == 7


async def test_a_name_that_the_inventory_does_not_keep_back_is_refused(tmp_path: Path) -> None:
    async with waiting(tmp_path) as (_, cluster), watching(keeping(cluster, "galera-4")) as session:
        with pytest.raises(NotBegun, match=r"the inventory does not keep back mysql\. Add that to exclude in its"):
            await patch(session, {**AUTO, EXCLUDE: ["galera-4", "mysql"]})


@pytest.mark.parametrize(
    ("options", "saw"),
    [
        ({"nodes": ["node2", "nod3"]}, "c has no node nod3; did you mean node3? Allowed: "),
        ({"nodes": ["nod3"]}, "c has no node nod3; did you mean node3? Allowed: "),
        ({"canary": "nod2"}, "c has no node nod2; did you mean node2? Allowed: "),
        ({"nodes": ["node1", "none"]}, "c has no node none; did you mean "),
        ({"nodes": ["node1"], "canary": "node2"}, "the canary node2 is none of the nodes of this patch"),
    ],
)
def test_a_slip_in_a_name_is_no_smaller_patch(options: Options, saw: str) -> None:
    told = against(empty(CLUSTER), Intent(CLUSTER, CLUSTER.name, PATCH, options=options))
    assert any(one.saw.startswith(saw) and one.override is Override.NEVER for one in told)


@pytest.mark.parametrize(
    "options", [{}, {"nodes": ["none"], "firewalls": True}, {"nodes": ["node2", "node1"], "canary": "node1"}]
)
def test_names_of_the_inventory_are_taken(options: Options) -> None:
    assert not tuple(named(CLUSTER, options))


def waits(*packages: Package, security: int | None = 0, manager: str = "apt-get") -> Updates:
    return Updates(len(packages), security, False, "", manager=manager, packages=packages)


def test_it_refuses_security_where_nobody_tells_which_they_are() -> None:
    untold = waits(Package("bash.x86_64", "", "5"), security=None, manager="dnf")
    blank = empty(CLUSTER)
    picture = replace(blank, nodes=tuple(replace(one, updates=Known(untold, 1.0)) for one in blank.nodes))
    (first, *_) = tuple(narrowed(picture, {SECURITY: True}))
    assert first.override is Override.NEVER
    assert first.saw == "dnf on node1 does not tell which updates are for security"
    assert not tuple(narrowed(picture, {}))
    assert not tuple(narrowed(picture, {SECURITY: True, NO_PACKAGES: True}))


def test_names_are_compared_without_their_architecture() -> None:
    bash, other = Package("bash.x86_64", "", "5", security=True), Package("libc6:i386", "1", "2", security=False)
    assert taken(KEEPING, waits(bash, other), {}) == (other,)
    assert taken(CLUSTER, waits(bash, other), {SECURITY: True}) == (bash,)
    assert taken(keeping(CLUSTER, security=True), waits(bash, other), {}) == (bash,)


def test_dnf_takes_both_as_options() -> None:
    assert install("dnf", CLUSTER, {}) == ("dnf", "--assumeyes", "upgrade")
    assert install("dnf", KEEPING, {SECURITY: True}) == (
        *("dnf", "--assumeyes", "upgrade", "--setopt=best=0"),
        *("--exclude=galera-4", "--exclude=bash", "--security"),
    )


APT = """\
if [ "$1" = -s ]; then
  [ -e "$0.fails" ] && exit 100
  echo "Inst libc6 [2.36-9] (2.36-10 Debian:12/stable, Debian-Security:12/stable-security [amd64]) []"
  echo "Inst vim:i386 [9.0] (9.1 Debian:12/stable [i386])"
  echo "Inst linux-image-6.1.0-26 (6.1.112-1 Debian:12/stable [amd64])"
  echo "Conf vim:i386 (9.1 Debian:12/stable [i386])"
  exit
fi
echo ran "$@" >>"$(dirname "$0")/log\""""


def test_apt_is_told_the_installed_version_of_what_stays(box: Box) -> None:
    box.program("apt-get", APT)
    box.program("dpkg", '[ "$2" = bash ] && echo "Status: install ok installed"')
    box.program("env", 'shift 2; exec "$@"')
    ran = box.run(Run(install("apt-get", KEEPING, {})))
    assert ran.status == 0
    assert box.log.read_text().endswith("--with-new-pkgs upgrade bash/now\n"), "galera-4 is not installed"
    box.run(Run(install("apt-get", keeping(CLUSTER, "bash"), {SECURITY: True})))
    assert box.log.read_text().endswith("--with-new-pkgs upgrade bash/now vim:i386/now\n")
    assert install("apt-get", CLUSTER, {})[-1] == "upgrade"


def test_without_a_simulation_nothing_is_installed(box: Box) -> None:
    box.program("apt-get", APT)
    box.program("apt-get.fails", "")
    box.program("env", 'shift 2; exec "$@"')
    assert box.run(Run(install("apt-get", CLUSTER, {SECURITY: True}))).status == 1
    assert box.log.read_text() == ""


def test_sudoers_holds_both_forms_of_each_command() -> None:
    words = [" ".join(run.argv) for run in rights.rights(KEEPING, "node1").patch]
    for manager in ("apt-get", "dnf"):
        installs = [one for one in words if "drainboard-packages" in one and f" {manager} " in one]
        assert len([one for one in installs if "-security" in one]) == 1
        assert len([one for one in installs if "-security" not in one]) == 1
        assert all("galera-4" in one for one in installs)
