"""An inventory is read, or refused with one sentence that names file, key, fault and what is allowed."""

import os
import re
import tomllib
from dataclasses import fields
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from console.inventory.cluster import (
    Cluster,
    Firewall,
    Login,
    Mysql,
    MysqlProxy,
    Notify,
    Patch,
    Raid,
    Timings,
    Vip,
    Web,
)
from console.inventory.load import InventoryError, load

EXAMPLE = Path(__file__).parents[2] / "inventory.example.toml"

SMALL = """
[cluster.web1.firewalls]
fw1 = "10.0.0.2"
[cluster.web1.nodes]
node1 = "10.0.0.11"
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "inventory.toml"
    path.write_text(text)
    return path


def loaded(folder: Path, text: str) -> Cluster:
    (cluster,) = load(written(folder, text)).clusters
    return cluster


def fault(path: Path) -> str:
    """The sentence, without the file it begins with."""
    with pytest.raises(InventoryError) as caught:
        load(path)
    text = str(caught.value)
    assert text.startswith(f"{path}: ") and text.isprintable()
    return text.removeprefix(f"{path}: ")


def test_little_is_enough(tmp_path: Path) -> None:
    cluster = loaded(tmp_path, SMALL)
    assert cluster.firewalls == (Firewall("fw1", "10.0.0.2", Login("10.0.0.2")),)
    assert (cluster.nodes[0].name, cluster.nodes[0].login) == ("node1", Login("10.0.0.11"))
    assert (cluster.vips, cluster.mysql, cluster.web, cluster.timings) == ((), None, Web(), Timings())


def test_the_example_loads() -> None:
    (cluster,) = load(EXAMPLE).clusters
    home = Path("~/.ssh").expanduser()
    known = Login("10.20.0.2", 22, "ops", home / "config", home / "known_hosts", home / "id_ed25519")
    assert cluster.firewalls[0].login == known
    assert (cluster.firewalls[1].login.host, cluster.firewalls[1].login.user) == ("fw2-alias", "admin")
    assert cluster.vips == (
        Vip("lan", "10.20.0.1", "http://www.example.com/health"),
        Vip("wan", "198.51.100.10", "http://www.example.com/health", "node1"),
    )
    assert cluster.mysql == Mysql("drainboard", password_file=EXAMPLE.parent / "mysql-password")
    assert cluster.web == Web(check_url="http://127.0.0.1/health", host="www.example.com")
    assert cluster.timings == Timings(), "the example shows the defaults"


def test_an_address_without_a_site_is_not_visited(tmp_path: Path) -> None:
    text = SMALL + '[cluster.web1.vips]\nwan = "198.51.100.10"\nlan = { address = "10.0.0.1", url = false }\n'
    wan, lan = load(written(tmp_path, text)).clusters[0].vips
    assert (wan.url, lan.url) == ("http://198.51.100.10/", None)


def test_the_example_shows_every_key_once() -> None:
    text = re.sub(r"^# (\w+ = )", r"\1", EXAMPLE.read_text(), flags=re.MULTILINE)
    tables = tomllib.loads(text)["cluster"]["web1"]
    assert set(tables) == {
        "title",
        "volumes",
        "teams",
        "balancer",
        "check_url",
        "mysql_proxy",
        "raid",
        "ssh",
        "firewalls",
        "nodes",
        "vips",
        "mysql",
        "notify",
        "web",
        "patch",
        "timings",
    }
    assert set(tables["mysql"]) == {field.name for field in fields(Mysql)}
    assert set(tables["mysql_proxy"]) == {field.name for field in fields(MysqlProxy)}
    assert set(tables["raid"]) == {field.name for field in fields(Raid)}
    assert set(tables["notify"]) == {field.name for field in fields(Notify)}
    assert set(tables["web"]) == {field.name for field in fields(Web)}
    assert set(tables["patch"]) == {field.name for field in fields(Patch)}
    assert set(tables["timings"]) == {field.name for field in fields(Timings)}
    machine = {*tables["ssh"], *tables["firewalls"]["fw2"]}
    assert machine == {"address", "machine_id", *(field.name for field in fields(Login))}
    assert {*tables["vips"]["wan"], "name"} == {field.name for field in fields(Vip)}
    known = {field.name for field in fields(Cluster)} - {"name"}
    assert known <= set(tables)


def test_the_check_url_is_aimed_at_vips_and_at_the_nodes_themselves(tmp_path: Path) -> None:
    cluster = loaded(
        tmp_path,
        '[cluster.a]\ncheck_url = "https://shop.example.com:8443/up?x=1"\n'
        '[cluster.a.vips]\nwan = "2001:db8::1"\n[cluster.a.vips.lan]\naddress = "10.0.0.1"\nurl = "http://10.0.0.1/"\n'
        + SMALL.replace("web1", "a"),
    )
    assert [vip.url for vip in cluster.vips] == ["https://shop.example.com:8443/up?x=1", "http://10.0.0.1/"]
    assert cluster.web == Web(check_url="http://127.0.0.1/up?x=1", host="shop.example.com:8443")


def test_without_a_check_url_a_vip_is_visited_at_its_address(tmp_path: Path) -> None:
    vips = loaded(tmp_path, SMALL + '[cluster.web1.vips]\na = "10.0.0.1"\nb = "2001:DB8:0::1"\n').vips
    assert [(vip.address, vip.url) for vip in vips] == [
        ("10.0.0.1", "http://10.0.0.1/"),
        ("2001:db8::1", "http://[2001:db8::1]/"),
    ]


def test_several_clusters_in_the_order_of_the_file(tmp_path: Path) -> None:
    inventory = load(written(tmp_path, SMALL.replace("web1", "b") + SMALL.replace("web1", "a")))
    assert [cluster.name for cluster in inventory.clusters] == ["b", "a"]


def test_paths_begin_at_the_file_and_at_home(tmp_path: Path) -> None:
    text = SMALL + '[cluster.web1.ssh]\nconfig = "c"\nidentity = "~/k"\n[cluster.web1.mysql]\nuser = "u"\n'
    cluster = loaded(tmp_path, text + 'password_command = ["./bin/get", "~/x"]\n')
    assert cluster.nodes[0].login.config == tmp_path / "c"
    assert cluster.nodes[0].login.identity == Path.home() / "k"
    assert cluster.mysql is not None and cluster.mysql.password_command == (str(tmp_path / "bin/get"), "~/x")


def test_an_option_file_may_hold_the_user_too(tmp_path: Path) -> None:
    cluster = loaded(tmp_path, SMALL + '[cluster.web1.mysql]\noption_file = "my.cnf"\n')
    assert cluster.mysql == Mysql("", option_file=tmp_path / "my.cnf")


MACHINE = "address, host, machine_id, user, port, config, known_hosts, identity"
CLUSTER = (
    "title, volumes, teams, check_url, balancer, ssh, firewalls, nodes, vips, mysql, mysql_proxy, raid, notify, web, "
    "patch, timings"
)
NO_SECRET = "a secret doesn't belong in this file; remove it and "

FAULTS = [
    (SMALL + '[cluster.web1.patch]\nvisit = ["ftp://x/"]',
     "cluster.web1.patch.visit: 'ftp://x/' is not a URL that begins with http:// or https://, in ASCII and without "
     "blanks"),
    (SMALL + '[cluster.web1.patch]\nvisit = ["http://x/", "http://x/"]',
     "cluster.web1.patch.visit: names the same URL twice; keep one"),
    (SMALL + '[cluster.web1.patch]\nexclude = ["mysql*"]',
     "cluster.web1.patch.exclude: 'mysql*' is no package's name; write each out, without * or :"),
    (SMALL + '[cluster.web1.patch]\nexclude = ["bash", "bash"]',
     "cluster.web1.patch.exclude: bash is there twice; remove one"),
    (SMALL + '[cluster.web1.patch]\nsecurity_only = 1',
     "cluster.web1.patch.security_only: is a number, not true or false"),
    ("", "there is no cluster; add one: [cluster.NAME], as `drainboard inventory` shows"),
    ("clusters = 1", "clusters: there is no such key; did you mean cluster? Allowed: cluster"),
    ("cluster = 1", "cluster: is a number, not a table: [cluster]"),
    ("[cluster]\nweb1 = 1", "cluster.web1: is a number, not a table: [cluster.web1]"),
    ('[cluster."a b"]', "cluster.a b: a name is made of A-Z a-z 0-9 . _ - and begins with a letter or digit"),
    ('[cluster.".."]', "cluster...: a name is made of A-Z a-z 0-9 . _ - and begins with a letter or digit"),
    ("[cluster.web1]", 'cluster.web1.firewalls: has 0 machines; one or two are needed: fw1 = "ADDRESS"'),
    ('[cluster.web1.firewalls]\na="10.0.0.1"\nb="10.0.0.2"\nc="10.0.0.3"',
     'cluster.web1.firewalls: has 3 machines; one or two are needed: fw1 = "ADDRESS"'),
    ('[cluster.web1.firewalls]\nfw1 = "10.0.0.2"',
     'cluster.web1.nodes: has no machine; at least one is needed: node1 = "ADDRESS"'),
    (SMALL + "[cluster.web1.nodes]\n", "is not TOML: Cannot declare ('cluster', 'web1', 'nodes') twice"),
    (SMALL + "x = = 1", "is not TOML: Invalid value (at line 6, column 5)"),
    (SMALL + 'node2 = "10.0.0.11"',
     "cluster.web1: node1 and node2 both have the address 10.0.0.11; correct one"),
    (SMALL + 'fw1 = "10.0.0.12"', "cluster.web1: two machines are called fw1; give each a name of its own"),
    (SMALL + 'node2 = "node2.example.com"', "cluster.web1.nodes.node2.address: 'node2.example.com' is not an IP "
     "address; a host name or alias goes into `host`"),
    (SMALL + "node2 = 7", 'cluster.web1.nodes.node2: is a number, not an address: node2 = "10.20.0.11", or a table'),
    (SMALL + "node2 = {}", 'cluster.web1.nodes.node2.address: is missing; set it to an IP address: "10.20.0.11"'),
    (SMALL + 'node2 = {address = "10.0.0.12", prot = 22}',
     f"cluster.web1.nodes.node2.prot: there is no such key; did you mean port? Allowed: {MACHINE}"),
    (SMALL + 'node2 = {address = "10.0.0.12", port = "22"}',
     "cluster.web1.nodes.node2.port: is a text, not a port from 1 to 65535"),
    (SMALL + 'node2 = {address = "10.0.0.12", port = true}',
     "cluster.web1.nodes.node2.port: is a boolean, not a port from 1 to 65535"),
    (SMALL + 'node2 = {address = "10.0.0.12", port = 0}',
     "cluster.web1.nodes.node2.port: 0 is not a port from 1 to 65535"),
    (SMALL + 'node2 = {address = "10.0.0.12", host = "-oProxyCommand=x"}', "cluster.web1.nodes.node2.host: "
     "'-oProxyCommand=x' is not a host name, address or ssh alias: it holds a blank or begins with -"),
    (SMALL + 'node2 = {address = "10.0.0.12", user = "a\\u001b[2J"}',
     "cluster.web1.nodes.node2.user: is empty or holds control characters; set it to a user name"),
    (SMALL + 'node2 = {address = "10.0.0.12", password = "x"}', f"cluster.web1.nodes.node2.password: {NO_SECRET}"
     "machines are logged in to with a key: use ssh-agent, or `identity`"),
    (SMALL + '"\\u001b[2J" = 1', "cluster.web1.nodes.[2J: a name is made of A-Z a-z 0-9 . _ - and begins with a "
     "letter or digit"),
    (SMALL + "[cluster.web1.ssh]\nuser = 1", "cluster.web1.ssh.user: is a number, not a user name"),
    (SMALL + '[cluster.web1.ssh]\nconfig = "~nosuchuser/x"', "cluster.web1.ssh.config: ~nosuchuser/x: there is no "
     "such user's home folder; write the path out"),
    (SMALL + "[cluster.web1.node]\n",
     f"cluster.web1.node: there is no such key; did you mean nodes? Allowed: {CLUSTER}"),
    (SMALL + "[cluster.web1.zzz]\n", f"cluster.web1.zzz: there is no such key; allowed: {CLUSTER}"),
    (SMALL + '[cluster.web1.vips]\nwan = "10.0.0.300"', "cluster.web1.vips.wan.address: '10.0.0.300' is not an IP "
     "address; a host name or alias goes into `host`"),
    (SMALL + '[cluster.web1.vips]\nwan = "10.0.0.11"',
     "cluster.web1: node1 and wan both have the address 10.0.0.11; correct one"),
    (SMALL + '[cluster.web1.vips.wan]\naddress = "10.0.0.1"\nvia = "node7"',
     "cluster.web1.vips.wan.via: there is no machine node7; did you mean node1? Allowed: fw1, node1"),
    (SMALL + '[cluster.web1.vips.wan]\naddress = "10.0.0.1"\nvia = "node1"\nurl = "https://x/"',
     "cluster.web1.vips.wan.via: an https URL can't be visited through a machine; set `url` to an http one"),
    (SMALL + '[cluster.web1.vips.wan]\naddress = "10.0.0.1"\nurl = "ftp://x/"', "cluster.web1.vips.wan.url: 'ftp://x/' "
     "is not a URL that begins with http:// or https://, in ASCII and without blanks"),
    (SMALL + '[cluster.web1.vips.wan]\naddress = "10.0.0.1"\nurl = "http://a:b@x/"', "cluster.web1.vips.wan.url: a URL "
     "with a login in it is refused: a secret doesn't belong in this file"),
    (SMALL + "[cluster.web1.mysql]\n", "cluster.web1.mysql.user: is missing; set it to the user to log in to MySQL as"),
    (SMALL + '[cluster.web1.mysql]\nuser = "u"\npassword = "x"', f"cluster.web1.mysql.password: {NO_SECRET}"
     "say where it is with password_env, password_file, password_command or option_file"),
    (SMALL + '[cluster.web1.mysql]\nuser = "u"\npassword_env = "X"\noption_file = "x"', "cluster.web1.mysql: names 2 "
     "sources of the password: password_env, option_file; keep one"),
    (SMALL + '[cluster.web1.mysql]\nuser = "u"\npassword_command = "pass"',
     "cluster.web1.mysql.password_command: is a text, not a list of texts"),
    (SMALL + '[cluster.web1.mysql]\nuser = "u"\npassword_command = []',
     "cluster.web1.mysql.password_command: is empty; "
     'set it to a program and its arguments: ["pass", "show", "mysql"]'),
    (SMALL + '[cluster.web1.web]\nstatus_url = "https://127.0.0.1/"',
     "cluster.web1.web.status_url: 'https://127.0.0.1/' "
     "is not a URL that begins with http://, in ASCII and without blanks"),
    (SMALL + "[cluster.web1.timings]\npol = 1", "cluster.web1.timings.pol: there is no such key; did you mean poll? "
     "Allowed: poll, storage, slow, answer, storage_answer, connect, slow_answer, seldom, background, "
     "seldom_answer, sessions, quiet, stop, boot, fit, heal"),
    ("[cluster.web1]\nbalancer = 'nginx'\n" + SMALL,
     "cluster.web1.balancer: 'nginx' is none of them; allowed: haproxy, relayd"),
    (SMALL + "[cluster.web1.mysql_proxy]",
     "cluster.web1.mysql_proxy.backend: is missing; set it to the name of HAProxy's backend for MySQL"),
    (SMALL + "[cluster.web1.raid]\nbad = 'x'",
     'cluster.web1.raid.command: is missing; set it to a program on the node and its arguments: '
     '["storcli", "/c0/vall", "show"]'),
    (SMALL + "[cluster.web1.raid]\ncommand = ['a']\nbad = '('",
     "cluster.web1.raid.bad: is not a regular expression: missing ), unterminated subpattern at position 0"),
    *((SMALL + f"[cluster.web1.raid]\ncommand = ['a']\nbad = '{bad}'",
       "cluster.web1.raid.bad: repeats a group, or more than 2 times: some line a machine prints would be searched "
       "for ever; write the words out")
      for bad in ("(a+)+$", "(?:a|a)*b", "(?x)( a ) {2,}", ".*.*.*x", r"\s*[)*+]\s*\+a{1,9}")),
    *((SMALL + f"[cluster.web1.raid]\ncommand = ['{program}']",
       f"cluster.web1.raid.command: '{program}' is no program: sudo would take it for an option, a folder or a "
       "variable")
      for program in ("-s", "/usr/sbin/", "LD_PRELOAD=/tmp/x.so")),
    (SMALL + '[cluster.web1.mysql]\nuser = "u"\ndatadir = "--files0-from=/x"',
     "cluster.web1.mysql.datadir: '--files0-from=/x' is not a folder on the node: it begins with /"),
    *((SMALL + f"[cluster.web1.nodes.n2]\naddress = '10.0.0.9'\nmachine_id = '{machine_id}'",
       f"cluster.web1.nodes.n2.machine_id: '{machine_id}' is none: `drainboard check` prints it")
      for machine_id in ("node2", "0" * 32, "0123456789abcdef" * 2 + "0")),
    (SMALL + "".join(f"[cluster.web1.nodes.n{at}]\naddress = '10.0.0.{at}'\nmachine_id = '{'1a' * 16}'\n"
                     for at in (8, 9)),
     "cluster.web1: n8 and n9 have the same machine_id, so it proves neither"),
    (SMALL + "[cluster.web1.timings]\npoll = 0",
     "cluster.web1.timings.poll: 0 is not a number of seconds above 0 and up to a week"),
    (SMALL + "[cluster.web1.timings]\npoll = inf",
     "cluster.web1.timings.poll: inf is not a number of seconds above 0 and up to a week"),
    (SMALL + "[cluster.web1.timings]\npoll = 2020-01-01",
     "cluster.web1.timings.poll: is a date or time, not a number of seconds"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "sentence"), FAULTS, ids=range(len(FAULTS)))
def test_a_fault_is_one_sentence(tmp_path: Path, text: str, sentence: str) -> None:
    said = fault(written(tmp_path, text))
    assert said == sentence or (sentence.startswith("is not TOML") and said.startswith(sentence)), said


VOLUMES = [
    ('"www"', "is a text, not a list of texts"),
    ("[1]", "holds something that is not a printable text; set it to a list of texts"),
    ('["a", "a"]', "a is there twice; remove one"),
    ('["a;b"]', "'a;b' is not a name made of A-Z a-z 0-9 . _ -"),
    ('["-a"]', "'-a' is not a name made of A-Z a-z 0-9 . _ -"),
]


@pytest.mark.parametrize(("value", "sentence"), VOLUMES)
def test_volumes(tmp_path: Path, value: str, sentence: str) -> None:
    path = written(tmp_path, f"[cluster.web1]\nvolumes = {value}\n" + SMALL)
    assert fault(path) == f"cluster.web1.volumes: {sentence}"


def test_a_missing_file_says_what_to_do(tmp_path: Path) -> None:
    assert fault(tmp_path / "inventory.toml") == (
        "there is no inventory here; `drainboard inventory` prints an example, `drainboard demo` needs none"
    )


def test_what_is_no_file(tmp_path: Path) -> None:
    assert fault(tmp_path) == "can't be read: is a directory; make it a file that you can read"


@pytest.mark.skipif(os.geteuid() == 0, reason="root can read every file")
def test_a_file_that_is_not_ours(tmp_path: Path) -> None:
    path = written(tmp_path, SMALL)
    path.chmod(0)
    assert fault(path) == "can't be read: permission denied; make it a file that you can read"


def test_what_is_not_utf_8(tmp_path: Path) -> None:
    path = tmp_path / "inventory.toml"
    path.write_bytes(SMALL.encode() + b"# caf\xe9\n")
    assert fault(path) == "line 6 is not UTF-8; save the file as UTF-8"


def test_nesting_without_end(tmp_path: Path) -> None:
    assert fault(written(tmp_path, "a = " + "[" * 100_000)).startswith("is not TOML: ")


def survives(folder: Path, data: bytes) -> None:
    path = folder / "inventory.toml"
    path.write_bytes(data)
    try:
        load(path)
    except InventoryError as error:
        assert str(error).startswith(f"{path}: ") and str(error).isprintable()


LEAF = st.one_of(
    st.text(max_size=6), st.integers(), st.floats(), st.booleans(), st.dates(), st.sampled_from(["10.0.0.1", "http://x/"])
)  # fmt: skip
KEYS = st.one_of(
    st.sampled_from([*CLUSTER.split(", "), *MACHINE.split(", "), "url", "via", "option_file"]), st.text(max_size=4)
)
VALUES = st.recursive(
    LEAF, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4), max_leaves=20
)


def toml(value: object) -> str:
    import json

    match value:
        case dict():
            return "{" + ", ".join(f"{quoted(str(key))} = {toml(item)}" for key, item in value.items()) + "}"
        case list():
            return "[" + ", ".join(map(toml, value)) + "]"
        case bool():
            return str(value).lower()
        case str():
            return quoted(value)
        case int() | float():
            return json.dumps(value).replace("NaN", "nan").replace("Infinity", "inf")
        case _:
            return str(value)


def quoted(text: str) -> str:
    return '"' + "".join(f"\\U{ord(char):08x}" for char in text if not 0xD800 <= ord(char) < 0xE000) + '"'


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=300, deadline=None)
@given(st.dictionaries(KEYS, VALUES, max_size=6), KEYS, VALUES)
def test_no_other_exception_ever(tmp_path: Path, tables: dict[str, object], key: str, value: object) -> None:
    good: dict[str, object] = {"firewalls": {"fw1": "10.0.0.2"}, "nodes": {"n": {"address": "10.0.0.3", key: value}}}
    survives(tmp_path, f"cluster = {toml({'web1': {**good, **tables}})}\n".encode())


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=200, deadline=None)
@given(st.binary(max_size=60), st.integers(0, 5000), st.integers(0, 30))
def test_no_other_exception_from_a_damaged_example(tmp_path: Path, noise: bytes, at: int, gone: int) -> None:
    text = EXAMPLE.read_bytes()
    survives(tmp_path, text[: at % len(text)] + noise + text[at % len(text) + gone :])
