"""MySQL's writer: where transactions begin, which are open, and the order in which HAProxy takes its servers."""

from dataclasses import replace

import pytest

from console.inventory.cluster import MysqlProxy
from console.probes.ask import Rows, Unreadable
from console.probes.database import galera, mysql_proxy, transactions
from console.probes.pools.servers import Admin
from tests.parsers.test_galera import VARIABLES, look, status


def test_what_its_own_clients_write_is_told_from_what_the_others_did() -> None:
    first = look(50.0, wsrep_replicated=1000)
    assert (first.written, first.written_per_second, first.quiet) == (1000, None, 0.0)
    busy = look(52.0, first, Uptime=102, wsrep_replicated=1010)
    assert (busy.written_per_second, busy.quiet) == (5.0, 0.0)
    still = look(52.2, busy, Uptime=102, wsrep_replicated=1010)
    assert still.quiet == pytest.approx(0.2)
    still = look(55.0, still, Uptime=105, wsrep_replicated=1010)
    assert (still.written_per_second, still.quiet) == (0.0, pytest.approx(3.0))
    restarted = look(57.0, still, Uptime=1, wsrep_replicated=0)
    assert restarted.quiet == 0.0
    untold = Rows(tuple(row for row in status(0.0)[0].rows if row[0] != "wsrep_replicated"), 1.0)
    assert galera.parse((untold, VARIABLES), None).quiet is None


def test_open_transactions() -> None:
    assert transactions.parse((Rows((("3", "41"),)),), None) == transactions.Transactions(3, 41)
    for rows in ((), (("3",),), (("3", "41"), ("1", "2")), (("x", "41"),)):
        with pytest.raises(Unreadable):
            transactions.parse((Rows(rows),), None)


def three(*backups: bool, **states: Admin) -> mysql_proxy.Writer:
    """node1 to node3 in this order; the first word of a status says what it is."""
    return mysql_proxy.Writer(
        True,
        tuple(
            mysql_proxy.ProxyServer(
                f"node{at}",
                f"10.0.0.1{at}",
                "UP",
                backup,
                0,
                states.get(f"node{at}", Admin.READY) is Admin.READY,
                states.get(f"node{at}", Admin.READY),
            )
            for at, backup in enumerate(backups, 1)
        ),
    )


READY, DRAIN, MAINT = Admin.READY, Admin.DRAIN, Admin.MAINT


@pytest.mark.parametrize(
    ("proxy", "address", "changes"),
    [
        (three(False, True, True), "10.0.0.11", {}),
        (three(False, True, True), "10.0.0.12", {"node1": DRAIN}),
        (three(False, True, True), "10.0.0.13", {"node1": DRAIN, "node2": DRAIN}),
        (three(False, True, True, node1=DRAIN), "10.0.0.12", {}),
        (three(False, True, True, node1=MAINT), "10.0.0.13", {"node2": DRAIN}),
        (three(False, True, True, node1=DRAIN), "10.0.0.11", {"node1": READY}),
        (three(True, True, False), "10.0.0.12", {"node1": DRAIN, "node3": DRAIN}),
        (three(False, False, True), "10.0.0.11", {"node2": DRAIN}),
        (three(False, True, True, node1=DRAIN, node2=DRAIN), "10.0.0.12", {"node2": READY}),
        (three(False, True, True), "10.0.0.99", {}),
    ],
)
def test_the_states_that_make_a_server_the_only_target(
    proxy: mysql_proxy.Writer, address: str, changes: dict[str, Admin]
) -> None:
    """Backups get nothing while an active one may serve, and then the first of them gets all."""
    assert proxy.changes(address) == changes
    told = {**{one.name: one.admin for one in proxy.servers}, **changes}
    servers = tuple(replace(one, admin=told[one.name], serving=told[one.name] is READY) for one in proxy.servers)
    assert replace(proxy, servers=servers).targets == (address,) or not changes


def test_the_orders_to_it() -> None:
    proxy = MysqlProxy("mysql", "/run/x.sock")
    run = mysql_proxy.tell(proxy, {"node2": READY, "node1": DRAIN, "a b": MAINT})
    assert run.argv == ("nc", "-U", "/run/x.sock")
    assert run.stdin == "set server mysql/node2 state ready; set server mysql/node1 state drain\n"
    assert mysql_proxy.close(proxy, ("node1", "x;y")).stdin == "shutdown sessions server mysql/node1\n"
