"""An administrator's wish in `show servers state`, printed by HAProxy 2.6 for one server after the other.

The server has `disabled` in haproxy.cfg, as it has after a reload of a firewall on which it was taken out.
"""

import pytest

from console.probes.pools.haproxy import State, parse_state
from console.probes.pools.servers import Admin


@pytest.mark.parametrize(
    ("asked", "line", "admin"),
    [
        ("nothing yet", "2 a 1 s 127.0.0.1 0 5 1 1 1", Admin.MAINT),
        ("set server a/s state ready", "2 a 1 s 127.0.0.1 2 4 1 1 1", Admin.READY),
        ("set server a/s state drain", "2 a 1 s 127.0.0.1 2 12 1 1 1", Admin.DRAIN),
        ("set server a/s state maint", "2 a 1 s 127.0.0.1 0 5 1 1 1", Admin.MAINT),
    ],
)
def test_of_a_server_that_is_disabled_in_haproxy_cfg(asked: str, line: str, admin: Admin) -> None:
    head = "be_id be_name srv_id srv_name srv_addr srv_op_state srv_admin_state srv_uweight srv_iweight srv_time"
    assert parse_state(f"{head}\n{line}\n") == {("a", "s"): State(admin, address="127.0.0.1")}, asked
