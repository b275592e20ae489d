"""Steps that run a program of the inventory on the console's own computer, for one machine.

Nothing that is read tells of it, so its end is noted. Key of `Intent.found`: "program NAME MACHINE" -> "done", or the
sentence of its failure. A run that was killed before that note runs it again.
"""

from collections.abc import Callable

from console.inventory.cluster import Cluster
from console.operations.procedures.steps import HERE, Intent, Order, OrderState, Progress, Step
from console.probes.ask import Run
from console.probes.hosts.system import HOST
from console.probes.snapshot import Snapshot

DONE = "done"
SECONDS = 300.0
"""Time for the program."""


def program(name: str, phase: str, command: Callable[[Cluster], tuple[str, ...]], summary: str) -> Step:
    """A step that runs the program, and stops the run where it fails; a resume runs it again."""

    def key(intent: Intent) -> str:
        return f"program {name} {intent.target}"

    def done(_snapshot: Snapshot, intent: Intent) -> Progress:
        argv, noted = command(intent.cluster), intent.found.get(key(intent), "")
        if not argv or noted == DONE:
            return Progress(True, f"{argv[0]} for {intent.target} ended well" if argv else "there is no program")
        refused = intent.order_state is OrderState.REFUSED
        return Progress(False, noted if refused and noted else f"{argv[0]} for {intent.target} runs", failed=refused)

    def orders(_snapshot: Snapshot, intent: Intent) -> tuple[Order, ...]:
        argv = command(intent.cluster)
        again = argv and intent.found.get(key(intent)) != DONE
        return (Order(HERE, Run(argv, timeout=SECONDS), key(intent)),) if again else ()

    return Step(name=name, phase=phase, summary=summary, done=done, orders=orders, watches=(HOST,))


BEFORE = program("before", "before", lambda cluster: cluster.patch.before, "run the inventory's program before {node}")
AFTER = program("after", "in", lambda cluster: cluster.patch.after, "run the inventory's program after {node}")
