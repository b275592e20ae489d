"""Many cases: `make matrix`, all of them, or SAMPLE=n by SEED=n. Prints a table, and whatever must not be."""

import argparse
import asyncio
import logging
import os
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor, as_completed

from .cases import Case, sample
from .play import Played, play

ENDS = ("done", "taken back", "stopped", "parked", "open", "not begun", "broken")


def one(case: Case) -> Played:
    """In a process of its own."""
    logging.getLogger("asyncio").setLevel(logging.CRITICAL)
    return asyncio.run(play(case))


def main() -> int:
    """Play; return 1 if a case ended as none may."""
    parser = argparse.ArgumentParser(prog="python -m tests.matrix", description=__doc__)
    parser.add_argument("--sample", type=int, default=0, help="so many cases; 0: all")
    parser.add_argument("--seed", type=int, default=9)
    parser.add_argument("--only", default="", help="cases whose words hold this")
    parser.add_argument("--minutes", type=float, default=0.0, help="begin none after that time; 0: no limit")
    parser.add_argument("--jobs", type=int, default=(os.cpu_count() or 1) * 2)
    options = parser.parse_args()
    meant = [case for case in sample(0, options.seed) if options.only in str(case)]
    meant = meant[: options.sample] if options.sample else meant
    played = list(_played(meant, options.jobs, options.minutes))
    print(table(played))
    wrong = [one for one in played if one.wrong]
    print(f"{len(played) - len(wrong)} of {len(played)} cases ended as they may, of {len(meant)}; seed {options.seed}")
    return 1 if wrong else 0


def _played(meant: list[Case], jobs: int, minutes: float) -> Iterable[Played]:
    """Each as soon as it is over; told in full."""
    end = time.monotonic() + minutes * 60 if minutes else float("inf")
    left = iter(meant)
    with ProcessPoolExecutor(jobs) as pool:
        under_way = {pool.submit(one, case) for _, case in zip(range(jobs), left, strict=False)}
        while under_way:
            done = next(as_completed(under_way))
            under_way.remove(done)
            print(done.result(), f"{done.result().seconds:.0f} s", flush=True)
            yield done.result()
            case = next(left, None) if time.monotonic() < end else None
            under_way |= {pool.submit(one, case)} if case else set()


def table(played: Iterable[Played]) -> str:
    """Each fault, with how many runs had which end, and how many of the open ones were done after the cure."""
    ends, cured = defaultdict[str, Counter[str]](Counter), Counter[str]()
    for each in played:
        ends[each.case.fault][each.end.removesuffix(", not struck")] += 1
        ends[each.case.fault]["wrong"] += bool(each.wrong)
        cured[each.case.fault] += each.then == "done"
    rows = [("fault", *ENDS, "done after the cure", "wrong")]
    rows += [
        (fault, *(str(found[end] or "") for end in ENDS), str(cured[fault] or ""), str(found["wrong"] or ""))
        for fault, found in sorted(ends.items())
    ]
    return "\n".join("| " + " | ".join(row) + " |" for row in (rows[0], ("---",) * len(rows[0]), *rows[1:]))


if __name__ == "__main__":
    sys.exit(main())
