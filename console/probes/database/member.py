"""The configuration of a Galera member, which seldom changes: version, gcache, method of a full copy."""

import re
from dataclasses import dataclass

from console.inventory.cluster import Cluster
from console.probes.ask import Query, Rows, Unreadable
from console.probes.parsing import short, table
from console.probes.question import Cadence, Question, Subject

SETTINGS = (
    "innodb_autoinc_lock_mode",
    "innodb_flush_log_at_trx_commit",
    "pxc_strict_mode",
    "wsrep_applier_threads",
    "wsrep_auto_increment_control",
    "wsrep_osu_method",
    "wsrep_slave_threads",
    "wsrep_sync_wait",
)
"""Worth a line on a screen; compared between members they should be equal."""
OPTIONS = ("gcs.fc_limit", "pc.weight", "pc.recovery", "evs.suspect_timeout", "evs.inactive_timeout")
"""The same, of wsrep_provider_options."""
NAMES = ("version", "version_comment", "wsrep_node_name", "wsrep_provider_options", "wsrep_sst_method", *SETTINGS)
_SIZE = re.compile(r"(\d{1,18})([KMGT]?)")
_UNITS = {"": 0, "K": 10, "M": 20, "G": 30, "T": 40}


@dataclass(frozen=True)
class Member:
    """One member's configuration, as it runs."""

    flavour: str
    """"Percona XtraDB Cluster", "MariaDB", or what the server calls itself."""
    version: str
    gcache_bytes: int | None
    """gcache.size; None: not printed."""
    gcache_recover: bool | None
    """The gcache outlives a restart of the server: only then can this member give an IST right after it."""
    sst_method: str
    ignore_sb: bool
    """pc.ignore_sb: goes on without quorum. A leftover of a repair that lets a split cluster write twice."""
    node_name: str
    settings: tuple[tuple[str, str], ...]
    """Name and value of what else is worth showing."""


def parse(answers: tuple[Rows, ...], _before: Member | None) -> Member:
    """Read SHOW GLOBAL VARIABLES."""
    variables = {name.lower(): value for name, value in table(answers[0]).items()}  # wsrep_OSU_method, as PXC prints it
    if "version" not in variables or "wsrep_provider_options" not in variables:
        raise Unreadable("MySQL runs without wsrep: SHOW VARIABLES has no version or no wsrep_provider_options")
    options = provider_options(variables["wsrep_provider_options"])
    if "pc.ignore_sb" not in options:
        raise Unreadable("wsrep_provider_options has no pc.ignore_sb")
    known = [(name, variables[name]) for name in SETTINGS if name in variables]
    known += [(name, options[name]) for name in OPTIONS if name in options]
    return Member(
        flavour=_flavour(variables["version"], variables.get("version_comment", "")),
        version=short(variables["version"].partition("-")[0]),
        gcache_bytes=_bytes(options.get("gcache.size")),
        gcache_recover=_yes(options.get("gcache.recover")),
        sst_method=short(variables.get("wsrep_sst_method")),
        ignore_sb=bool(_yes(options.get("pc.ignore_sb"))),
        node_name=short(variables.get("wsrep_node_name")),
        settings=tuple((name, short(value)) for name, value in known),
    )


def provider_options(text: str) -> dict[str, str]:
    """`base_host = 10.0.0.1; gcache.size = 128M; ` by name."""
    pairs = (option.partition("=") for option in text.split(";"))
    return {name.strip(): value.strip() for name, equals, value in pairs if equals}


def _flavour(version: str, comment: str) -> str:
    if "Percona XtraDB Cluster" in comment:
        return "Percona XtraDB Cluster"
    return "MariaDB" if "MariaDB" in version else short(comment) or "MySQL"


def _bytes(size: str | None) -> int | None:
    found = _SIZE.fullmatch(size.upper()) if size else None
    return int(found[1]) << _UNITS[found[2]] if found else None


def _yes(value: str | None) -> bool | None:
    return None if value is None else value.lower() in ("yes", "true", "1", "on")


def _asks(cluster: Cluster, _name: str) -> tuple[Query, ...]:
    if cluster.mysql is None:
        return ()
    names = ", ".join(f"'{name}'" for name in NAMES)
    return (Query(f"SHOW GLOBAL VARIABLES WHERE Variable_name IN ({names})"),)


MEMBER = Question(
    field="member",
    title="Galera member, as configured",
    subject=Subject.NODE,
    cadence=Cadence.SLOW,
    asks=_asks,
    parse=parse,
    privileges=(),
)
