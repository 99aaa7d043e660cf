"""What plugins cost: the calls of a stanza, replacing one on many domains, and memory."""

import json
import os
import subprocess

import brands
import report
from client import Client
from servers.castling import PLUGINS

CALLS = os.environ.get("CASTLING_CALLS", "target/release/calls")
# Domains with plugins, plugins, and how often one is replaced.
DOMAINS, NAMES, TIMES = 300, 20, 50
# Servers that are started to measure the memory of plugins.
SERVERS = 3
# Messages after which each worker has an instance of each plugin.
MESSAGES = 4_000
# Of a component that is large to compile.
LARGE_BYTES, FUNCTION_BYTES = 28_000_000, 500
TICK_US = 1_000_000 / os.sysconf("SC_CLK_TCK")


def measured() -> str:
    """Tables of all of it, as Markdown."""
    return calls() + "\n\n" + report.table(["", "measured"], memory())


def calls() -> str:
    said = subprocess.run([CALLS, PLUGINS], check=True, stdout=subprocess.PIPE, text=True).stdout
    all = list(map(json.loads, said.splitlines()))
    cases = {case["case"]: case for case in all if "hot_us" in case}
    print(said, flush=True)
    alone = cases["alone"]
    about = {"alone": "no plugin", "not interested": "one that is not interested",
             "envelope": "one that judges by the addresses", "payload": "one that reads the body as well",
             "list": "no plugin, but a privacy list of the recipient's with one item", "long list": "the same with 100 items",
             "request": "a request instead, which a plugin answers in a service"}

    def cells(case: dict, of: str) -> list[str]:
        more = "–" if case is alone else f"{case[of] - alone[of]:+.2f}"
        return [f"{case[of]:.2f}", more]

    rows = [[about[name], *cells(case, "hot_us"), *cells(case, "paced_us")] for name, case in cases.items()]
    lists = [[f"{case['items']} items", f"{case['ns']:.0f}"] for case in all if case["case"] == "screen"]
    return "\n\n".join([
        report.table(["µs of CPU time for a message, smallest of 7 rounds", "one after the other", "more", "1,000 a second", "more"], rows),
        report.table(["whether a privacy list lets a message pass", "ns of CPU time"], lists)])


def memory() -> list[list[str]]:
    rows = [*of_plugins(), replaced(), *large_ones()]
    print(rows, flush=True)
    return rows


def of_plugins() -> list[list[str]]:
    """The smallest of several servers: what the allocator keeps of other work only adds to it."""
    enabled, code, further = (min(figures) for figures in zip(*(footprint() for _ in range(SERVERS))))
    return [
        ["plugin that is enabled, with its first instance, no code", f"{enabled:.0f} kB"],
        ["its code in memory", f"{code:.0f} kB"],
        ["further instance that has been called", f"{further:.0f} kB"],
    ]


def footprint() -> tuple[float, float, float]:
    """On two domains: with many, what a change of the configuration takes for a while would be counted as well."""
    names = [f"reader-{number}" for number in range(NAMES)]
    with brands.Brands("cost", "reader", ["content"]) as server:
        talk(server)
        for _ in range(5):
            server.command("reload")
        before = anonymous(server.pid)
        component = open(f"{PLUGINS}/reader.wasm", "rb").read()
        for name in names:
            file = f"{server.folder}/{name}.wasm"
            with open(file, "wb") as out:
                out.write(component + custom(name))
            server.command("plugin", "install", file, "--name", name)
            server.command("plugin", "enable", name, "--domain", brands.OTHER)
        enabled, few = anonymous(server.pid), instances(server)
        talk(server)
        called, more = anonymous(server.pid), instances(server)
        code = mapped(server.pid, "/plugins/compiled/")
    further = (called - enabled) / (more - few) / 1024
    return (enabled - before) / NAMES / 1024, code / NAMES / 1024, further


def replaced() -> list[str]:
    many = [f"c{number}.example" for number in range(DOMAINS - 2)]
    with brands.Brands("cost-domains", "reader", ["content"], domains=(brands.CALM, brands.OTHER, *many)) as server:
        return [f"replacement on {DOMAINS} domains, CPU", f"{replacement(server):.1f} ms"]


