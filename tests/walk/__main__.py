"""Many walks: `make walk`, WALKS=n of them from SEED=n on. A failing one is told; its seed alone repeats its steps."""

import argparse
import asyncio
import logging
import os
import sys
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor

from .walk import Walked, walk


def one(seed: int) -> Walked:
    """In a process of its own."""
    logging.getLogger("asyncio").setLevel(logging.CRITICAL)
    return asyncio.run(walk(seed))


def main() -> int:
    """Walk; return 1 if a walk failed."""
    parser = argparse.ArgumentParser(prog="python -m tests.walk", description=__doc__)
    parser.add_argument("--walks", type=int, default=400)
    parser.add_argument("--seed", type=int, default=1000)
    parser.add_argument("--jobs", type=int, default=(os.cpu_count() or 1) * 3 // 2)
    parser.add_argument("--story", action="store_true", help="also of a walk in which everything held")
    options = parser.parse_args()
    seeds = range(options.seed, options.seed + options.walks)
    with ProcessPoolExecutor(min(options.jobs, options.walks)) as pool:
        failed = told(pool.map(one, seeds), options.story)
    print(f"{len(seeds) - len(failed)} of {len(seeds)} walks held", f"failed: {failed}" if failed else "")
    return 1 if failed else 0


def told(walks: Iterable[Walked], story: bool) -> list[int]:
    """The seeds of those that failed."""
    failed: list[int] = []
    for walked in walks:
        if walked.wrong:
            failed.append(walked.seed)
        if walked.wrong or story:
            print(walked.told)
        print(f"walk {walked.seed}: {'FAILED' if walked.wrong else 'held'}, {walked.seconds:.0f} s", flush=True)
    return failed


if __name__ == "__main__":
    sys.exit(main())
