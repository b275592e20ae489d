"""A Galera member's answers to SQL: its wsrep variables as recorded, with the living ones replaced."""

import re
from functools import cache

from console.sim import tables
from console.sim.galera import CACHED, WRITE_SET, Galera
from console.sim.members import NUMBERS, Member, Phase
from console.sim.mysql_wire import MysqlError, Result
from console.sim.pfconfig import DATA

VERSION = "10.11.14-MariaDB-0+deb12u2"
NO_CONF_ID = 2**64 - 1
"""-1, printed unsigned: there is no Primary component."""
PROVIDER = (
    "base_host = {address}; base_port = 4567; cert.log_conflicts = no; evs.suspect_timeout = PT5S; "
    "gcache.recover = yes; gcache.size = 1G; gcs.fc_limit = 16; pc.bootstrap = false; pc.ignore_sb = false; "
    "pc.recovery = true; pc.weight = 1; socket.ssl = NO; "
)
SHOW = re.compile(r"\s*SHOW\s+(?:GLOBAL\s+|SESSION\s+)?(STATUS|VARIABLES)\b(.*)", re.IGNORECASE | re.DOTALL)
SET = re.compile(r"\s*SET\s+GLOBAL\s+(\w+)\s*=\s*'?([^']*)'?\s*;?\s*$", re.IGNORECASE)
PATTERN = re.compile(r"LIKE\s+'([^']*)'", re.IGNORECASE)
NAMES = re.compile(r"(?:IN\s*\(|=)\s*((?:'\w+'\s*,?\s*)+)", re.IGNORECASE)
BEAT = "drainboard.beat"
"""The table."""
BOOTSTRAP = re.compile(r"pc\.bootstrap\s*=\s*(yes|true|1|on)", re.IGNORECASE)


def query(galera: Galera, member: Member, sql: str) -> Result:
    """Answer one statement."""
    text = sql.strip().rstrip(";")
    if show := SHOW.match(text):
        values = status(galera, member) if show[1].upper() == "STATUS" else _variables(galera, member)
        return Result(("Variable_name", "Value"), [row for row in values.items() if _wanted(row[0], show[2])])
    if change := SET.match(text):
        _set(galera, member, change[1], change[2])
        return Result()
    if re.match(r"(?i)(set|use|commit|rollback|begin)\b", text):
        return Result()
    if re.fullmatch(r"(?i)show\s+grants", text):
        return tables.grants((galera.privileges, galera.role_privileges))
    if "information_schema.INNODB_TRX" in text:
        return _transactions(galera, member)
    if "information_schema." in text:
        return tables.query(galera.tables, galera.privileges, galera.role_privileges, text)
    if selected := re.fullmatch(r"(?i)select\s+(\d+|@@version|version\(\))", text):
        return Result((selected[1],), [(selected[1] if selected[1].isdigit() else VERSION,)])
    if not member.ready:
        raise MysqlError(1047, "08S01", "WSREP has not yet prepared node for application use")
    raise MysqlError(1064, "42000", "You have an error in your SQL syntax")


def write(galera: Galera, member: Member, sql: str) -> Result:
    """One statement of the account that may write to one table, and do nothing else."""
    if re.match(r"(?i)\s*(set|commit|begin)\b", sql):
        return Result()
    if not member.ready:
        raise MysqlError(1047, "08S01", "WSREP has not yet prepared node for application use")
    if BEAT not in sql:
        raise MysqlError(1142, "42000", "command denied to user 'drainboard_write'@'localhost'")
    if galera.read_only:
        raise MysqlError(1290, "HY000", "The MariaDB server is running with the --read-only option")
    galera.written.append((member.name, sql))
    return Result()


