"""What can be played by name: one tuple, read by `drainboard demo --scenario`, the tests and the documentation."""

from dataclasses import dataclass

from console.sim.link import AT_ONCE, Pace


@dataclass(frozen=True)
class Strike:
    """A fault of `console.sim.faults` that happens to a machine, `at` simulated seconds after the start."""

    at: float
    fault: str
    target: str


@dataclass(frozen=True)
class Scenario:
    """One cluster's fate. `others`: scenarios of further clusters beside it."""

    name: str
    says: str
    strikes: tuple[Strike, ...] = ()
    balancer: str = "haproxy"
    pace: Pace = AT_ONCE
    others: tuple[str, ...] = ()


HEALTHY = Scenario("healthy", "nothing is wrong")
SCENARIOS: tuple[Scenario, ...] = (
    HEALTHY,
    Scenario("node-lost", "node2 loses power", (Strike(3, "node-lost", "node2"),)),
    Scenario("node-hung", "node2 accepts connections and answers nothing", (Strike(3, "node-hung", "node2"),)),
    Scenario("sst", "node3 comes back and needs a full copy (SST) from another node", (Strike(2, "sst", "node3"),)),
    Scenario(
        "slow-link",
        "every machine is behind a line of 300 ms and 50 kB/s",
        pace=Pace(delay=0.15, rate=50_000),
    ),
    Scenario("four-clusters", "four clusters, each in a state of its own", others=("node-lost", "sst", "healthy")),
)


def scenario(name: str) -> Scenario:
    """Raises ValueError with a sentence if there is none of that name."""
    found = next((one for one in SCENARIOS if one.name == name), None)
    if found is None:
        raise ValueError(f"no scenario is called {name}: there are {', '.join(one.name for one in SCENARIOS)}")
    return found
