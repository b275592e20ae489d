"""A fault of our own is seen like any other, and ends no asking."""

import asyncio
from pathlib import Path

from console.asks import Answer, Ask, WireError
from console.poller import Poller
from console.snapshot import Known, Unknown
from console.wire import Wire
from tests.conftest import simulated


class Faulty(Wire):
    """Raises what it must not, for one machine, for a while."""

    faulty = True

    async def send(self, machine: str, asks: tuple[Ask, ...], timeout: float) -> tuple[Answer | WireError, ...]:
        if self.faulty and machine == "fw1":
            raise RuntimeError("never thought of")
        return await super().send(machine, asks, timeout)


async def test_a_wire_that_raises_is_an_answer(tmp_path: Path) -> None:
    async with simulated(tmp_path / "sim") as (_, cluster):
        wire = Faulty(cluster)
        poller = Poller(cluster, wire)
        poller.start()
        try:
            async with asyncio.timeout(20):
                while not isinstance(pools := poller.snapshot.firewall("fw1").pools, Unknown) or not pools.since:
                    await poller.change()
                assert "RuntimeError('never thought of')" in pools.why
                wire.faulty = False
                while not isinstance(poller.snapshot.firewall("fw1").pools, Known):
                    await poller.change()
        finally:
            await poller.close()
            await wire.close()
