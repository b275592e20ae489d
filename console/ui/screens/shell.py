"""Beyond the picture of a machine: a shell on it by the system's ssh, and its logs."""

import shlex
import shutil
import time

from textual.app import SuspendNotSupported

from console.health import Kind, findings
from console.operations.plan import NotBegun
from console.ui.bell import morning
from console.ui.lines import moment
from console.ui.screens import prompts
from console.ui.screens.protocols import ActionScreen, app_of

SELECT = "Select a machine first: j and k, or a click"
UNPROVEN = (Kind.UNPROVEN, Kind.FIREWALL_UNPROVEN)


async def shell(screen: ActionScreen) -> None:
    """Lend the terminal to ssh. What is said of a machine that may be another one stands above its prompt."""
    session, machine = screen.pane.session, screen.machine
    if not machine:
        screen.say(SELECT)
        return
    try:
        argv = await session.ssh_argv(machine)
        doubts = [one.message for one in findings(session.picture) if one.kind in UNPROVEN and one.machine == machine]
        if shutil.which(argv[0]):
            screen.app.lend(argv, f"A shell on {machine}: Ctrl-D or exit leads back to the screen.", *doubts)
            return
        why = f"There is no program `ssh` on this machine: install OpenSSH's client. It would run: {shlex.join(argv)}"
    except (NotBegun, OSError, SuspendNotSupported) as error:
        why = str(error)
    await prompts.tell(app_of(screen), f"{session.cluster.name}: no shell on {machine}", why)


async def mute(screen: ActionScreen) -> None:
    """Keep bell and notify quiet until the morning, or end that."""
    now = time.time()
    quiet = screen.pane.session.state.muted > now
    until = 0.0 if quiet else morning(now)
    for pane in screen.panes:
        pane.session.mute(until)
    screen.say(
        "Bell and notify are on again" if quiet else f"Bell and notify are off until {moment(until, now)}; M ends that"
    )


async def logs(screen: ActionScreen) -> None:
    """Show the logs of the selected machine."""
    from console.ui.screens.logs import LogScreen

    pane, machine = screen.pane, screen.machine
    if machine:
        app_of(screen).push_screen(LogScreen(screen.panes, pane, machine, await pane.session.logs(machine)))
    else:
        screen.say(SELECT)
