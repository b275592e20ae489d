"""FreeBSD's own output on a firewall: ifconfig, sysctl, pfctl, date and find, as 14 prints it, or 11 below pfSense 2.5.
Formats: sbin/ifconfig/ifcarp.c and ifpfsync.c, sbin/pfctl/pfctl_parser.c and pf_print_state.c."""

import time

from console.sim.firewall import Carp, Firewall
from console.sim.shell import Call

STATUS = """\
Status: Enabled for {days} days {clock}           Debug: Urgent

State Table                          Total             Rate
  current entries                   {states:>6}               
  searches                       {searches:>9}          117.0/s
  inserts                        {inserts:>9}            9.2/s
  removals                       {inserts:>9}            9.2/s
"""  # noqa: W291 -- as printed


def ifconfig(firewall: Firewall, carp: Carp) -> str:
    """`ifconfig -a`. While CARP is disabled the addresses are gone, and with them their vhids."""
    config = firewall.config
    interfaces = (
        ("em0", "wan", config.wan, "198.51.100.10", 1),
        ("em1", "lan", config.lan, "10.20.0.1", 2),
        ("em2", "sync", config.sync, "", 0),
    )
    printed = [
        _interface(firewall, place, name, own, vip, f"{carp.role(firewall, role)} vhid {vhid}")
        for place, (name, role, own, vip, vhid) in enumerate(interfaces, 1)
    ]
    return "".join((*printed, _pfsync(firewall)))


def _old(firewall: Firewall) -> bool:
    return firewall.release.startswith("2.4")


def _interface(firewall: Firewall, place: int, name: str, own: str, vip: str, role: str) -> str:
    down = name == "em0" and firewall.unplugged
    old = _old(firewall)
    flags = "8943<UP,BROADCAST,RUNNING,PROMISC,SIMPLEX,MULTICAST"
    lines = [
        f"{name}: flags={flags}>" if old else f"{name}: flags=100{flags}{'' if down else ',LOWER_UP'}>",
        "\toptions=8120b8<VLAN_MTU,VLAN_HWTAGGING,JUMBO_MTU,VLAN_HWCSUM,WOL_MAGIC,VLAN_HWFILTER>",
        f"\tether 02:00:00:aa:00:{place:02}",
        f"\tinet {own} netmask 0xffffff00 broadcast {_broadcast(own)}",
    ]
    lines[0] += " metric 0 mtu 1500"
    if vip and firewall.allow:
        number = role.rpartition(" ")[2]
        lines += [
            f"\tinet {vip} netmask 0xffffff00 broadcast {_broadcast(vip)} vhid {number}",
            f"\tcarp: {role} advbase 1 advskew {firewall.advskew}",
            *(() if old else ("\t      peer 224.0.0.18 peer6 ff02::12",)),
        ]
    lines += [
        f"\tmedia: Ethernet autoselect{'' if down else ' (1000baseT <full-duplex>)'}",
        f"\tstatus: {'no carrier' if down else 'active'}",
        *(() if old else ("\tnd6 options=29<PERFORMNUD,IFDISABLED,AUTO_LINKLOCAL>",)),
    ]
    return "\n".join(lines) + "\n"


def _pfsync(firewall: Firewall) -> str:
    old, peer = _old(firewall), firewall.config.peer
    if not firewall.pfsync:
        rest = "" if old else "maxupd: 128 defer: off version: 1400\n\tsyncok: 1\n"
        return f"pfsync0: flags={'0' if old else '1000000'}<> metric 0 mtu 1500\n\tgroups: pfsync\n{rest}"
    flags = "41<UP,RUNNING>" if old else "1000041<UP,RUNNING,LOWER_UP>"
    word, rest = ("pfsync: ", "") if old else ("", " version: 1400")
    line = f"\t{word}syncdev: em2 syncpeer: {peer} maxupd: 128 defer: off{rest}\n\tsyncok: 1\n\tgroups: pfsync\n"
    return f"pfsync0: flags={flags} metric 0 mtu 1500\n{line}"


def _broadcast(address: str) -> str:
    return address.rpartition(".")[0] + ".255"


