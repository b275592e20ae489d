"""A soak: the node is read to serve, for all of its time."""

from dataclasses import replace

import pytest

from console import steady
from console.operations.procedures import PATCH
from console.operations.procedures.patching import SOAK, SOAKED
from console.operations.procedures.steps import Intent, Progress
from console.probes.freshness import read_after
from console.probes.snapshot import Known, Snapshot, Unknown, empty
from tests.console.test_failover_guards import WELL, alter, down, put

SILENT = Unknown("no answer", 1.0, 1.0)
UNREAD = put(
    put(WELL, "firewalls", "fw1", pools=SILENT, config=SILENT), "firewalls", "fw2", pools=SILENT, config=SILENT
)


class Soak:
    """The step, as the run asks it again and again."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 1000.0
        self.lines = 0
        self._intent = Intent(WELL.cluster, "node1", PATCH, options={SOAK: 600.0})
        monkeypatch.setattr(steady, "now", lambda: self.now)

    def look(self, picture: Snapshot, after: float = 0.0) -> Progress:
        self.now += after
        news = {
            key: value
            for key, value in SOAKED.sees(picture, self._intent).items()
            if self._intent.found.get(key) != value
        }
        self.lines += bool(news)
        self._intent = replace(self._intent, found={**self._intent.found, **news})
        news = SOAKED.finds(picture, self._intent)
        self._intent = replace(self._intent, found={**news, **self._intent.found})
        return SOAKED.done(picture, self._intent)


def test_a_node_that_serves_all_the_time(monkeypatch: pytest.MonkeyPatch) -> None:
    soak = Soak(monkeypatch)
    assert soak.look(WELL).message == "10 min until the next"
    assert not soak.look(WELL, 590).done
    assert soak.look(WELL, 11).message == "node1 serves for 10 min"
    assert soak.lines <= 1


@pytest.mark.parametrize("unread", [UNREAD, empty(WELL.cluster)])
def test_the_time_does_not_run_while_nothing_tells_that_it_serves(
    monkeypatch: pytest.MonkeyPatch, unread: Snapshot
) -> None:
    soak = Soak(monkeypatch)
    soak.look(WELL)
    said = "nothing tells that node1 serves: its 10 min begin when it does"
    assert soak.look(unread, 300) == Progress(False, said)
    assert soak.look(unread, 301).message == said
    assert soak.lines == 2, "a line in the journal for each change, not for each look"
    assert soak.look(WELL, 1).message == "10 min until the next"
    assert soak.look(WELL, 601).done


def test_it_is_not_begun_unread(monkeypatch: pytest.MonkeyPatch) -> None:
    soak = Soak(monkeypatch)
    assert not soak.look(UNREAD).done
    assert not soak.look(UNREAD, 700).done
    assert soak.look(WELL).message == "10 min until the next"


def test_a_node_that_is_down_in_its_pools_does_not_serve(monkeypatch: pytest.MonkeyPatch) -> None:
    soak = Soak(monkeypatch)
    soak.look(WELL)
    assert not soak.look(down(down(WELL, "fw1", "node1"), "fw2", "node1"), 700).done


def test_an_answer_that_is_under_way_begins_nothing_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    soak = Soak(monkeypatch)
    soak.look(WELL)
    assert soak.look(read_after(WELL, 1e12), 300).message == "5 min until the next"
    assert soak.look(WELL, 301).done


def test_a_node_without_weight_as_it_was_found_holds_nobody_up(monkeypatch: pytest.MonkeyPatch) -> None:
    soak, idle = Soak(monkeypatch), WELL
    for name in ("fw1", "fw2"):
        pools = WELL.firewall(name).pools
        assert isinstance(pools, Known)
        servers = tuple(replace(one, weight=0) if one.name == "node1" else one for one in pools.value.servers)
        idle = alter(idle, "firewalls", name, "pools", servers=servers)
    soak.look(idle)
    assert soak.look(idle, 601).done
