"""Services on a node that are in no inventory: nobody asks about them, so no guard knows their state."""

from collections.abc import Iterator
from enum import Enum
from typing import NamedTuple

from console.probes.hosts.running import GALERA_PORT, MYSQL_PORT
from console.probes.hosts.system import GLUSTER_UNITS, MYSQL_UNITS
from console.probes.snapshot import Known, NodeView, Snapshot, Unknown
from console.text import counted, listed


class What(Enum):
    """The inventory's key that is missing."""

    MYSQL = "mysql"
    VOLUMES = "volumes"
    PROXY = "mysql_proxy"


class Unlisted(NamedTuple):
    """A service that was seen, in a sentence, and the words to add to the inventory."""

    what: What
    saw: str
    add: str


def unlisted(snapshot: Snapshot, node: str) -> tuple[Unlisted, ...]:
    """The unlisted services of a node, as far as they are known."""
    view = snapshot.node(node)
    return (*_mysql(snapshot, view), *_volumes(snapshot, view), *_proxy(snapshot, view))


def why_unknown(snapshot: Snapshot, node: str) -> str:
    """Why it is not known what runs on a node that the inventory may not name; "" if it is, or it names all."""
    cluster, view = snapshot.cluster, snapshot.node(node)
    if cluster.mysql is not None and cluster.volumes:
        return ""
    return next((one.why for one in (view.running, view.services) if isinstance(one, Unknown)), "")


def mysql_signs(view: NodeView) -> tuple[str, ...]:
    """Signs of a MySQL that runs on a node. Port 3306 alone may be HAProxy's."""
    signs = list(view.services.value.running(MYSQL_UNITS)) if isinstance(view.services, Known) else []
    if isinstance(view.running, Known):
        running = view.running.value
        signs += running.mysqld
        ports = [port for port in running.ports if port == GALERA_PORT or not running.haproxy or running.mysqld]
        signs += [f"port {port}" for port in ports if port in (MYSQL_PORT, GALERA_PORT)]
    return tuple(signs)


def _mysql(snapshot: Snapshot, view: NodeView) -> Iterator[Unlisted]:
    signs = mysql_signs(view) if snapshot.cluster.mysql is None else ()
    if signs:
        member = isinstance(view.running, Known) and view.running.value.grastate
        seen = listed((*signs, *(["grastate.dat"] if member else [])))
        yield Unlisted(
            What.MYSQL,
            f"MySQL runs on {view.name}, and the inventory has no [mysql]: nobody asks whether it is Synced ({seen})",
            f"Add [cluster.{snapshot.cluster.name}.mysql] to the inventory",
        )


def _gluster_signs(view: NodeView) -> tuple[str, ...]:
    signs = list(view.services.value.running(GLUSTER_UNITS)) if isinstance(view.services, Known) else []
    bricks = view.services.value.bricks if isinstance(view.services, Known) else 0
    if isinstance(view.running, Known):
        signs += ["glusterd"] if view.running.value.glusterd and not signs else []
        bricks = max(bricks, view.running.value.bricks)
    return (*signs, *([counted(bricks, "brick process", "brick processes")] if bricks else []))


def _volumes(snapshot: Snapshot, view: NodeView) -> Iterator[Unlisted]:
    cluster, named = snapshot.cluster, view.listed.value.volumes or () if isinstance(view.listed, Known) else ()
    missing = [volume for volume in named if volume not in cluster.volumes]
    whether = "nobody asks whether it is healed"
    if missing and cluster.volumes:
        saw = f"Gluster on {view.name} names {listed(missing)}, which the inventory does not: {whether}"
        yield Unlisted(What.VOLUMES, saw, f"Add {listed(missing)} to `volumes` in the inventory")
    signs = () if cluster.volumes else _gluster_signs(view)
    if signs or (missing and not cluster.volumes):
        seen = listed((*signs, *(f"volume {one}" for one in missing)))
        saw = f"Gluster runs on {view.name}"
        line = f"volumes = [{', '.join(f'{chr(34)}{one}{chr(34)}' for one in missing) or '...'}]"
        yield Unlisted(
            What.VOLUMES,
            f"{saw}, and the inventory has no volumes: {whether} ({seen})",
            f"Add {line} to [cluster.{cluster.name}] in the inventory",
        )


def _proxy(snapshot: Snapshot, view: NodeView) -> Iterator[Unlisted]:
    if snapshot.cluster.mysql_proxy is None and isinstance(view.running, Known) and view.running.value.haproxy:
        yield Unlisted(
            What.PROXY,
            f"HAProxy runs on {view.name}, and the inventory has no [mysql_proxy]: nobody asks where it sends MySQL",
            f"Add [cluster.{snapshot.cluster.name}.mysql_proxy] to the inventory if it is for MySQL",
        )
