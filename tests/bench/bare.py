"""A Textual app that shows one line: what any Textual app costs before it does anything."""

from textual.app import App, ComposeResult
from textual.widgets import Static


class Bare(App[None]):
    """One line, and a key that changes it."""

    def compose(self) -> ComposeResult:
        """The line."""
        yield Static("a bare app")

    def on_key(self) -> None:
        """Another line."""
        self.query_one(Static).update("a key was pressed")


if __name__ == "__main__":
    Bare().run()
