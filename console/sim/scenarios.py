"""Scenarios that can be played by name: one tuple, read by `drainboard demo --scenario`, the tests and the
documentation."""

from dataclasses import dataclass

from console.sim.link import AT_ONCE, Pace


@dataclass(frozen=True)
class Injection:
    """A fault of `console.sim.faults` that happens to a target, `at` simulated seconds after the start."""

    at: float
    fault: str
    target: str = "cluster"


@dataclass(frozen=True)
class Scenario:
    """One cluster's fate. `others`: scenarios of further clusters beside it."""

    name: str
    summary: str
    strikes: tuple[Injection, ...] = ()
    balancer: str = "haproxy"
    pace: Pace = AT_ONCE
    others: tuple[str, ...] = ()


SLOW = Pace(delay=0.15, rate=50_000)
HEALTHY = Scenario("healthy", "nothing is wrong")
SCENARIOS: tuple[Scenario, ...] = (
    HEALTHY,
    Scenario("node-lost", "node2 loses power", (Injection(3, "node-lost", "node2"),)),
    Scenario("node-hung", "node2 accepts connections and answers nothing", (Injection(3, "node-hung", "node2"),)),
    Scenario("sst", "node3 has lost its data and gets a full copy (SST)", (Injection(1, "sst", "node3"),)),
    Scenario(
        "non-primary", "the nodes no longer reach each other: MySQL has no quorum", (Injection(3, "non-primary"),)
    ),
    Scenario("database-crash", "every mysqld crashes at once", (Injection(3, "database-crash"),)),
    Scenario("heal-backlog", "node3's brick has 600 entries to heal", (Injection(1, "heal-backlog", "node3"),)),
    Scenario("split-brain", "two files of the volume are in split-brain", (Injection(1, "split-brain"),)),
    Scenario("carp-split-brain", "the firewalls don't hear each other", (Injection(2, "carp-split-brain"),)),
    Scenario("carp-failover", "fw1 loses power, fw2 takes over", (Injection(3, "firewall-lost", "fw1"),)),
    Scenario("sync-broken", "fw1's configuration no longer reaches fw2", (Injection(1, "sync-broken", "fw1"),)),
    Scenario("writers-disagree", "node3 sends MySQL elsewhere", (Injection(2, "writers-disagree", "node3"),)),
    Scenario(
        "flow-control",
        "node2's database holds the others back, and two nodes write the same rows",
        (Injection(2, "flow-control", "node2"), Injection(2, "conflicts")),
    ),
    Scenario("wrong-machine", "node2's ssh line leads to node1", (Injection(2, "wrong-machine", "node2"),)),
    Scenario(
        "updates",
        "updates wait for every node: P patches them",
        tuple(Injection(0, "packages-wait", node) for node in ("node1", "node2", "node3")),
    ),
    Scenario("relayd", "firewalls of pfSense 2.4.5 that balance with relayd", balancer="relayd"),
    Scenario(
        "hostile",
        "node2 and fw2 print what would take over a terminal",
        (Injection(1, "hostile-node", "node2"), Injection(1, "hostile-firewall", "fw2")),
    ),
    Scenario("slow-link", "every machine is behind a line of 300 ms and 50 kB/s", pace=SLOW),
    Scenario("four-clusters", "four clusters, each in a state of its own", others=("node-lost", "sst", "relayd")),
)


def scenario(name: str) -> Scenario:
    """Raises ValueError with a sentence if there is none of that name."""
    found = next((one for one in SCENARIOS if one.name == name), None)
    if found is None:
        raise ValueError(f"no scenario is called {name}: there are {', '.join(one.name for one in SCENARIOS)}")
    return found
