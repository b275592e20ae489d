"""Pools in config.xml, of either balancer, and the order that changes them."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple

from console.probes.ask import Run, Unreadable
from console.probes.firewalls import script
from console.probes.parsing import dig
from console.probes.pools.hold import Hold

MAX_SERVERS = 1000
MAX_VALUE = 255
"""Characters of one value that is kept."""
STATUSES = ("active", "backup", "disabled", "inactive")


@dataclass(frozen=True)
class PooledServer:
    """One server of a pool in a firewall's configuration. `status` is one of STATUSES; relayd's are active or disabled,
    and its servers' names are their addresses."""

    pool: str
    name: str
    address: str
    status: str
    port: str = ""
    """The port as written; "" where its frontend's counts."""
    weight: str = ""
    """The weight as written; "" for HAProxy's own, 1."""
    hold: Hold | None = None
    """The note of a hold in its settings."""

    @property
    def note(self) -> str:
        """The note as it is written; "" for none."""
        return self.hold.note if self.hold else ""

    @property
    def out(self) -> bool:
        """It gets no traffic after a reload."""
        return self.status in ("disabled", "inactive")


class Change(NamedTuple):
    """A change of one server's persistent status, and of the note of its hold, from those that were read."""

    server: PooledServer
    status: str
    note: str | None = None
    """"" for no note; None: it stays as it is."""

    @property
    def needed(self) -> bool:
        """Something is otherwise than it is wanted."""
        return self.status != self.server.status or self.note not in (None, self.server.note)


class Found(NamedTuple):
    """Servers in config.xml. `odd`: a sentence on each that can't be read; it is left out."""

    servers: tuple[PooledServer, ...] = ()
    odd: tuple[str, ...] = ()


def collected(tried: Iterable[Callable[[], PooledServer]]) -> Found:
    """One that can't be read costs only itself. Raises Unreadable for too many."""
    servers: list[PooledServer] = []
    odd: list[str] = []
    for read in tried:
        if len(servers) + len(odd) == MAX_SERVERS:
            raise Unreadable(f"config.xml lists more than {MAX_SERVERS} servers")
        try:
            servers.append(_known(read()))
        except Unreadable as error:
            odd.append(str(error))
    return Found(tuple(servers), tuple(odd))


def _known(server: PooledServer) -> PooledServer:
    if server.status not in STATUSES:
        raise Unreadable(f"config.xml gives {server.pool}/{server.name} the unknown status {server.status[:20]!r}")
    return server


def text(tree: Any, *keys: str) -> str:
    """The text of an element; "" where there is none. It may be a name that goes back into an order, and is shown,
    copied and piped on the way: what is not one printable line is refused, for made harmless it is another name."""
    found = dig(tree, *keys)
    if not isinstance(found, str):
        return ""
    if len(found) > MAX_VALUE or not found.isprintable():
        raise Unreadable(f"config.xml holds a {keys[-1]} of more than {MAX_VALUE} characters, or of unprintable ones")
    return found


def php(own: str, changes: tuple[Change, ...], sync: bool, description: str) -> Run:
    """The order that writes these changes by pfSense's own PHP: `own` is the balancer's part of the script.

    The statuses and notes that are expected travel along: nothing is changed where somebody else was quicker.
    """
    payload = {
        "servers": [_wanted(change) for change in changes],
        "sync": sync,
        "description": description,
    }
    return script.order(own, _SHARED, payload)


def _wanted(change: Change) -> dict[str, str]:
    wanted = {
        "pool": change.server.pool,
        "server": change.server.name,
        "address": change.server.address,
        "expect": change.server.status,
        "status": change.status,
    }
    return wanted if change.note is None else {**wanted, "note": change.note, "noted": change.server.note}


_SHARED = """\
/* Refuses a server that is neither as it was seen nor as it is wanted. Returns if it must be changed. `$note`: the note of its hold. */
function drainboard_differs($want, $is, $note = '') {
    $name = "{$want['pool']}/{$want['server']}";
    $holds = isset($want['note']) && $note !== $want['note'];
    if ($is === null) { drainboard_refuse("$name is not in the configuration any more"); }
    if ($is !== $want['status'] && $is !== $want['expect']) { drainboard_refuse("$name is now $is, not {$want['expect']}"); }
    if ($holds && $note !== $want['noted']) { drainboard_refuse("somebody has changed the hold of $name meanwhile: look at it again"); }
    return $is !== $want['status'] || $holds;
}

/* Checks first: that takes seconds. What is then written is config.xml as it is after them, with our change in it. */
for ($tries = 1; ; $tries++) {
    $hash = drainboard_read();
    $changed = drainboard_apply($drainboard['servers']);
    if ($changed === 0) { break; }
    drainboard_check();
    if (drainboard_read() === $hash) {
        drainboard_apply($drainboard['servers']);
        $written = write_config($drainboard['description']);
        if (!is_array($written) && $written !== true) { drainboard_refuse('pfSense could not write config.xml'); }
        break;
    }
    if ($tries === 4) { drainboard_refuse("config.xml was changed by others during each of $tries checks; try again when nobody saves there"); }
}
drainboard_finish($changed, $drainboard['sync']);
drainboard_end(array('ok' => true, 'changed' => $changed));
"""  # noqa: E501 -- PHP, kept one statement a line
"""The part that both balancers' scripts share. Their own parts define drainboard_apply($servers), which changes $config
and returns how much; drainboard_check(), which refuses what would not run; drainboard_finish($changed, $sync)."""
