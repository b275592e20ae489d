"""No answer keeps its reader for long: while a regular expression runs, no key is heard."""

import time
from collections.abc import Callable

import pytest

from console.operations.procedures.steps import Order
from console.probes.ask import MAX_OUT, Ran, Run, Unreadable
from console.probes.firewalls import config as pfsense_config
from console.probes.firewalls import pfsense
from console.probes.hosts import devices, hardware
from console.probes.parsing import ran
from console.probes.pools import relayd
from console.session.orders import error_in
from console.wire.shell import Printed

MIB = 1 << 20
SOON = 1.0
"""Seconds of the processor. Each of these took more than ten, or for ever; now a twentieth."""
ARRAY = "Personalities : [raid1]\nmd0 : active raid1 sda[0] sdb[1]\n 1 blocks [2/2] [UU]\n"
SUMMARY = "Id   Type     Name                     Avlblty Status\n"
HOSTNAME = "==> /proc/sys/kernel/hostname <==\nnode1\n"
SYNCED = "<hasync><synchronizetoip>10.0.0.2</synchronizetoip><synchronizerules>on</synchronizerules></hasync>"


def soon(read: Callable[[], object]) -> object:
    began = time.process_time()
    try:
        return read()
    finally:
        assert time.process_time() - began < SOON


def at_once(read: Callable[[], object]) -> object:
    """Between two keys: a twentieth of what an answer may take that a thread reads."""
    began = time.process_time()
    try:
        return read()
    finally:
        assert time.process_time() - began < SOON / 20


def notice(text: str) -> tuple[str, ...]:
    body = f'a:1:{{i:1;a:2:{{s:2:"id";s:13:"sync_settings";s:6:"notice";s:{len(text)}:"{text}";}}}}'
    answers = (f"2.7.2-RELEASE\n{body}", "", "", "1790000000\n")
    return pfsense.parse(tuple(Ran(0, one, "") for one in answers), None).sync_notices


def test_a_recovery_that_is_said_a_hundred_thousand_times() -> None:
    assert soon(lambda: hardware.parse_mdstat(ARRAY + "recovery=1%" * 90_000))


def test_addresses_and_hosts_without_end() -> None:
    tree = "".join(f"|-- 10.{n // 250}.{n % 250}.1\n   /32 host LOCAL\n" for n in range(15_000))
    hosts = "192.0.2.1 x\n" * 40_000
    files = f"{HOSTNAME}\n==> /proc/net/fib_trie <==\n{tree}\n==> /etc/hosts <==\n{hosts}"
    answers = (Ran(0, "/ 4096 1 1 1 1 1\n", ""), Ran(0, files, ""), Ran(0, "", ""))
    assert soon(lambda: devices.parse(answers, None))


def test_a_raid_command_that_does_not_stop_printing() -> None:
    answers = (Ran(0, "/ 4096 1 1 1 1 1\n", ""), Ran(0, HOSTNAME, ""), Ran(0, "", ""), Ran(0, "x\n" * 2 * MIB, ""))
    found = devices.parse(answers, None).raid
    assert found == devices.RaidState(None, ("the command printed more than 128 KiB",))


@pytest.mark.parametrize("row", [f"1 table web:80 {' ' * 500_000}!", f"1 host {'x' * 200} {' ' * 500_000}99%"])
def test_a_row_of_blanks(row: str) -> None:
    with pytest.raises(Unreadable):
        soon(lambda: relayd.parse((Ran(0, SUMMARY + row, ""), Ran(1, "", ""), Ran(1, "", "")), None))


@pytest.mark.parametrize("text", ["&" * 900_000, "&#38" * 200_000, f"x &#x{'9' * 500_000};", "&notit" * 150_000])
def test_a_notice_of_entities(text: str) -> None:
    (message,) = notice(text)
    assert len(message) <= 300


def test_a_notice_with_a_number_of_five_thousand_digits() -> None:
    (message,) = notice(f"no sync &#{'9' * 5000};")
    assert message.startswith("no sync ")


def test_config_is_not_read_as_deep_as_it_goes() -> None:
    rules = f"<filter>{'<rule>' * 100_000}{'</rule>' * 100_000}</filter>"
    with pytest.raises(Unreadable, match="40 levels"):
        pfsense_config.parse_xml(f"<pfsense><version>22.9</version>{SYNCED}{rules}</pfsense>")


async def test_ends_of_a_hundred_thousand_commands() -> None:
    """The machine knows the mark; what it printed is cut into its parts between two keys."""
    printed = Printed("0123456789abcdef")
    part = f"{printed.mark}\n\n{printed.mark} 0\n".encode()
    printed.out(part * (MAX_OUT // len(part)))
    began = time.process_time()
    with pytest.raises(Unreadable, match="more than the 5 commands"):
        printed.answered(5)
    assert time.process_time() - began < SOON / 10


REFUSED = 'drainboard {"ok": false, "why": "no"}'
NO_RESULT = "pfSense's PHP ended with status 0 and no result"
FULL = {
    "lines": ("\n" * MAX_OUT, NO_RESULT),
    "results": ("drainboard {}\n" * (MAX_OUT // 14), "pfSense's PHP gave no reason"),
    "lines before it": ("xy\n" * MIB + REFUSED, "no"),
    "lines after it": (REFUSED + "\r\n" + "xy\n" * MIB, "no"),
    "one word": ("drainboard" * (MAX_OUT // 10), NO_RESULT),
    "a list": ('drainboard {"why": [' + "1," * (MAX_OUT // 2) + "1]}", NO_RESULT),
    "names": ("drainboard {" + ",".join(f'"{name}":0' for name in range(300_000)) + "}", NO_RESULT),
}
"""Output of PHP, up to all that the wire takes, and the sentence on it."""


@pytest.mark.parametrize("name", FULL)
def test_the_result_of_an_order_among_megabytes(name: str) -> None:
    printed, why = FULL[name]
    php = Order("fw1", Run(("/usr/local/bin/php", "-q"), root=True, timeout=60))
    assert at_once(lambda: error_in(php, Ran(0, printed, ""))) == f"fw1: {why}"


@pytest.mark.parametrize(
    "text", ["x\n" + "xy\n" * (MAX_OUT // 3), "x\r\n" + "\n" * (MAX_OUT - 3), "\n" * (MAX_OUT - 1) + "x"]
)
def test_the_first_line_of_megabytes(text: str) -> None:
    """Only the first line is quoted, of an order and of a question that failed."""
    restart = Order("node1", Run(("systemctl", "start", "apache2"), root=True, timeout=60))
    assert at_once(lambda: error_in(restart, Ran(0, text, ""))) == "node1: x"
    with pytest.raises(Unreadable, match=r"status 1: x$"):
        at_once(lambda: ran(Ran(1, text, "")))
    assert error_in(restart, Ran(1, text, " \n")) is None
