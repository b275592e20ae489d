import asyncio

import pytest

from console.asks import Ran, Run, WireError
from .conftest import Bench
from .machines import cluster


async def test_all_commands_of_a_call_travel_in_one_script(bench: Bench) -> None:
    node = await bench.machine()
    wire = bench.wire(cluster(bench.folder, node.port))
    answers = await wire.send(
        "node1", (Run(("echo", "a b; $HOME `id`")), Run(("cat",), stdin="two\nlines\n"), Run(("false",))), 5
    )
    assert answers == (Ran(0, "a b; $HOME `id`\n", ""), Ran(0, "two\nlines\n", ""), Ran(1, "", ""))
    assert node.commands == ["/bin/sh"]
    assert len(node.scripts) == 1