def sysctl(call: Call, firewall: Firewall) -> int:
    """Print the values of the variables asked for."""
    boot = int(firewall.booted_at)
    date = time.strftime("%a %b %e %H:%M:%S %Y", time.gmtime(boot))
    known = {
        "net.inet.carp.allow": str(int(firewall.allow)),
        "net.inet.carp.demotion": str(firewall.demoted),
        "net.inet.carp.preempt": "1",
        "kern.hostuuid": str(firewall.machine_id),
        "kern.boottime": f"{{ sec = {boot}, usec = 431022 }} {date}",
        "vm.loadavg": "{ 0.21 0.24 0.19 }",
    }
    status = 0
    for name in call.argv[1:]:
        if name in known:
            call.out(f"{name}: {known[name]}\n")
        else:
            status = call.fail(f"sysctl: unknown oid '{name}'")
    return status


def date(call: Call, _firewall: Firewall) -> int:
    """`date +%s`: whole seconds are all that FreeBSD's date has here."""
    if call.argv[1:] != ("+%s",):
        return call.fail("date: only +%s is known here")
    call.out(f"{int(time.time())}\n")  # a real clock, as a node's
    return 0


def stat(call: Call, _firewall: Firewall) -> int:
    """`stat -f %m` of the server-state file, which nobody has written yet."""
    if call.argv[1:3] != ("-f", "%m"):
        return call.fail("usage: stat [-FLnq] [-f format | -l | -r | -s | -x] [-t timefmt] [file ...]")
    return call.fail(f"stat: {call.argv[3]}: stat: No such file or directory")


def pfctl(call: Call, firewall: Firewall) -> int:
    """`-si` and `-ss`; /dev/pf is root's."""
    if not call.root:
        return call.fail("pfctl: /dev/pf: Permission denied")
    if call.argv[1:] == ("-si",):
        up = int(firewall.clock.now - firewall.booted_at)
        clock = time.strftime("%H:%M:%S", time.gmtime(up))
        call.out(
            STATUS.format(
                days=up // 86400, clock=clock, states=firewall.states, searches=up * 117, inserts=int(up * 9.2)
            )
        )
        return 0
    if call.argv[1:] == ("-ss",):
        call.out("".join(_states(firewall)))
        return 0
    return call.fail("usage: pfctl [-AdeghmNnOPqRrvz] [-a anchor] ...")


def _states(firewall: Firewall) -> list[str]:
    """Each visitor's connection twice: as it came in, redirected, and as it went out."""
    lines = ["em2 carp 172.16.1.2 -> 224.0.0.18       SINGLE:NO_TRAFFIC\n"]
    for address, port, count in firewall.sessions:
        for number in range(count):
            visitor, rest = f"203.0.113.{number % 250 + 1}:{40000 + number}", "       ESTABLISHED:ESTABLISHED\n"
            lines.append(f"em0 tcp {address}:{port} (198.51.100.10:{port}) <- {visitor}{rest}")
            lines.append(f"em1 tcp {visitor} -> {address}:{port}{rest}")
    return lines


def pids(call: Call, firewall: Firewall) -> int:
    """`pgrep -x haproxy` within a script: all on one line, and 0 where there are several."""
    processes = firewall.processes
    call.out(" ".join(("haproxy:", *(str(process.pid) for process in processes))) + "\n")
    return 0 if len(processes) > 1 else 1


def sockstat(call: Call, firewall: Firewall) -> int:
    """`-P tcp -c`: HAProxy's connections to the nodes, and one of somebody else's."""
    if call.argv[1:] != ("-P", "tcp", "-c"):
        return call.fail("usage: sockstat [-46ciLlnqSsUuvw] [-j jid] [-p ports] [-P protocols]")
    columns = "{:<8} {:<10} {:<5} {:<3} {:<6} {:<21} {:<21}\n".format
    lines = [columns("USER", "COMMAND", "PID", "FD", "PROTO", "LOCAL ADDRESS", "FOREIGN ADDRESS")]
    lines.append(columns("root", "sshd", 812, 4, "tcp4", f"{firewall.config.lan}:22", "10.20.0.50:50122"))
    for process in firewall.processes:
        for server in process.servers:
            for number in range(round(server.sessions)):
                local, foreign = f"{firewall.config.lan}:{20000 + number}", f"{server.address}:{server.port}"
                lines.append(columns("proxy", "haproxy", process.pid, 11 + number, "tcp4", local, foreign))
    call.out("".join(lines))
    return 0


def find(call: Call, firewall: Firewall) -> int:
    """The dirty files: nothing else is looked for."""
    if call.argv[1:] != ("/var/run", "-maxdepth", "1", "-name", "*.dirty"):
        return call.fail("find: only the dirty files of /var/run are known here")
    call.out("".join(f"/var/run/{subsystem}.dirty\n" for subsystem in sorted(firewall.unapplied)))
    return 0
