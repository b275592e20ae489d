"""Command line of the lab: python3 -m tests.lab up | down | status | cut | on | exec | inside | load."""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from dataclasses import asdict

from . import host, network, slots
from .lab import Lab, clean_stale, remove
from .plan import MACHINES


def main() -> int:
    """Run one command; the exit code is the command's, or 1 with a sentence."""
    options = _parser().parse_args()
    why = host.why_not()
    if why:
        print(f"no lab here: {why}", file=sys.stderr)
        return 1
    try:
        return options.call(options)
    except host.LabError as error:
        print(f"lab: {error}", file=sys.stderr)
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python3 -m tests.lab", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def add(name: str, call: object, text: str) -> argparse.ArgumentParser:
        command = commands.add_parser(name, help=text, description=text)
        command.add_argument("--name", default="default", help="which lab (default: %(default)s)")
        command.set_defaults(call=call)
        return command

    add("up", _up, "build a lab and wait until it is healthy")
    add("down", _down, "remove it without a trace")
    add("status", _status, "which labs there are, and whether this one is healthy")
    add("reset", _reset, "everything on, every server active and ready")
    for name, call, text in (("cut", _cut, "pull a machine's plug"), ("on", _on, "power a machine on")):
        command = add(name, call, text)
        command.add_argument("machine", choices=MACHINES)
        if name == "cut":
            command.add_argument("--silent", action="store_true", help="links first: the others get no FIN or RST")
    command = add("exec", _exec, "run a command on a machine: exec node1 -- cmd...")
    command.add_argument("machine", choices=MACHINES)
    command.add_argument("words", nargs="+")
    add("inside", _inside, "run a command of this host in the lab's network: inside -- cmd...").add_argument(
        "words", nargs="+"
    )
    command = add("load", _load, "send requests through the WAN VIP and print what came of them")
    command.add_argument("--seconds", type=float, default=10)
    command.add_argument("--rate", type=float, default=50)
    command.add_argument("--keep-alive", action="store_true")
    return parser


def _up(options: argparse.Namespace) -> int:
    began = time.monotonic()
    lab = Lab.up(options.name)
    print(f"lab {lab.name} is up after {time.monotonic() - began:.1f} s; inventory: {lab.inventory}")
    return 0


def _down(options: argparse.Namespace) -> int:
    stale = clean_stale()
    if options.name not in stale:
        remove(slots.find(options.name).plan)
    return 0


def _status(options: argparse.Namespace) -> int:
    for entry in slots.entries():
        mark = "stale" if entry.stale else "owned" if entry.owner else "kept"
        print(f"{entry.plan.name}: slot {entry.plan.slot}, {mark}, WAN VIP {entry.plan.wan_vip}, {entry.plan.dir}")
    lab = Lab.find(options.name)
    for name, machine in lab.machines.items():
        print(f"  {name:6} {lab.plan.lan(name):15} {'on' if machine.is_on else 'off'}")
    why = lab.why_now()
    print(f"  not healthy: {why}" if why else "  healthy")
    return 1 if why else 0


def _reset(options: argparse.Namespace) -> int:
    Lab.find(options.name).reset()
    return 0


def _cut(options: argparse.Namespace) -> int:
    Lab.find(options.name).cut(options.machine, silent=options.silent)
    return 0


def _on(options: argparse.Namespace) -> int:
    Lab.find(options.name).on(options.machine)
    return 0


def _exec(options: argparse.Namespace) -> int:
    argv = Lab.find(options.name).machines[options.machine].enter_argv(options.words)
    os.execvp(argv[0], argv)


def _inside(options: argparse.Namespace) -> int:
    argv = [*network.inside(slots.find(options.name).plan.netns), *options.words]
    os.execvp(argv[0], argv)


def _load(options: argparse.Namespace) -> int:
    with Lab.find(options.name).load(rate=options.rate, keep_alive=options.keep_alive) as load:
        time.sleep(options.seconds)
    print(json.dumps(asdict(load.result)))
    return 0 if load.result.failures == 0 else 1


if __name__ == "__main__":
    sys.exit(main())
