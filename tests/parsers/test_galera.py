"""Readings of a Galera member: state, rates between looks, the history of seqnos, configuration, tables."""

from dataclasses import replace
from pathlib import Path

import pytest

from console.probes.ask import Ran, Rows, Unreadable
from console.probes.database import galera, member, mysql_proxy, seqnos, tables, transfer
from console.probes.database.galera import Wsrep
from console.probes.database.seqnos import Sample

RECORDINGS = Path(__file__).parents[1] / "recordings"


def recorded(name: str) -> str:
    return (RECORDINGS / name).read_text()


def rows(name: str, at: float = 0.0) -> Rows:
    return Rows(tuple(tuple(line.split("\t")) for line in recorded(name).splitlines()), at)


VARIABLES = Rows((("read_only", "OFF"), ("wsrep_desync", "OFF")))


def status(at: float, **changes: object) -> tuple[Rows, Rows]:
    """Node1's recorded status with some values changed, read at a moment."""
    lines = (RECORDINGS / "galera/synced.node1.txt").read_text().splitlines()
    values = dict(line.split("\t", 1) for line in lines if "\t" in line) | {"Uptime": "100"}
    values |= {name: str(value) for name, value in changes.items()}
    return Rows(tuple(values.items()), at), VARIABLES


def look(at: float, before: Wsrep | None = None, **changes: object) -> Wsrep:
    return galera.parse(status(at, **changes), before)


def test_without_a_look_before_it_no_rate_is_known() -> None:
    seen = look(50.0)
    rates = (seen.commits_per_second, seen.flow_control, seen.cert_failures, seen.bf_aborts, seen.bytes_per_second)
    assert rates == (None,) * 5
    assert (seen.connected, seen.flow_control_active) == (True, False)


def test_rates_are_over_the_consoles_own_seconds() -> None:
    names = ("wsrep_last_committed", "wsrep_flow_control_paused_ns", "wsrep_local_cert_failures")
    names += ("wsrep_local_bf_aborts", "wsrep_replicated_bytes", "wsrep_received_bytes")
    first = look(50.0, **dict.fromkeys(names, 1000))
    grown = (1020, 1_000_001_000, 1001, 1004, 3000, 1500)
    seen = look(54.0, first, **dict(zip(names, grown, strict=True)))
    assert seen.commits_per_second == 5.0
    assert seen.flow_control == 0.25
    assert (seen.cert_failures, seen.bf_aborts, seen.bytes_per_second) == (0.25, 1.0, 625.0)


def test_a_restarted_server_has_no_baseline() -> None:
    first = look(50.0, wsrep_last_committed=100)
    restarted = look(60.0, first, wsrep_last_committed=200, Uptime=3)
    assert restarted.commits_per_second is None
    assert look(62.0, restarted, wsrep_last_committed=210, Uptime=5).commits_per_second == 5.0


def test_a_counter_that_went_back_is_no_rate_and_spoils_no_other() -> None:
    first = look(50.0, wsrep_local_bf_aborts=7, wsrep_last_committed=100)
    seen = look(52.0, first, wsrep_local_bf_aborts=2, wsrep_last_committed=110)
    assert (seen.bf_aborts, seen.commits_per_second) == (None, 5.0)


def test_a_hurried_look_keeps_the_rates_and_what_they_are_measured_from() -> None:
    first = look(50.0, wsrep_last_committed=100)
    second = look(52.0, first, wsrep_last_committed=110)
    hurried = look(52.1, second, wsrep_last_committed=112)
    assert (hurried.commits_per_second, hurried.last_committed) == (5.0, 112)
    assert look(54.0, hurried, wsrep_last_committed=130).commits_per_second == 10.0


def test_what_a_version_does_not_print_is_not_0() -> None:
    answer = Rows(tuple(row for row in status(0.0)[0].rows if "flow_control" not in row[0]), 1.0)
    first = galera.parse((answer, VARIABLES), None)
    second = galera.parse((replace(answer, at=3.0), VARIABLES), first)
    assert (second.flow_control, second.flow_control_active, second.cert_failures) == (None, None, 0.0)


def test_percona_prints_flow_control_as_on() -> None:
    rows = tuple(row for row in status(0.0)[0].rows if row[0] != "wsrep_flow_control_active")
    seen = galera.parse((Rows((*rows, ("wsrep_flow_control_status", "ON"))), VARIABLES), None)
    assert seen.flow_control_active is True


def test_an_empty_gcache_has_no_oldest_write_set() -> None:
    assert look(1.0, wsrep_local_cached_downto=2**64 - 1).cached_downto is None
    assert look(1.0, wsrep_local_cached_downto=17).cached_downto == 17


