"""The system's own `ssh` with the very options that the console's connection has, for a person's shell."""

import shlex

from console.inventory.cluster import Login
from console.wire.door import Target
from console.wire.login import jumps, target_of

STRICT = ("StrictHostKeyChecking=yes", "ForwardAgent=no", "ForwardX11=no")
"""Never an unchecked host key, never a forwarded agent."""


async def ssh_argv(name: str, login: Login) -> tuple[str, ...]:
    """The command line that leads where the console's connection to a machine does. Raises WireError."""
    return await _argv(await target_of(name, login), 0)


async def _argv(target: Target, depth: int, through: str = "") -> tuple[str, ...]:
    """`through`: the command that carries it; "" for what ssh_config says."""
    login = target.login
    through = through or await _through(target, depth)
    options = [
        *STRICT,
        *(
            (f"UserKnownHostsFile={_path(login.known_hosts)}", "GlobalKnownHostsFile=/dev/null")
            if login.known_hosts
            else ()
        ),
        *((f"IdentityFile={_path(login.identity)}", "IdentitiesOnly=yes") if login.identity else ()),
        *((f"ProxyCommand={through}",) if through else ()),
    ]
    return (
        "ssh",
        *(("-F", str(login.config)) if login.config else ()),
        *(word for option in options for word in ("-o", option)),
        *(("-p", str(login.port)) if login.port else ()),
        *(("-l", login.user) if login.user else ()),
        "--",
        login.host,
    )


async def _through(target: Target, depth: int) -> str:
    """The way through jump hosts, written out where the inventory names known_hosts: ssh hands those of its command
    line to no jump host."""
    command = ""
    for login in jumps(target, depth) if target.login.known_hosts else ():
        jump = await target_of(f"jump host {login.host} for {target.name}", login)
        *words, host = await _argv(jump, depth + 1, command)
        command = f"{shlex.join(words[:-1]).replace('%', '%%')} -W '[%h]:%p' -- {shlex.quote(host).replace('%', '%%')}"
    return command


def _path(path: object) -> str:
    """A path as ssh_config(5) reads it: in quotes, and without tokens."""
    return f'"{path}"'.replace("%", "%%")
