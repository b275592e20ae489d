"""The palette's commands with a machine's name in them, as `drain node2`: they need no selected row."""

from functools import partial

from console.operations.procedures.steps import Operation
from console.ui import keys
from console.ui.screens.actions import begin, meant_for
from console.ui.screens.commands import Command
from console.ui.screens.protocols import ActionScreen

LOOKS = {"o": "shell", "L": "logs"}
"""Keys that look at a machine, each with its word in the palette."""


def named(screen: ActionScreen) -> tuple[Command, ...]:
    """Each machine of the shown cluster and all that can be done on it, by its name, whatever is selected."""
    if screen.KIND == keys.FLEET:
        return ()
    session = screen.pane.session

    def select(name: str) -> None:
        screen.pane.picked = name
        screen.say("")

    def press(name: str, key: str) -> None:
        select(name)
        screen.action_press(key)

    def run(what: Operation, name: str, until: str = "") -> None:
        screen.thaw()
        screen.do(lambda screen: begin(screen, screen.pane, what, name, until=until))

    def command(what: Operation, name: str) -> Command:
        until = partial(run, what, name) if what.lasts_until else None
        return Command(what.key, what.words(name), partial(run, what, name), until)

    every: list[Command] = []
    for name in (machine.name for machine in session.cluster.machines):
        every += [command(one, name) for one in meant_for(session, name)]
        if screen.KIND == keys.CLUSTER:
            every.append(Command("", f"{name}: select it", partial(select, name)))
            every += [Command(key, f"{word} {name}", partial(press, name, key)) for key, word in LOOKS.items()]
    return tuple(every)
