"""Shared by every full screen: it paints lines, moves, filters, copies, exports, and hands keys to `actions`."""

from collections.abc import Callable
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import ModalScreen, Screen
from textual.widgets import Input

from console import steady
from console.text import clock, span
from console.ui import clipboard, keys
from console.ui.export import export
from console.ui.lines import Line, Piece, line, wrapped
from console.ui.painted import Painted
from console.ui.pane import Pane
from console.ui.screens.protocols import Faults, ScreenAction, app_of

MAX_FAST = 4
"""Clusters that can all be asked as often as one."""


class Base(Screen[None]):
    """A subclass gives `KIND`, `desk`, `lines`, and what moving, opening and going back mean on it."""

    KIND: ClassVar[str] = ""
    BINDINGS: ClassVar[list[BindingType]] = [
        *(Binding(key.code or key.key, f"press('{key.key}')", show=False) for key in keys.KEYS if key.act),
        *(Binding(str(number), f"number({number})", show=False) for number in range(1, 10)),
        Binding("down,j", "select(1)", show=False),
        Binding("up,k", "select(-1)", show=False),
        Binding("pagedown", "page(1)", show=False),
        Binding("pageup", "page(-1)", show=False),
        Binding("home,g", "end(-1)", show=False),
        Binding("end,G", "end(1)", show=False),
        Binding("shift+tab", "turn(-1)", show=False),
        Binding("backspace", "press('esc')", show=False),
    ]

    def __init__(self, panes: tuple[Pane, ...], faults: Faults | None = None) -> None:
        super().__init__()
        self.panes = panes
        self.faults = faults
        self.notice = ""
        self.filter = ""
        self.busy = False
        """An act is under way."""
        self.board = Painted(self._whole, id="board")

    @property
    def pane(self) -> Pane:
        """The cluster that is meant."""
        raise NotImplementedError

    @property
    def machine(self) -> str:
        """The selected machine; "" where something else is selected."""
        return self.pane.machine

    def lines(self, width: int, height: int) -> list[Line]:
        """The screen without its foot."""
        raise NotImplementedError

    def copied(self) -> str:
        """The text that `c` copies: by default everything shown."""
        return "\n".join(one.text.rstrip() for one in self.board.lines) + "\n"

    def compose(self) -> ComposeResult:
        """One widget paints it all."""
        yield self.board

    def on_mount(self) -> None:
        """Ages go on also when nothing answers."""
        self.set_interval(1.0, self.tick)

    def on_screen_resume(self) -> None:
        """Renew a screen that was covered."""
        self._attend()
        self.renew()

    def tick(self) -> None:
        """Repaint, if anybody can see it."""
        top = app_of(self).screen
        if top is self or isinstance(top, ModalScreen):
            self._attend()
            self.renew()

    def _attend(self) -> None:
        """With many clusters, ask those that nobody looks at less often."""
        for pane in self.panes:
            pane.session.attend(pane is self.pane or len(self.panes) <= MAX_FAST)

    def renew(self) -> None:
        """Repaint what has changed."""
        if self.board.is_attached:
            self.board.renew()

    def freeze(self) -> None:
        """Let the pictures stand still so that they can be read, or go on."""
        now = 0.0 if self.pane.frozen else steady.now()
        for pane in self.panes:
            pane.freeze(now) if now else pane.thaw()

    def thaw(self) -> None:
        """Let the pictures go on: something is to be decided."""
        for pane in self.panes:
            pane.thaw()

    # --- the foot: what the last key led to, the filter, the keys

    def foot(self, width: int) -> list[Line]:
        """Lines above the keys."""
        lines = wrapped(self.notice, width - 1, " ", " ", "note", 2) if self.notice else []
        if self.pane.frozen:
            frozen = f" frozen at {clock(self.pane.frozen)}, {span(steady.now() - self.pane.frozen)} ago"
            lines.append(line(Piece(frozen, "warn"), Piece("   space goes on", "dim"), fill="footer").cut(width))
        if self.filter:
            lines.append(line(Piece(" filter ", "key"), self.filter, Piece("   esc clears it", "dim")).cut(width))
        return lines

    def active_keys(self) -> tuple[keys.Key, ...]:
        """The keys that do something now."""
        return keys.on(self.KIND)

    def prefix(self) -> str:
        """Text before the keys."""
        return ""

    def _whole(self, width: int, height: int) -> list[Line]:
        said = self.foot(width)
        room = max(0, height - len(said) - 1)
        kept = [one.cut(width) for one in self._made(width, room)[:room]]
        foot = [
            *said,
            keys.bottom(self.active_keys(), width, self.prefix()),
        ]  # last: how far down, in what is painted now
        return [*kept, *[Line().cut(width)] * (room - len(kept)), *foot[-height:]]

    def _made(self, width: int, height: int) -> list[Line]:
        """The screen stays and hears its keys, whatever a machine has said that this program did not think of."""
        try:
            return self.lines(width, height)
        except Exception as error:  # noqa: BLE001
            return wrapped(f"An error in this program: this can't be painted ({error!r})", width - 1, " ", " ", "bad")

    # --- keys

    def action_press(self, key: str) -> None:
        """Act on a key. Modules that it needs are not imported before the first frame (`console.ui.app`)."""
        from console.ui.screens import actions, commands, named

        own: dict[str, Callable[[], object]] = {
            "/": self._ask_filter,
            ":": lambda: commands.palette(app_of(self), self, named.named(self)),
            "enter": self.open,
            "esc": self.back,
            "tab": lambda: self.action_turn(1),
            "c": lambda: self.run_worker(self._copy(), group="copy"),
            "e": self._export,
            ".": self._look_again,
            "space": self.freeze,
            "q": self.quit,
            **self._safe_own_keys(),
        }
        self.notice = ""
        if key in own:
            own[key]()
            self.renew()
        elif key in {one.key for one in keys.on(self.KIND)}:
            self.do(actions.KEYS[key])
        else:
            there = any(one.key == key and keys.CLUSTER in one.on for one in keys.KEYS)
            way = (
                f"works on the cluster's screen: press esc, then {key}"
                if there and self._below
                else "does nothing here"
            )
            self.say(f"{key} {way}; ? shows the keys")

    def _safe_own_keys(self) -> dict[str, Callable[[], object]]:
        """The screen's own keys; none if that fails, like in `_made`: the keys that lead away go on."""
        try:
            return self.own_keys()
        except Exception:  # noqa: BLE001 -- the screen says already that it can't be painted
            return {}

    def own_keys(self) -> dict[str, Callable[[], object]]:
        """Keys that mean something on this screen only."""
        return {}

    def open(self) -> None:
        """Act on Enter."""

    def destinations(self) -> tuple[tuple[str, Callable[[], object]], ...]:
        """Screens that can be opened from here, each with a word for the palette."""
        return ()

    def back(self) -> None:
        """Esc: the filter first, then the screen."""
        if self.filter:
            self.filter = ""
        elif not self.leave():
            self.notice = ""

    def leave(self) -> bool:
        """Go back to the screen below, if there is one."""
        if self._below:
            app_of(self).pop_screen()
        return self._below

    @property
    def _below(self) -> bool:
        """There is a screen below."""
        return any(isinstance(one, Base) for one in app_of(self).screen_stack[:-1])

    def quit(self) -> None:
        """End the program, or ask first."""
        from console.ui.screens import actions

        self.run_worker(actions.leave(self), group="leave", exclusive=True)

    def action_select(self, by: int) -> None:
        """The next or the previous row."""

    def action_page(self, by: int) -> None:
        """Move by a screenful."""

    def action_end(self, which: int) -> None:
        """Go to the first or the last row."""

    def action_turn(self, by: int) -> None:
        """The next or the previous thing of the same kind."""

    def action_number(self, number: int) -> None:
        """Open a cluster by its number."""

    def turn_to(self, pane: Pane) -> None:
        """Show one of the clusters."""

    def on_painted_turned(self, message: Painted.Turned) -> None:
        """The mouse's wheel."""
        self.action_select(message.by)

    # --- what was said, copied, written

    def say(self, notice: str) -> None:
        """Show the result of the last key, until the next key."""
        self.notice = notice
        self.renew()

    async def _copy(self) -> None:
        text = self.copied()
        self.say(await clipboard.copy(app_of(self), text) if text.strip() else "There is nothing to copy")

    def _look_again(self) -> None:
        self.pane.session.look_again()
        self.say(f"{self.pane.session.cluster.name} is asked everything now")

    def _export(self) -> None:
        text = "\n".join(one.text.rstrip() for one in self.board.lines) + "\n"
        name = f"{self.pane.session.cluster.name}-{self.KIND}"
        self.say(export(name, text, app_of(self).export_screenshot(title=name)))

    # --- the filter

    def _ask_filter(self) -> None:
        box = Input(self.filter, placeholder="only what contains", id="filter", select_on_focus=False)
        self.mount(box)
        self.set_focus(box)  # at once: what is typed next is no longer a key of the screen's

    def on_input_changed(self, event: Input.Changed) -> None:
        """Filter while it is typed."""
        if event.input.id == "filter":
            self.filter = event.value.strip()
            self.renew()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """The filter stays, the line goes."""
        if event.input.id == "filter":
            event.input.remove()

    def on_key(self, event: events.Key) -> None:
        """Esc while typing."""
        box = self.focused
        if event.key == "escape" and isinstance(box, Input) and box.id == "filter":
            event.stop()
            event.prevent_default()
            box.remove()
            self.filter = ""
            self.renew()

    # --- acts

    def do(self, act: ScreenAction) -> None:
        """One at a time: a second key waits for no dialog, it is not heard."""
        if not self.busy:
            self.busy = True
            self.run_worker(self._carry(act), group="act")

    async def _carry(self, act: ScreenAction) -> None:
        try:
            await act(self)
        except Exception as error:  # noqa: BLE001 -- the picture stays on the screen, whatever a key runs into
            self.say(f"An error in this program ended this ({type(error).__name__}: {error}); l shows what was begun")
        finally:
            self.busy = False
            self.renew()