def large_ones() -> list[list[str]]:
    with brands.Brands("cost-large", "reader", ["content"]) as server:
        reserved = status(server.pid, "VmSize")
        return [compiling(server), ["address space of the server, most of it reserved for plugins", f"{reserved / 1e9:.0f} GB"]]


def talk(server) -> None:
    """On the brand with plugins: two users at once, so that the workers share them."""
    clients = [Client(f"user{number}@{brands.OTHER}", brands.PORT) for number in range(2)]
    for number in range(MESSAGES):
        for client in clients:
            client.send(f"<message to='{client.jid}' type='chat'><body>{number}</body></message>")
        if number % 100 == 99 or number == MESSAGES - 1:
            for client in clients:
                client.until(f"<body>{number}</body></message>")
    for client in clients:
        client.close()


def replacement(server) -> float:
    """Milliseconds of CPU time of the server for one."""
    server.command("plugin", "enable", "reader")
    server.command("plugin", "reload", "reader")
    begun = cpu_us(server.pid)
    for _ in range(TIMES):
        server.command("plugin", "reload", "reader")
    return (cpu_us(server.pid) - begun) / TIMES / 1000


def compiling(server) -> list[str]:
    file = f"{server.folder}/large.wasm"
    with open(file, "wb") as out:
        out.write(large(open(f"{PLUGINS}/reader.wasm", "rb").read()))
    before = status(server.pid, "VmRSS")
    server.command("plugin", "install", file, "--name", "large")
    after = status(server.pid, "VmRSS")
    server.command("plugin", "remove", "large")
    return [f"compiling a component of {LARGE_BYTES // 1_000_000} MB, memory that stays", f"{(after - before) / 1024 / 1024:.1f} MB"]


def large(component: bytes) -> bytes:
    """A component with a core module that nothing instantiates: it is compiled all the same."""
    add = b"\x20\x00\x41\x07\x6a\x21\x00"  # local.get 0, i32.const 7, i32.add, local.set 0
    body = b"\x00" + add * (FUNCTION_BYTES // len(add)) + b"\x0b"
    count = LARGE_BYTES // len(body)
    sections = [(1, b"\x01\x60\x01\x7f\x00"), (3, leb(count) + b"\x00" * count), (10, leb(count) + (leb(len(body)) + body) * count)]
    module = b"\x00asm\x01\x00\x00\x00" + b"".join(bytes([id]) + leb(len(content)) + content for id, content in sections)
    return component + b"\x01" + leb(len(module)) + module


def custom(name: str) -> bytes:
    """A section that makes a component another one, whose code is not shared."""
    content = bytes([len(name)]) + name.encode()
    return b"\x00" + leb(len(content)) + content


def leb(number: int) -> bytes:
    """An unsigned LEB128."""
    low, rest = number & 0x7f, number >> 7
    return bytes([low | 0x80]) + leb(rest) if rest else bytes([low])


def instances(server) -> int:
    plugins = json.loads(server.command("plugin", "list", "--json"))
    return sum(plugin["stats"]["instances"] for plugin in plugins)


def cpu_us(pid: int) -> float:
    fields = open(f"/proc/{pid}/stat").read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) * TICK_US


def anonymous(pid: int) -> int:
    """Bytes that are no file's."""
    return 1024 * next(int(line.split()[1]) for line in open(f"/proc/{pid}/smaps_rollup") if line.startswith("Anonymous:"))


def status(pid: int, field: str) -> int:
    """Bytes."""
    return 1024 * next(int(line.split()[1]) for line in open(f"/proc/{pid}/status") if line.startswith(f"{field}:"))


def mapped(pid: int, folder: str) -> int:
    """Resident bytes of the files below a folder, each page of a file once: instances map what their memory begins with again."""
    areas = []
    for line in open(f"/proc/{pid}/smaps"):
        first, *rest = line.split()
        if not first.endswith(":"):
            begin, end = (int(address, 16) for address in first.split("-"))
            file, at = " ".join(rest[4:]), int(rest[1], 16)
            there = range(at, at + end - begin)
        elif first == "Rss:" and folder in file:
            areas.append((len(there), there, file, int(rest[0])))
    total, seen = 0, {}
    for _, there, file, resident in sorted(areas, key=lambda area: -area[0]):
        others = seen.setdefault(file, [])
        if not any(there.start < one.stop and one.start < there.stop for one in others):
            others.append(there)
            total += resident
    return 1024 * total