def status(galera: Galera, member: Member) -> dict[str, str]:
    """SHOW GLOBAL STATUS."""
    inside = member.name in galera.view
    peers = galera.view if inside else {member.name}
    seqno = int(member.seqno)
    values = {
        "wsrep_local_state_uuid": galera.uuid,
        "wsrep_last_committed": seqno,
        "wsrep_replicated": int(member.replicated),
        "wsrep_replicated_bytes": int(member.replicated) * WRITE_SET,
        "wsrep_received": int(member.received),
        "wsrep_received_bytes": int(member.received) * WRITE_SET,
        "wsrep_local_commits": int(member.replicated),
        "wsrep_local_cached_downto": max(int(member.first), seqno - CACHED),
        "wsrep_local_cert_failures": int(member.cert_failures),
        "wsrep_local_bf_aborts": int(member.bf_aborts),
        "wsrep_local_recv_queue": galera.queue(member),
        "wsrep_flow_control_paused_ns": int(member.paused * 1e9),
        "wsrep_flow_control_paused": f"{galera.pause:g}",
        "wsrep_flow_control_active": "true" if galera.clock.now % 1 < galera.pause else "false",
        "wsrep_local_state": NUMBERS[member.phase],
        "wsrep_local_state_comment": member.phase.value,
        "wsrep_incoming_addresses": ",".join(f"{galera.members[name].address}:0" for name in sorted(peers)),
        "wsrep_cluster_weight": len(galera.view) if inside else 0,
        "wsrep_desync_count": int(member.phase is Phase.DONOR),
        "wsrep_gcomm_uuid": member.gcomm,
        "wsrep_checkpoint_position": f"{galera.uuid}:{seqno}",
        "wsrep_se_checkpoint": f"{galera.uuid}:{seqno} 0-1-{seqno}",
        "wsrep_cluster_conf_id": galera.conf_id if inside else NO_CONF_ID,
        "wsrep_cluster_size": galera.size(member),
        "wsrep_cluster_state_uuid": galera.uuid,
        "wsrep_cluster_status": "Primary" if inside else "non-Primary",
        "wsrep_local_index": sorted(peers).index(member.name),
        "wsrep_ready": "ON" if member.ready else "OFF",
        "Uptime": int(galera.clock.now - member.started),
        "Threads_connected": 3 + galera.clients.get(member.name, 0),
    }
    return _recorded() | {name: str(value) for name, value in values.items()}


@cache
def _recorded() -> dict[str, str]:
    pairs = (line.partition("\t") for line in (DATA / "wsrep.txt").read_text().splitlines())
    return {name: value for name, _, value in pairs}


def _transactions(galera: Galera, member: Member) -> Result:
    """Their count, and the age of the oldest."""
    if "PROCESS" not in galera.privileges:
        raise MysqlError(1227, "42000", "Access denied; you need (at least one of) the PROCESS privilege(s)")
    began = galera.transactions.get(member.name, [])
    ages = [int(galera.clock.now - one) for one in began]
    return Result(("COUNT(*)", "longest"), [(str(len(ages)), str(max(ages, default=0)))])


def _variables(galera: Galera, member: Member) -> dict[str, str]:
    provider = PROVIDER.format(address=member.address)
    settings = {
        "max_connections": "250",
        "innodb_autoinc_lock_mode": "2",
        "innodb_flush_log_at_trx_commit": "2",
        "version": VERSION,
        "version_comment": "Debian 12",
        "wsrep_auto_increment_control": "ON",
        "wsrep_cluster_address": f"gcomm://{','.join(one.address for one in galera.members.values())}",
        "wsrep_node_name": member.name,
        "wsrep_on": "ON",
        "wsrep_osu_method": "TOI",
        "wsrep_provider": "/usr/lib/galera/libgalera_smm.so",
        "wsrep_provider_options": provider,
        "wsrep_slave_threads": "1",
        "wsrep_sst_method": "rsync",
        "wsrep_sync_wait": "0",
    }
    return settings | member.variables


def _set(galera: Galera, member: Member, name: str, value: str) -> None:
    if name.lower() == "wsrep_provider_options":
        if BOOTSTRAP.search(value) and member.phase is Phase.INITIALIZED:
            galera.bootstrap(member.name)
    else:
        member.variables[name.lower()] = {"1": "ON", "0": "OFF"}.get(value, value.upper())


def _wanted(name: str, condition: str) -> bool:
    """LIKE patterns, IN lists and equalities, joined by OR: any of them."""
    if not condition.strip():
        return True
    if any(_like(pattern).fullmatch(name) for pattern in PATTERN.findall(condition)):
        return True
    return any(name.lower() in re.findall(r"'(\w+)'", listed.lower()) for listed in NAMES.findall(condition))


@cache
def _like(pattern: str) -> re.Pattern[str]:
    r"""`%` and `_` are wild, `\_` is a plain underscore."""
    pieces = re.findall(r"\\.|.", pattern)
    wild = {"%": ".*", "_": "."}
    return re.compile("".join(wild.get(piece) or re.escape(piece.lstrip("\\")) for piece in pieces), re.IGNORECASE)
