"""A report of a patch: machine by machine, with usual times; and one page that nothing of a machine's can break."""

import json
import re
from pathlib import Path
from typing import Any

from console.cli.report import FORMATS, Told
from console.session.journal_lines import Entry
from console.session.journal_record import Record
from console.session.story import story, usual

HOSTILE = "</td><script>alert(1)</script>\x1b[2J<img src=//evil onerror=x> & \u202e"


def patched(run: int, slow: float, says: str = "node2 is fit") -> Record:
    """A patch of node2, begun at the hour `run`."""
    began, lines = 3600.0 * run, list[Entry]()

    def write(after: float, kind: str, **facts: Any) -> None:
        before = lines[-1].at if lines else began
        lines.append(Entry(before + after, kind, facts, len(lines)))

    def seen(after: float, step: str, says: str = "", **facts: Any) -> None:
        write(after, "seen", on="node2", step=step, says=says, missed={}, **facts)

    def visits(before: float, during: float) -> dict[str, Any]:
        """So many served ones, each of 80 ms, and of 160 ms."""
        slow = {"served": during, "seconds": during * 0.16, "longest": 0.3, "slow": 0}
        return {"since": began, "before": {"served": before, "seconds": before * 0.08, "longest": 0.1}, "during": slow}

    write(0, "opened", run=run, node="shop", action="patch", who="ops@desk")
    write(3, "found", **{"packages node2": "libc6=2.36-2 bash=5.2", "versions node2": "libc6=2.36-1 bash="})
    seen(0, "pending", visits=visits(10, 0))
    write(60, "agreed", on="node2", step="gate", by="ops@desk", says="ask before node2", reason="", overridden=[])
    write(1, "sending", on="node2", step="out at run time", orders=["fw1: set"], within={})
    seen(1, "out at run time")
    write(0, "sending", on="node2", step="packages", orders=["node2: apt-get"], within={})
    write(0, "answered", on="node2", step="packages", errors={}, lost=[])
    seen(slow, "packages", visits=visits(10, 30))
    seen(5, "updated", "node2 is updated")
    write(0, "found", **{"copy node2": "node3"})
    seen(120, "fit", says)
    seen(4, "back at run time")
    writes = "0 of 31 writes failed; longest gap between two commits 1.7 s, at 14:03:11"
    seen(2, "visits", f"0 of 1,284 visits failed since 14:02:11; 84 ms on average, 310 ms at most; {writes}")
    write(0, "closed", outcome="done")
    return Record(Path(f"{run}-shop-patch.jsonl"), tuple(lines))


def told(says: str = "node2 is fit") -> Told:
    records = [patched(1, 30.0), patched(2, 50.0), patched(3, 40.0), patched(4, 90.0, says)]
    known = usual(records, records[-1])
    return Told(story("shop", records[-1]), "shop", "done, after 5 min", "/var/j", "2026-11-30 14:02:11", known)


def test_times_count_from_the_line_before_and_stand_beside_the_usual_ones() -> None:
    took = {part.name: part.took for part in told().run.parts}
    assert took["fit"] == 120
    assert took["gate"] == 60
    assert took["pending"] == 3, "what was found is no step"
    assert told().usual["node2", "packages"] == 40
    first = patched(1, 30.0)
    assert usual([first], first) == {}, "nothing is usual for a first run"


def test_a_patch_is_told_machine_by_machine() -> None:
    lines = list(FORMATS["markdown"](told()))
    assert "| node2 | 2 updates | 4 min | by a full copy (SST) from node3 |" in lines
    assert "| libc6 | 2.36-1 | 2.36-2 | node2 |" in lines
    assert "| bash |  | 5.2 | node2 |" in lines
    assert "- visitors: 0 of 1,284 visits failed since 14:02:11; 84 ms on average, 310 ms at most" in lines
    (packages,) = (line for line in lines if "| node2 | packages |" in line)
    assert "| done, 90 s | 40 s |" in packages
    (gate,) = (line for line in lines if "| node2 | gate |" in line)
    assert "| agreed to, 60 s |" in gate


def test_latency_is_told_before_and_while_a_machine_is_out_and_drawn_over_time() -> None:
    lines = list(FORMATS["markdown"](told()))
    assert "| before | 10 | 80 ms | 100 ms | 0 over 1 s |" in lines
    assert "| while a machine was out | 30 | 160 ms | 300 ms | 0 over 1 s |" in lines
    page = "\n".join(FORMATS["html"](told()))
    (points,) = re.findall(r'<polyline points="([^"]*)"', page)
    heights = [float(one.partition(",")[2]) for one in points.split()]
    low, high = 28 * 4 - 4, 28 + 8
    assert heights == [(low + high) / 2, high], "80 ms is half of 160"
    assert ">160 ms<" in page


def test_json_has_the_same() -> None:
    run = json.loads("\n".join(FORMATS["json"](told())))
    assert run["updated"][0]["packages"][0] == {"name": "libc6", "before": "2.36-1", "after": "2.36-2"}
    assert {part["name"]: part["usual"] for part in run["parts"]}["packages"] == 40
    assert run["visits"].startswith("0 of 1,284")


def test_a_page_has_no_script_and_nothing_of_a_machines_is_markup() -> None:
    page = "\n".join(FORMATS["html"](told(HOSTILE)))
    assert "&lt;script&gt;alert(1)" in page
    assert not re.search(r"<(script|img|link|iframe|object)|\x1b|\u202e|https?:|url\(|@import|\bsrc=\"", page)
    assert page.count("<table>") == page.count("</table>") == 5
    assert page.count("<td>") == page.count("</td>")
    bars = re.findall(r'<rect x="([0-9.]+)" y="4" width="([0-9.]+)" [^>]*><title>([^<]*)', page)
    assert [title for _, _, title in bars] == [
        "node2 is left in",
        "node2 is out for 4 min",
        "gate: agreed to, 60 s",
        "packages: done, 90 s",
        "updated: done, 5 s",
    ]
    assert all(90 <= float(x) <= 900 and float(x) + float(width) <= 901.1 for x, width, _ in bars)
