"""The routes of the console's own machine, as Linux prints them."""

import pytest

from console.wire.here import router_in

HEAD = "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n"
ROUTES = HEAD + "".join(
    f"{line}\t0\t0\t0\n"
    for line in (
        "eth0\t00000000\t010200C0\t0003\t0\t0\t0\t00000000",
        "eth0\t000200C0\t00000000\t0001\t0\t0\t0\t00FFFFFF",
        "tun0\t0000140A\t0200140A\t0003\t0\t0\t0\t0000FFFF",
        "tun0\tnone",
    )
)


@pytest.mark.parametrize(
    ("address", "router"),
    [
        ("198.51.100.7", "192.0.2.1"),
        ("192.0.2.9", ""),
        ("10.20.0.11", "10.20.0.2"),
        ("127.0.0.1", ""),
        ("2001:db8::1", ""),
        ("", ""),
    ],
)
def test_the_most_exact_route_counts(address: str, router: str) -> None:
    assert router_in(ROUTES, address) == router