def test_a_gcache_is_full_once_it_was_seen_to_drop_something() -> None:
    first = look(1.0, wsrep_local_cached_downto=17)
    second = look(3.0, first, wsrep_local_cached_downto=17)
    third = look(5.0, second, wsrep_local_cached_downto=30)
    idle = look(7.0, third, wsrep_local_cached_downto=30)
    assert [seen.cache_full for seen in (first, second, third, idle)] == [False, False, True, True]
    assert not look(9.0, idle, wsrep_local_cached_downto=30, Uptime=2).cache_full


def test_looks_that_differ_in_time_only_are_equal() -> None:
    first = look(50.0)
    assert look(52.0, first, Uptime=102) == replace(first, **rates(look(52.0, first, Uptime=102)))


def rates(seen: Wsrep) -> dict[str, float | None]:
    names = (
        "commits_per_second",
        "flow_control",
        "cert_failures",
        "bf_aborts",
        "bytes_per_second",
        "written_per_second",
    )
    return {name: getattr(seen, name) for name in names}


def test_history_tells_when_a_seqno_was_the_last_one() -> None:
    history = tuple[Sample, ...]()
    for second in range(0, 100, 2):
        history = seqnos.longer(history, Sample(second, 10 * second, 100 * second))
    assert seqnos.moment(history, 500) == 50.0
    assert seqnos.moment(history, 505) == 50.5
    assert seqnos.moment(history, 980) == 98.0
    assert (seqnos.moment(history, 981), seqnos.moment(history[5:], 3)) == (None, None)
    assert seqnos.seqno_at(history, 51.0) == 500
    assert seqnos.write_rate(history, 10.0) == 100.0


def test_of_an_idle_time_the_end_counts() -> None:
    history: tuple[Sample, ...] = ()
    for second, seqno in ((0, 5), (2, 7), (4, 7), (6, 7), (8, 7), (10, 8)):
        history = seqnos.longer(history, Sample(second, seqno, 0))
    assert seqnos.moment(history, 7) == 8.0
    assert len(history) == 4


