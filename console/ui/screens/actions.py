"""The work of each key: plan, ask, begin. The session decides; here its sentences are shown."""

from collections.abc import Mapping
from typing import Any

from console import steady
from console.health.facts.membership import Place, place
from console.operations.effects import Effect, On, kind_of
from console.operations.plan import Consent, NotBegun, Plan
from console.operations.procedures import OPERATIONS, UNDO, operation, undoing
from console.operations.procedures.steps import Operation, Option
from console.session.handle import SessionHandle
from console.session.journal import Record
from console.session.run_state import RunState, ways_on
from console.ui.pane import Pane
from console.ui.screens import chosen, commands, pages, prompts, shell
from console.ui.screens.protocols import ActionScreen, ScreenAction, app_of

SELECT = "Select a node first: j and k, or a click"
SELECT_FIREWALL = "Select a firewall first: j and k, or a click"


async def _settle(session: SessionHandle) -> None:
    """The first answers are waited for, as long as they may take."""
    timings = session.cluster.timings
    await session.settled(timings.answer + timings.connect)


def _begins(key: str) -> ScreenAction:
    async def act(screen: ActionScreen) -> None:
        pane = screen.pane
        cluster = pane.session.cluster.name
        of_cluster = next((one for one in OPERATIONS if (one.key, one.on) == (key, On.CLUSTER)), None)
        meant = [one for one in meant_for(pane.session, pane.machine) if one.key == key]
        if of_cluster:
            await begin(screen, pane, of_cluster, cluster)
        elif meant:
            target = pane.machine
            if one := await _one_of(screen, meant, target):
                await begin(screen, pane, one, target)
        else:
            screen.say(SELECT if any(one.key == key and one.on is On.NODE for one in OPERATIONS) else SELECT_FIREWALL)

    return act


async def _one_of(screen: ActionScreen, meant: list[Operation], target: str) -> Operation | None:
    """Ask which, where several share a key."""
    if len(meant) == 1:
        return meant[0]
    labels = {one.name: one.words(target) for one in meant}
    name = await chosen.one_of(screen, f"{screen.pane.session.cluster.name}: which?", labels)
    return next((one for one in meant if one.name == name), None)


def meant_for(session: SessionHandle, target: str) -> tuple[Operation, ...]:
    """The operations on a target that fit it now."""
    kind = kind_of(session.cluster, target)
    fitting = (one for one in OPERATIONS if one.on is kind and one.fits(session.picture, target)) if target else ()
    return tuple(fitting)


async def begin(
    screen: ActionScreen, pane: Pane, what: Operation, target: str, said: Consent | None = None, until: str = ""
) -> None:
    """Ask for consent, unless it was `said` before, then begin. Says why not. The screen may show another cluster by
    then. `until`: a time that was typed already."""
    app = app_of(screen)
    name = f"{pane.session.cluster.name}: {what.words(target)}"
    try:
        if pane.session.read_only or pane.session.running:
            await pane.session.begin(what, target)  # says why not
        decided = await prompts.decided(app, name, until) if what.lasts_until else {}
        if decided is None:
            return
        screen.say(f"{name}: looking first")
        await _settle(pane.session)
        screen.say("")
        options = dict[str, Any](decided)
        plan = await pane.session.plan(what, target, options)
        if said is None or plan.unanswered(said):
            said, options = await _asked(screen, pane, what, target, plan, options)
        if said is not None:
            reason = said.reason or str(options.get("why", ""))
            await pane.session.begin(what, target, said._replace(reason=reason), options)
    except NotBegun as why:
        screen.say("")
        await prompts.tell(app, f"{name}: not begun", str(why))


async def _asked(
    screen: ActionScreen, pane: Pane, what: Operation, target: str, plan: Plan, options: dict[str, Any]
) -> tuple[Consent | None, dict[str, Any]]:
    """Ask for consent, and again with each option that is turned round."""
    while isinstance(said := await prompts.consent(app_of(screen), plan), Option):
        options = options | {said.name: not options.get(said.name)}
        plan = await pane.session.plan(what, target, options)
    return said, options


async def undo(screen: ActionScreen) -> None:
    """Put back the state from before the last removal; a run that is under way is stopped first."""
    pane = screen.pane
    running = None if pane.session.read_only else pane.session.running
    if not running and pane.machine and not pane.selected:
        await _end_maintenance(screen, pane, pane.machine)
        return
    target = running.machine if running else _last_out(pane)
    if not target:
        screen.say(SELECT)
        return
    pane.picked = target
    if running and running.intent.operation is UNDO:
        screen.say(f"undo {target} is under way: it puts {target} back already")
    elif running and not running.intent.operation.undo:
        screen.say(f"{running.words} has nothing to put back: s stops it")
    elif running and running.intent.operation.undoes_itself:
        key = running.intent.operation.key
        screen.say(f"{running.words} is under way: s stops it, and {key} on another node takes it back")
    elif running:
        await _stop_and_put_back(screen, pane, running)
    else:
        await begin(screen, pane, UNDO, target)


