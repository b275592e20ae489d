"""Pictures of any kind for hypothesis: each reading known or not, each value of its type, in the field's own words."""

import dataclasses
import types
import typing
from typing import Any

from hypothesis import strategies as st

from console.inventory.cluster import Cluster, Firewall, Login, Mysql, MysqlProxy, Node, Vip
from console.probes.snapshot import NOT_ASKED, Cause, Known, Snapshot, Unknown, View, empty

LOGIN = Login("127.0.0.1")
CLUSTER = Cluster(
    "c",
    (Firewall("fw1", "10.0.0.2", LOGIN), Firewall("fw2", "10.0.0.3", LOGIN)),
    tuple(Node(f"node{at}", f"10.0.0.1{at}", LOGIN) for at in (1, 2, 3)),
    vips=(Vip("wan", "198.51.100.10", "http://198.51.100.10/"), Vip("lan", "10.0.0.1", None)),
    volumes=("www",),
    mysql=Mysql("ops"),
    mysql_proxy=MysqlProxy("mysql"),
)
WORDS = (
    *("", "web_ipvANY", "web", "node1", "node2", "node3", "10.0.0.11", "10.0.0.12", "10.0.0.13", "www"),
    *("MASTER", "BACKUP", "INIT", "198.51.100.10", "10.0.0.1", "on", "off", "23.3", "1700000000", "nat"),
    *("UP", "UP 1/3", "DOWN", "MAINT", "NOLB", "no check", "active", "disabled", "inactive", "backup"),
    *("Primary", "non-Primary", "Synced", "Donor/Desynced", "Joined", "Initialized", "joiner", "donor", "uuid"),
    *("none", "auto", "clean", "degraded", "is in /etc/fstab and not mounted", "mariadb.service", "x.mount"),
)


def value(kind: Any) -> st.SearchStrategy[Any]:
    """Any value of a type: a dataclass, a tuple, an optional, an enum or a plain one."""
    origin, inner = typing.get_origin(kind), typing.get_args(kind)
    if origin in (typing.Union, types.UnionType):
        return st.one_of(*(value(one) for one in inner))
    if origin is tuple and inner[-1] is Ellipsis:
        return st.lists(value(inner[0]), max_size=3).map(tuple)
    if origin is tuple:
        return st.tuples(*(value(one) for one in inner))
    if dataclasses.is_dataclass(kind):
        make: Any = kind
        hints = typing.get_type_hints(kind)
        return st.builds(make, **{field.name: value(hints[field.name]) for field in dataclasses.fields(kind)})
    if hasattr(kind, "_fields"):
        return st.builds(kind, **{name: value(one) for name, one in typing.get_type_hints(kind).items()})
    plain = {
        str: st.sampled_from(WORDS) | st.text(max_size=4),
        int: st.integers(-1, 200) | st.integers(0, 1 << 62),
        float: st.floats(0, 2) | st.floats(0, 1e12),
        bool: st.booleans(),
        type(None): st.none(),
    }
    return plain[kind] if kind in plain else st.sampled_from(list(kind))


UNKNOWN = st.builds(
    Unknown, st.sampled_from(["no answer", "stale"]), st.just(5.0), st.sampled_from([0.0, 5.0]), st.sampled_from(Cause)
)


def _view(one: View) -> st.SearchStrategy[View]:
    readings = {
        name: st.builds(Known, value(typing.get_args(typing.get_args(hint)[0])[0]), st.floats(1.7e9, 1.71e9)) | UNKNOWN
        for name, hint in typing.get_type_hints(type(one)).items()
        if name != "name"
    }
    return st.builds(type(one), st.just(one.name), **readings)


def pictures(cluster: Cluster = CLUSTER) -> st.SearchStrategy[Snapshot]:
    """Any picture of one cluster."""
    blank = empty(cluster)
    parts = {
        field.name: st.tuples(*(_view(one) for one in getattr(blank, field.name)))
        for field in dataclasses.fields(blank)
        if isinstance(getattr(blank, field.name), tuple)
    }
    return st.builds(Snapshot, st.just(cluster), **parts)


def _tweaked(reading: Known[Any]) -> st.SearchStrategy[Known[Any]]:
    """The reading with one field of its value altered, or none."""
    kind = type(reading.value)
    if not dataclasses.is_dataclass(kind):
        return st.just(reading)
    hints = typing.get_type_hints(kind)
    return st.sampled_from(["", *(field.name for field in dataclasses.fields(kind))]).flatmap(
        lambda name: (
            st.builds(
                lambda new: dataclasses.replace(reading, value=dataclasses.replace(reading.value, **{name: new})),
                value(hints[name]),
            )
            if name
            else st.just(reading)
        )
    )


def _field(picture: Snapshot) -> st.SearchStrategy[tuple[str, str, str, Any]]:
    """(part, name, field, reading): one reading of a picture, not known or of any value."""
    places = [
        (part.name, view, name, hint)
        for part in dataclasses.fields(picture)
        if isinstance(getattr(picture, part.name), tuple)
        for view in getattr(picture, part.name)
        for name, hint in typing.get_type_hints(type(view)).items()
        if name != "name" and getattr(view, name) is not NOT_ASKED
    ]

    def reading(place: tuple[str, View, str, Any]) -> st.SearchStrategy[tuple[str, str, str, Any]]:
        part, view, name, hint = place
        known = st.builds(Known, value(typing.get_args(typing.get_args(hint)[0])[0]), st.just(getattr(view, name).at))
        slight = [_tweaked(getattr(view, name))] * 3 if isinstance(getattr(view, name), Known) else []
        return st.tuples(st.just(part), st.just(view.name), st.just(name), st.one_of(UNKNOWN, known, *slight))

    return st.sampled_from(places).flatmap(reading)


Change = tuple[str, str, str, Any]


def changes(picture: Snapshot) -> st.SearchStrategy[list[Change]]:
    """None, or a few readings to be altered."""
    few = st.sampled_from([0, 0, 0, 1, 1, 2])
    return few.flatmap(lambda many: st.lists(_field(picture), min_size=many, max_size=many))


def altered(picture: Snapshot, changes: list[Change]) -> Snapshot:
    """The picture with these readings altered."""
    for part, of, name, reading in changes:
        views = getattr(picture, part)
        views = tuple(dataclasses.replace(one, **{name: reading}) if one.name == of else one for one in views)
        picture = dataclasses.replace(picture, **{part: views})  # type: ignore[arg-type]
    return picture