def test_history_is_bounded_and_reaches_back_for_days() -> None:
    history = tuple[Sample, ...]()
    for second in range(0, 200_000, 20):
        history = seqnos.longer(history, Sample(second, 3 * second, None))
    assert len(history) <= seqnos.MAX_SAMPLES
    for ago in (60, 600, 6_000, 60_000, 150_000):
        at = seqnos.moment(history, 3 * (history[-1].seqno // 3 - ago))
        assert at == pytest.approx(history[-1].at - ago, rel=0.01)


def test_history_begins_anew_where_the_seqno_went_back() -> None:
    history = seqnos.longer((Sample(0, 50, 0), Sample(2, 60, 0)), Sample(4, 10, 0))
    assert history == (Sample(4, 10, 0),)


def test_history_survives_a_restart_but_no_other_cluster() -> None:
    first = look(50.0, wsrep_last_committed=100, wsrep_received_bytes=900, wsrep_replicated_bytes=0)
    again = look(60.0, first, wsrep_last_committed=101, Uptime=1, wsrep_received_bytes=70, wsrep_replicated_bytes=0)
    assert again.history == (Sample(50.0, 100, 0), Sample(60.0, 101, 70))
    other = look(70.0, again, wsrep_last_committed=102, wsrep_cluster_state_uuid="another")
    assert other.history == (Sample(70.0, 102, 0),)


PERCONA = {
    "version": "8.0.36-28.1",
    "version_comment": "Percona XtraDB Cluster (GPL), Release rel28, Revision bfb687f, WSREP version 26.1.4.3",
    "wsrep_provider_options": "base_host = 10.20.0.11; gcache.recover = yes; gcache.size = 1G; pc.ignore_sb = true; ",
    "wsrep_sst_method": "xtrabackup-v2",
    "wsrep_node_name": "db1",
    "pxc_strict_mode": "ENFORCING",
}


def test_percona_xtradb_cluster() -> None:
    seen = member.parse((Rows(tuple(PERCONA.items())),), None)
    assert (seen.flavour, seen.version) == ("Percona XtraDB Cluster", "8.0.36")
    assert (seen.gcache_bytes, seen.gcache_recover, seen.ignore_sb) == (1 << 30, True, True)
    assert (seen.sst_method, seen.node_name) == ("xtrabackup-v2", "db1")
    assert ("pxc_strict_mode", "ENFORCING") in seen.settings


def test_provider_options_that_are_cut_tell_nothing() -> None:
    cut = PERCONA | {"wsrep_provider_options": "base_host = 10.20.0.11; gca"}
    with pytest.raises(Unreadable, match="ignore_sb"):
        member.parse((Rows(tuple(cut.items())),), None)


NO_DU = Ran(1, "", "")


def test_no_transfer() -> None:
    assert transfer.parse((Ran(1, "", ""), NO_DU), None) == transfer.NOTHING
    editor = Ran(0, "4711 vim /usr/bin/wsrep_sst_rsync\n", "")
    assert transfer.parse((editor, Ran(0, "500\t/var/lib/mysql\n", "")), None) == transfer.NOTHING


def test_a_size_that_could_not_be_measured_is_not_0() -> None:
    script = Ran(0, "7 bash /usr/bin/wsrep_sst_xtrabackup-v2 --role donor --address [2001:db8::3]:4444/x/1\n", "")
    seen = transfer.parse((script, Ran(124, "", "")), None)
    assert (seen.role, seen.method, seen.peer) == ("donor", "xtrabackup-v2", "2001:db8::3")
    assert (seen.datadir_bytes, seen.bytes) == (None, 0)


def test_without_the_right_tables_are_not_0() -> None:
    user = "'drainboard'@'127.0.0.1'"
    with pytest.raises(Unreadable, match=f"GRANT SHOW VIEW ON ... TO {user}"):
        tables.parse((Rows(((user, "PROCESS"), (user, "BINLOG MONITOR"))), Rows(())), None)
    assert tables.parse((Rows(((user, "SHOW VIEW"),)), Rows(())), None) == tables.Tables(0, 0, ())


@pytest.mark.parametrize(
    ("grant", "shown"),
    [
        ("GRANT PROCESS, SHOW VIEW ON *.* TO `reader`@`%`", True),
        ("GRANT SELECT ON *.* TO `reader`", True),
        ("GRANT ALL PRIVILEGES ON *.* TO `d`@`127.0.0.1` WITH GRANT OPTION", True),
        ("GRANT USAGE ON *.* TO `reader`", False),
        ("GRANT SHOW VIEW ON `shop`.* TO `reader`", False),
        ("GRANT `reader`@`%` TO `d`@`127.0.0.1`", False),
    ],
)
def test_a_role_may_hold_the_right(grant: str, shown: bool) -> None:
    """USER_PRIVILEGES has the user's own rows only."""
    answers = Rows((("'d'@'127.0.0.1'", "USAGE"),)), Rows(()), Rows(((grant,),))
    if shown:
        assert tables.parse(answers, None) == tables.Tables(0, 0, ())
        return
    with pytest.raises(Unreadable, match="is not shown the tables"):
        tables.parse(answers, None)


def test_tables_are_counted_and_the_first_are_named() -> None:
    rows = (("app", "aria", "Aria", "1"), ("app", "isam", "MyISAM", "0"), ("app", "nopk", "InnoDB", "1"))
    seen = tables.parse((Rows((("'x'@'y'", "SELECT"),)), Rows(rows)), None)
    assert (seen.not_innodb, seen.no_primary_key, seen.complete) == (2, 2, True)
    assert seen.names == ("app.aria: Aria, no primary key", "app.isam: MyISAM", "app.nopk: no primary key")


def test_more_tables_than_are_counted_is_said() -> None:
    rows = tuple(("app", f"t{number}", "MyISAM", "0") for number in range(tables.MAX_TABLES + 1))
    seen = tables.parse((Rows((("'x'@'y'", "SELECT"),)), Rows(rows)), None)
    assert (seen.not_innodb, seen.complete, len(seen.names)) == (tables.MAX_TABLES, False, tables.NAMED)


@pytest.mark.parametrize("complaint", ["No such file or directory", "Connection refused"])
def test_a_node_whose_haproxy_does_not_run(complaint: str) -> None:
    answer = Ran(1, "", f"nc: unix connect failed: {complaint}\n")
    assert mysql_proxy.parse((answer,), None) == mysql_proxy.Writer(running=False)


def test_nc_that_is_missing_is_not_a_haproxy_that_does_not_run() -> None:
    with pytest.raises(Unreadable):
        mysql_proxy.parse((Ran(127, "", "timeout: failed to run command 'nc': No such file or directory\n"),), None)


def test_a_backend_that_is_not_there_is_said() -> None:
    with pytest.raises(Unreadable, match="mysql_proxy"):
        mysql_proxy.parse((Ran(0, "No such proxy.\n\nCan't find backend.\n\n", ""),), None)


def test_a_variable_is_found_whatever_its_case() -> None:
    printed = rows("galera/variables.node1.txt").rows
    as_pxc = Rows((*printed, ("wsrep_OSU_method", "TOI"), ("wsrep_applier_threads", "4")))
    settings = dict(member.parse((as_pxc,), None).settings)
    assert (settings["wsrep_osu_method"], settings["wsrep_applier_threads"]) == ("TOI", "4")


def test_a_donor_that_sends_what_was_missed_copies_nothing() -> None:
    donor = (RECORDINGS / "galera/pgrep-sst.donor.txt").read_text()
    size = Ran(0, (RECORDINGS / "galera/du-sst.donor.txt").read_text(), "")
    assert transfer.parse((Ran(0, donor, ""), size), None).role == "donor"
    bypass = "\n".join(f"{line} --bypass" if line else "" for line in donor.split("\n"))
    assert transfer.parse((Ran(0, bypass, ""), size), None) == transfer.NOTHING
    quoted = "\n".join(f"{line} '--bypass'" if line else "" for line in donor.split("\n"))
    assert transfer.parse((Ran(0, f"{quoted}{donor}", ""), size), None).role == "donor"


def test_a_joiner_need_name_no_address() -> None:
    line = "812 /bin/bash /usr/bin/wsrep_sst_clone --role=joiner --datadir=/var/lib/mysql/\n"
    seen = transfer.parse((Ran(0, line, ""), Ran(0, "1000\t/var/lib/mysql\n", "")), None)
    assert (seen.role, seen.method, seen.bytes) == ("joiner", "clone", 1000)
    with pytest.raises(Unreadable, match="--address"):
        transfer.parse((Ran(0, line.replace("joiner", "donor"), ""), Ran(1, "", "")), None)


def test_recorded_member() -> None:
    seen = member.parse((rows("galera/variables.node1.txt"),), None)
    assert (seen.flavour, seen.version, seen.gcache_bytes, seen.sst_method) == (
        "MariaDB",
        "10.11.19",
        32 << 20,
        "rsync",
    )
    assert (seen.node_name, seen.gcache_recover, seen.ignore_sb) == ("node1", True, False)
    assert ("innodb_autoinc_lock_mode", "2") in seen.settings and ("gcs.fc_limit", "16") in seen.settings


def test_recorded_flow_control() -> None:
    """Commits were paused for 793 ms since the start of the server; nothing is paused at this moment."""
    answer = rows("galera/flow-control.node1.txt", 100.0)
    first = galera.parse((Rows(tuple((name, "0" if "paused_ns" in name else value) for name, value in answer.rows)),
                          VARIABLES), None)  # fmt: skip
    seen = galera.parse((answer, VARIABLES), first)
    assert (seen.flow_control, seen.flow_control_active) == (pytest.approx(0.00793, rel=0.01), False)


def test_recorded_sst() -> None:
    """Both lines of pgrep, `sh -c` and the script under it, are one transfer."""
    donor, joiner = (
        transfer.parse((Ran(0, recorded(f"galera/pgrep-sst.{role}.txt"), ""),
                        Ran(0, recorded(f"galera/du-sst.{role}.txt"), "", 10.0)), None)
        for role in ("donor", "joiner")
    )  # fmt: skip
    assert (donor.role, donor.method, donor.peer) == ("donor", "rsync", "203.0.113.44")
    assert (donor.datadir_bytes, donor.bytes) == (621_920_877, 0)
    assert (joiner.role, joiner.method, joiner.peer, joiner.bytes) == ("joiner", "rsync", "", 305_213_117)
    assert joiner.bytes_per_second is None
    script, size = Ran(0, recorded("galera/pgrep-sst.joiner.txt"), ""), Ran(0, "405213117\t/var/lib/mysql\n", "", 15.0)
    assert transfer.parse((script, size), joiner).bytes_per_second == 20_000_000.0


def test_recorded_tables() -> None:
    seen = tables.parse((rows("galera/privileges.granted.txt"), rows("galera/tables.granted.txt")), None)
    assert (seen.not_innodb, seen.no_primary_key) == (2, 3)
    assert seen.names[:2] == ("app.aria_nopk: Aria, no primary key", "app.isam: MyISAM")
    with pytest.raises(Unreadable, match=r"GRANT SHOW VIEW ON [*.]+ TO 'drainboard'@'localhost'"):
        tables.parse((rows("galera/privileges.not-granted.txt"), rows("galera/tables.not-granted.txt")), None)


@pytest.mark.parametrize(
    ("recording", "statuses", "target", "sessions"),
    [
        ("up", ["UP", "UP", "UP"], "203.0.113.43", [0, 0, 0]),
        ("down", ["DOWN", "UP", "UP"], "203.0.113.44", [0, 0, 0]),
        ("maint", ["MAINT", "UP", "UP"], "203.0.113.44", [0, 1, 0]),
    ],
)
def test_recorded_writer(recording: str, statuses: list[str], target: str, sessions: list[int]) -> None:
    seen = mysql_proxy.parse((Ran(0, recorded(f"haproxy/mysql-writer.{recording}.txt"), ""),), None)
    assert [server.status for server in seen.servers] == statuses
    assert [server.backup for server in seen.servers] == [False, True, True]
    assert [server.sessions for server in seen.servers] == sessions
    assert (seen.target, seen.targets) == (target, (target,))