async def _end_maintenance(screen: ActionScreen, pane: Pane, firewall: str) -> None:
    meant = (one for one in meant_for(pane.session, firewall) if one.does(Effect.GIVES_BACK))
    ends = [one for one in meant if not one.does(Effect.HOLDS_BACK)]
    if ends:
        await begin(screen, pane, ends[0], firewall)
    else:
        screen.say(f"{firewall} is not in maintenance: there is nothing to undo")


async def _stop_and_put_back(screen: ActionScreen, pane: Pane, running: RunState) -> None:
    """Ask for consent while the run goes on: a person who then leaves it has lost nothing."""
    session, node = pane.session, running.machine
    run, back = running.words, undoing(running.intent.operation)

    def ended() -> bool:
        return session.running is None or session.running.path != running.path

    said = await prompts.consent_to_stop(app_of(screen), lambda: session.plan(back, node), run, ended)
    if said is None:
        return
    if ended():
        screen.say(f"{run} has ended meanwhile: nothing is done; u puts {node} back if it is out")
        return
    if not await _halted(screen, f"{session.cluster.name}: {back.words(node)}", session):
        screen.say(f"{run} stops by itself; u puts {node} back then")
        return
    await session.look_back()
    await begin(screen, pane, back, node, said=said)


async def _halted(screen: ActionScreen, title: str, *sessions: SessionHandle) -> bool:
    """Stop runs, and wait in sight for their orders: False if a person does not wait. They stop all the same."""
    for session in sessions:
        session.halt()

    def message() -> str:
        left = {session.cluster.name: session.running for session in sessions}
        return " ".join(f"{name}: {run.on_its_way}." for name, run in left.items() if run and run.on_its_way)

    if not await prompts.waited(app_of(screen), title, message):
        return False
    for session in sessions:
        await session.stop()
    return True


def _last_out(pane: Pane) -> str:
    """The selected node if it is out, else the one that was taken out last, else the selected one."""
    here, out = pane.selected, pane.session.state.history.out
    if not out or (here and place(pane.session.picture, here) in (Place.OUT, Place.MIXED)):
        return here
    return max(out, key=lambda node: out[node].begun)


async def gate(screen: ActionScreen) -> None:
    """Ask at the gate where the run of a cluster waits."""
    pane = screen.pane
    plan = await pane.session.gate()
    if plan is None:
        return
    said = await prompts.consent(app_of(screen), plan, gate=pane.session.state.gate)
    if not isinstance(said, Consent):
        await pane.session.park()
    elif left := await pane.session.agree(said):
        screen.say(left)


async def show_open(screen: ActionScreen) -> None:
    """Every run that was left open, one after the other."""
    for pane in screen.panes:
        await pane.session.look_at_history()
        records = pane.session.open
        for at, record in enumerate(records):
            if not await _offer(screen, pane, record, len(records) - at - 1):
                return


async def _offer(screen: ActionScreen, pane: Pane, record: Record, more: int) -> bool:
    """False when a run was begun: no other can be, meanwhile."""
    key = await prompts.opened(app_of(screen), pane.session, record, more)
    if key:
        screen.turn_to(pane)
        known = operation(record.operation)
        back = undoing(known) if known else UNDO
        await (_resume(screen, pane, record) if key == "r" else begin(screen, pane, back, record.machine))
    return pane.session.running is None


async def resume(screen: ActionScreen) -> None:
    """An open run; which, where there are several."""
    pane, app = screen.pane, app_of(screen)
    await pane.session.look_at_history()
    records, running = pane.session.open, pane.session.running
    if running:
        what = running.words
        screen.say(f"{what} is under way; wait until it ends, or stop it with s")
    elif not records:
        screen.say("Nothing is open in the journal: there is nothing to resume")
    elif len(records) == 1:
        await _offer(screen, pane, records[0], 0)
    else:
        now = steady.now()
        entries = tuple(
            (str(at), prompts.sentence(record, now, pane.session.cluster))
            for at, record in enumerate(reversed(records[-9:]), 1)
        )
        chosen = await prompts.choose(app, f"{pane.session.cluster.name}: which run?", entries)
        if chosen is not None:
            await _offer(screen, pane, records[-1 - chosen], 0)


async def skip(screen: ActionScreen) -> None:
    """Give up the machine whose turn it is in a run on the cluster: it is put back, and the next one is begun."""
    pane, session = screen.pane, screen.pane.session
    await session.look_at_history()

    def one() -> RunState | Record | None:
        running = session.running
        if running:
            return running if running.intent.operation.on is On.CLUSTER else None
        known = ((record, operation(record.operation)) for record in reversed(session.open))
        return next((record for record, what in known if what and what.on is On.CLUSTER), None)

    run = one()
    if run is None:
        screen.say("No run takes one machine after the other here: there is nothing to skip")
        return
    title, machine = f"{session.cluster.name}: give {run.machine} up?", run.machine
    text = f"{run.words} stops, puts {machine} back without doing more to it, and goes on with the next machine."
    why = await prompts.reason(app_of(screen), title, text)
    if not why or (session.running and not await _halted(screen, title, session)):
        return
    await session.look_at_history()
    left = one()
    if isinstance(left, Record) and left.machine == machine:
        await _resume(screen, pane, left, skips=why)
    else:
        screen.say(f"{machine} is not at work any more: nothing is skipped")


