"""A small /bin/sh: runs what `syntax` reads against a table of commands, as the login user or through sudo."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from typing import TypeVar

from console.sim.machine import Machine
from console.sim.syntax import ASSIGNMENT, Redirect, ShellSyntaxError, Simple, Step, Unfinished, Word, parse
from console.sim.waiting import until

NOT_FOUND = 127
ROOTS = ("root", "admin")
"""Users that are uid 0: `admin` is, on pfSense."""


@dataclass(frozen=True)
class Call:
    """One command being run."""

    argv: tuple[str, ...]
    stdin: str
    out: Callable[[str], None]
    err: Callable[[str], None]
    root: bool
    shell: "Shell"

    @property
    def name(self) -> str:
        """The command's name without its folder."""
        return self.argv[0].rpartition("/")[2]

    def fail(self, message: str, status: int = 1) -> int:
        """Complain, and return the status."""
        self.err(message + "\n")
        return status


Command = Callable[[Call], Awaitable[int]]
Of = TypeVar("Of", bound=Machine)


def bound(act: Callable[[Call, Of], int | Awaitable[int]], machine: Of) -> Command:
    """A command of one machine."""

    async def command(call: Call) -> int:
        done = act(call, machine)
        return done if isinstance(done, int) else await done

    return command


@dataclass(frozen=True)
class System:
    """The machine behind its shells: commands by name, files by path, and the pace of its time."""

    machine: Machine
    commands: Mapping[str, Command]
    files: Callable[[str, bool], str | None]
    """(path, root) -> text, or None where there is no such file."""
    sleep: Callable[[float], Awaitable[None]]


class Shell:
    """One /bin/sh process."""

    def __init__(self, system: System, user: str, out: Callable[[str], None], err: Callable[[str], None]) -> None:
        self.system = system
        self.root = user in ROOTS
        self.variables = {"?": "0", "USER": user, "LOGNAME": user, "$": "4242", "#": "0"}
        self.more: Callable[[], Awaitable[str]] = _nothing
        """Reads on from the standard input that feeds the script: after `exec` it is the command's own."""
        self._out = out
        self._err = err
        self._exit: int | None = None

    async def obey(self, read: Callable[[], Awaitable[str]]) -> int:
        """A script that comes in pieces, until there are no more: whole lines are run when they are there."""
        text, status, self.more = "", 0, read
        while self._exit is None and (more := await read()):
            text += more
            try:
                steps = parse(text) if text.endswith("\n") else None
            except Unfinished:
                continue
            except ShellSyntaxError:
                break
            if steps is not None:
                text, status = "", await self._steps(steps)
        return await self.run(text) if text else status

    async def run(self, script: str) -> int:
        """The whole script; the status is that of its last command."""
        try:
            return await self._steps(parse(script))
        except ShellSyntaxError as error:
            self._err(f"sh: Syntax error: {error}\n")
            return 2

    async def _steps(self, steps: list[Step]) -> int:
        status = 0
        for step in steps:
            if (step.connector == "&&" and status) or (step.connector == "||" and not status):
                continue
            status = await self._pipeline(step.commands)
            self.variables["?"] = str(status)
            if self._exit is not None:
                return self._exit
        return status

    async def call(self, call: Call) -> int:
        """Run one command line that needs no more expansion. A hung machine runs nothing."""
        await until(lambda: not self.system.machine.hung)
        command = BUILTINS.get(call.argv[0]) or self.system.commands.get(call.name)
        if command is None:
            return call.fail(f"sh: {call.argv[0]}: not found", NOT_FOUND)
        return await command(call)

    def leave(self, status: int) -> None:
        """Act like `exit`."""
        self._exit = status

    async def _pipeline(self, commands: tuple[Simple, ...]) -> int:
        stdin, status = "", 0
        for place, command in enumerate(commands):
            pipe: list[str] = []
            last = place == len(commands) - 1
            status = await self._simple(command, stdin, self._out if last else pipe.append)
            stdin = "".join(pipe)
        return status

    async def _simple(self, command: Simple, stdin: str, out: Callable[[str], None]) -> int:
        words = list(command.words)
        while words and (found := ASSIGNMENT.match(words[0].plain)):
            self.variables[found[1]] = self._expand(words.pop(0))[len(found[0]) :]
        expanded = ((self._expand(word), word.quoted) for word in words)
        argv = tuple(text for text, quoted in expanded if text or quoted)
        call = Call(argv, stdin, out, self._err, self.root, self)
        for redirect in command.redirects:
            redirected = self._redirected(call, redirect)
            if redirected is None:
                self._err(f"sh: cannot open {self._expand(redirect.target)}: No such file\n")
                return 2
            call = redirected
        return await self.call(call) if argv else 0

    def _expand(self, word: Word) -> str:
        return "".join(self.variables.get(part.text, "") if part.variable else part.text for part in word.parts)

    def _redirected(self, call: Call, redirect: Redirect) -> Call | None:
        target = self._expand(redirect.target)
        stream = "err" if redirect.fd == 2 else "out"
        match redirect.operator:
            case "<<":
                return replace(call, stdin="".join(redirect.body))
            case "<":
                text = self._read(target)
                return None if text is None else replace(call, stdin=text)
            case ">&":
                return replace(call, **{stream: call.err if target == "2" else call.out})
            case _:
                return replace(call, **{stream: self._writer(target, redirect.operator == ">>")})

    def _read(self, path: str) -> str | None:
        return "" if path == "/dev/null" else self.read(path, self.root)

    def read(self, path: str, root: bool) -> str | None:
        """A file of the machine, or one a script left there."""
        written = self.system.machine.written.get(path)
        return self.system.files(path, root) if written is None else written

    def _writer(self, path: str, append: bool) -> Callable[[str], None]:
        files = self.system.machine.written
        if path == "/dev/null":
            return lambda _text: None
        if not append or path not in files:
            files[path] = ""

        def write(text: str) -> None:
            files[path] += text

        return write


