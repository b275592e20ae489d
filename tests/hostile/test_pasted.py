"""What a person may paste into a shell, sudoers or MySQL holds nothing that a machine or an inventory slipped in."""

import pytest

from console.asks import Rows, Unreadable
from console.probes import tables

GRANT = "on one node: GRANT SHOW VIEW ON *.* TO "


def remedy(grantee: str) -> str:
    with pytest.raises(Unreadable) as why:
        tables.parse((Rows(((grantee, "USAGE"),)), Rows(())), None)
    return str(why.value)


@pytest.mark.parametrize("user", ["'drainboard'@'localhost'", "'drain-board'@'10.0.0.0/255.255.255.0'", "'u'@'%'"])
def test_a_user_is_named_in_the_statement_that_helps(user: str) -> None:
    assert remedy(user).endswith(GRANT + user)


@pytest.mark.parametrize(
    "grantee",
    [
        "'u'@'%'; GRANT ALL ON *.* TO 'evil'@'%'",
        "'u'@'%' IDENTIFIED BY 'x'",
        "'u'@'%'\n\\! curl evil",
        "'u\\'@'%'",
        "'ù\u202e'@'%'",
        "",
    ],
)
def test_a_server_chooses_no_statement(grantee: str) -> None:
    assert remedy(grantee) == f"USER is not shown the tables; {GRANT}USER"