async def _resume(screen: ActionScreen, pane: Pane, record: Record, skips: str = "") -> None:
    app, name = app_of(screen), f"{pane.session.cluster.name}: {record.words}"
    pane.picked = record.target
    try:
        screen.say(f"{name}: looking first")
        await _settle(pane.session)
        plan = await pane.session.plan_again(record)
        screen.say("")
        said = await prompts.consent(app, plan, resumed=True)
        if isinstance(said, Consent):
            await pane.session.resume(record, said, skips)
    except (NotBegun, KeyError, ValueError) as why:
        await pane.session.look_at_history()  # it may have ended elsewhere
        await prompts.tell(app, f"{name}: not resumed", str(why))
    finally:
        screen.say("")


def begins(what: Operation, target: str) -> ScreenAction:
    """An operation that the palette offers for a target without a row."""

    async def act(screen: ActionScreen) -> None:
        await begin(screen, screen.pane, what, target)

    return act


async def stop(screen: ActionScreen) -> None:
    """Leave the run where it stands."""
    session = screen.pane.session
    running = session.running
    if running is None:
        screen.say("No run is under way here")
        return
    cluster, name = session.cluster.name, running.words
    ways = ways_on(running.intent.operation)
    text = f"{name} stops where it stands. Nothing is taken back; it stays open in the journal: {ways}."
    if await prompts.confirmed(app_of(screen), f"{cluster}: stop {name}?", text, yes="stop it"):
        session.halt()


async def preview(screen: ActionScreen) -> None:
    """Show the steps of an operation, and the objections to it."""
    target, session = screen.pane.machine, screen.pane.session
    if not target:
        screen.say(SELECT)
        return
    keys: dict[str, list[Operation]] = {}
    whole = tuple(one for one in OPERATIONS if one.on is On.CLUSTER)
    for one in (*meant_for(session, target), *whole):
        keys.setdefault(one.key, []).append(one)
    named = dict.fromkeys(whole, session.cluster.name)
    entries = tuple(
        (key, many[0].words(named.get(many[0], target)) if len(many) == 1 else many[0].word)
        for key, many in keys.items()
    )
    at = await prompts.choose(app_of(screen), f"{session.cluster.name}: dry run of", entries)
    one = None if at is None else await _one_of(screen, keys[entries[at][0]], target)
    if one is not None:
        await _settle(session)
        await pages.dry_page(app_of(screen), await session.plan(one, named.get(one, target)))


async def log(screen: ActionScreen) -> None:
    """Findings, events, runs."""
    await pages.log_page(app_of(screen), screen.pane.session, steady.now())


async def ready(screen: ActionScreen) -> None:
    """Show if the cluster can be patched. It may take as long as the slowest question."""
    screen.say("asking what stands against a patch ...")
    await pages.ready_page(app_of(screen), screen.pane.session)


async def helps(screen: ActionScreen) -> None:
    """Keys and marks."""
    await pages.help_page(app_of(screen), screen.KIND)


async def faults(screen: ActionScreen) -> None:
    """Something goes wrong, in the demo."""
    if screen.faults is None:
        screen.say("Faults are for the demo: drainboard demo")
        return
    labels = {name: label for name, label, _ in screen.faults.entries}
    cluster = screen.pane.session.cluster.name
    at = await commands.pick(
        app_of(screen), "make something go wrong", tuple(f"{name}: {label}" for name, label in labels.items())
    )
    name = None if at is None else list(labels)[at]
    targets = {target: target for one, _, target in screen.faults.entries if one == name}
    only = next(iter(targets)) if len(targets) == 1 else None
    target = only or (await chosen.one_of(screen, labels[name], targets) if name else None)
    if name and target:
        screen.say(f"{labels[name]} ({target}): {await screen.faults.inject(name, target, cluster)}")


async def leave(screen: ActionScreen) -> None:
    """End the program; ask first when a run is under way."""
    names = [
        f"{pane.session.cluster.name}: {running.words}"
        for pane in screen.panes
        if (running := pane.session.running) is not None
    ]
    stays = "stays open in the journal: r resumes it" if screen.faults is None else "ends with the demo"
    text = f"{' and '.join(names)} is under way. It stops where it stands and {stays}."
    if names and not await prompts.confirmed(app_of(screen), "quit?", text, yes="quit"):
        return
    if await _halted(screen, "quit", *(pane.session for pane in screen.panes)):
        app_of(screen).exit(0)


KEYS: Mapping[str, ScreenAction] = {
    **{one.key: _begins(one.key) for one in OPERATIONS if one.key},
    UNDO.key: undo,
    "r": resume,
    "s": stop,
    "K": skip,
    "y": preview,
    "o": shell.shell,
    "L": shell.logs,
    "B": shell.mute,
    "l": log,
    "t": chosen.theme,
    "O": chosen.sort,
    "C": chosen.columns,
    "?": helps,
    "f": faults,
}