async def _echo(call: Call) -> int:
    words = call.argv[1:]
    newline = "" if words[:1] == ("-n",) else "\n"
    call.out(" ".join(words[0 if newline else 1 :]) + newline)
    return 0


async def _true(_call: Call) -> int:
    return 0


async def _false(_call: Call) -> int:
    return 1


async def _test(call: Call) -> int:
    """[ LEFT = RIGHT ], the one comparison there is."""
    if len(call.argv) != 5 or call.argv[2] != "=" or call.argv[4] != "]":
        return call.fail("[: syntax error", 2)
    return 0 if call.argv[1] == call.argv[3] else 1


async def _exec(call: Call) -> int:
    """The command takes the shell's place."""
    status = await call.shell.call(replace(call, argv=call.argv[1:]))
    call.shell.leave(status)
    return status


async def _nothing() -> str:
    return ""


async def _exit(call: Call) -> int:
    status = int(call.argv[1]) if call.argv[1:] and call.argv[1].isdigit() else int(call.shell.variables["?"])
    call.shell.leave(status)
    return status


async def _cat(call: Call) -> int:
    if not call.argv[1:]:
        call.out(call.stdin)
    status = 0
    for path in call.argv[1:]:
        text = call.shell.read(path, call.root)
        if text is None:
            status = call.fail(f"cat: {path}: No such file or directory")
        else:
            call.out(text)
    return status


async def _sleep(call: Call) -> int:
    await call.shell.system.sleep(float(call.argv[1]))
    return 0


async def _id(call: Call) -> int:
    call.out("0\n" if call.root else "1001\n")
    return 0


async def _whoami(call: Call) -> int:
    call.out("root\n" if call.root else call.shell.variables["USER"] + "\n")
    return 0


async def _hostname(call: Call) -> int:
    call.out(call.shell.system.machine.name + "\n")
    return 0


async def _timeout(call: Call) -> int:
    """The seconds are real ones: they guard the machine, not its clock."""
    seconds, argv = float(call.argv[1].rstrip("s")), call.argv[2:]
    known = argv[0] in BUILTINS or argv[0].rpartition("/")[2] in call.shell.system.commands
    if not known:
        return call.fail(f"timeout: failed to run command '{argv[0]}': No such file or directory", NOT_FOUND)
    try:
        async with asyncio.timeout(seconds):
            return await call.shell.call(replace(call, argv=argv))
    except TimeoutError:
        return 124


async def _sudo(call: Call) -> int:
    argv = call.argv[2:] if call.argv[1:2] == ("-n",) else call.argv[1:]
    if not call.root and not call.shell.system.machine.sudo:
        return call.fail("sudo: a password is required")
    if argv[:1] == ("-l",):
        call.out(" ".join(argv[1:]) + "\n")
        return 0
    if not (argv[0] in BUILTINS or argv[0].rpartition("/")[2] in call.shell.system.commands):
        return call.fail(f"sudo: {argv[0]}: command not found")
    return await call.shell.call(replace(call, argv=argv, root=True))


BUILTINS: dict[str, Command] = {
    ":": _true,
    "[": _test,
    "cat": _cat,
    "echo": _echo,
    "exec": _exec,
    "exit": _exit,
    "export": _true,
    "false": _false,
    "hostname": _hostname,
    "id": _id,
    "sleep": _sleep,
    "sudo": _sudo,
    "timeout": _timeout,
    "true": _true,
    "whoami": _whoami,
}
