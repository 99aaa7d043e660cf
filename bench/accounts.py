"""What many accounts cost: the same work on a database of few accounts and on one of many, each account with contacts.
For each kind of work: the statements that it takes, and the CPU time of the server and of the database server."""

import json
import os
import statistics
import subprocess
import sys
import time

import databases
import measure
import place
import report
from servers.filled import Filled

FEW, CONTACTS = 400, 20
KINDS = {"SQLite": None, "PostgreSQL": "postgresql"}
# Of each: transport and arguments of the generator, which takes accounts from all over the database.
LOGIN = "--warm 2 --secs {secs} --at-once 8 login --accounts "
WORK = {
    # The process has just started: nothing of these accounts is in its memory.
    f"first log-in and out of {FEW} accounts, STARTTLS":
        ("starttls", f"--at-once 8 churn --settle 0 --total {FEW} --step {FEW} --accounts {FEW}"),
    f"log-in and out, STARTTLS, {FEW} accounts in turn": ("starttls", LOGIN + str(FEW)),
    "roster change": ("plain", "--warm 2 --secs {secs} roster"),
    "message to an account that is away": ("starttls", "--at-once 8 offline --accounts 399"),
    # Last, because it fills the server's cache with other accounts.
    "log-in and out, STARTTLS, accounts from all over": ("starttls", LOGIN + "{everyone}"),
}


def measured(many: int, rounds: int, sizes: dict, into: str) -> str:
    """All of it, as Markdown."""
    written = []
    for number, (title, database) in enumerate(KINDS.items()):
        pair = [Filled(f"castling-{title.lower()}-{count}", 24_300 + 20 * number + 10 * which, database, count, CONTACTS)
                for which, count in enumerate((FEW, many))]
        runs = run(pair, rounds, sizes, into)
        if not written:
            written.append(report.machine(runs, ["castling"]))
        written.append(tables(title, pair, runs))
        written.append(missing_index(pair[1]))
    return "\n\n".join(written)


def run(pair: list[Filled], rounds: int, sizes: dict, into: str) -> list[dict]:
    """The rounds, the two taking turns; a fresh process for each, whose start is measured, too."""
    for server in pair:
        server.provision()
    turns = [server for number in range(rounds) for server in (pair if number % 2 == 0 else reversed(pair))]
    return [record(server, into, name, figures) for server in turns for name, figures in one_round(server, sizes)]


def one_round(server: Filled, sizes: dict):
    pid = server.start(cpus="0")
    try:
        yield "start", {"cpu_us": cpu(pid), "rss_kb": resident(pid), "statements": statements(server)}
        for name, (transport, arguments) in WORK.items():
            yield name, work(server, pid, transport, arguments, sizes)
    finally:
        server.stop()


def work(server: Filled, pid: int, transport: str, arguments: str, sizes: dict) -> dict:
    before, database = statements(server), database_cpu(server)
    argv = ["taskset", "-c", "1", measure.LOAD, "--port", str(server.ports[transport]), "--domain", place.DOMAIN,
            "--transport", transport, "--pid", str(pid), "--spread", str(server.accounts),
            *arguments.format(everyone=server.accounts, **sizes).split()]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=900)
    if done.returncode:
        sys.exit(f"{server.name}: the generator ended with {done.returncode}: {done.stderr}")
    if wrong := measure.hollow(figures := json.loads(done.stdout)):
        sys.exit(f"{server.name}: {wrong}: {figures}")
    count = figures.get("all", figures["count"])
    after, database = statements(server), database_cpu(server) - database
    calls = {name: tuple((now - then) / count for now, then in zip(row, before.get(name, (0, 0, 0))))
             for name, row in after.items()}
    return {"cpu_us": figures["server_us_each"], "database_us": database / count, "statements": calls}


def record(server: Filled, into: str, name: str, figures: dict) -> dict:
    line = {"server": server.name, "accounts": server.accounts, "work": name, **figures, "load": os.getloadavg()[0],
            "at": time.time()}
    with open(into, "a") as file:
        file.write(json.dumps(line) + "\n")
    print(server.name, name, {key: round(value, 1) for key, value in figures.items() if key != "statements"}, flush=True)
    return line


# --- what is read ---

def statements(server: Filled) -> dict[str, tuple]:
    """Of each statement that ran: calls, rows, microseconds."""
    stats = json.loads(server.tool("stats", "--json"))
    return {row["name"]: (row["calls"], row["rows"], row["total_us"]) for row in stats["statements"]}


def cpu(pid: int, ended: bool = False) -> int:
    """Microseconds of a process; if `ended`, including children that have exited (proc_pid_stat(5), fields 14 to 17)."""
    fields = open(f"/proc/{pid}/stat").read().rpartition(")")[2].split()
    return sum(map(int, fields[11:15 if ended else 13])) * 10_000


def resident(pid: int) -> int:
    return next(int(line.split()[1]) for line in open(f"/proc/{pid}/status") if line.startswith("VmRSS"))


def database_cpu(server: Filled) -> int:
    if not server.database:
        return 0
    main = databases.running[server.database].pid
    children = open(f"/proc/{main}/task/{main}/children").read().split()
    return cpu(main, ended=True) + sum(cpu_if_there(int(child)) for child in children)


def cpu_if_there(pid: int) -> int:
    try:
        return cpu(pid)
    except FileNotFoundError:
        return 0  # its time is its parent's now


# --- what is written ---

def tables(title: str, pair: list[Filled], runs: list[dict]) -> str:
    return f"*{title}*, database of {' and '.join(size(server) for server in pair)}:\n\n" + cost_table(pair, runs) + "\n\n" + statement_table(pair, runs)


def size(server: Filled) -> str:
    return f"{server.database_bytes() / 1e6:,.0f} MB ({server.accounts:,} accounts)"


def cost_table(pair: list[Filled], runs: list[dict]) -> str:
    rows = []
    for name, key, unit in [("start", "cpu_us", "CPU µs"), ("start", "rss_kb", "resident kB"),
                            *((name, "cpu_us", "CPU µs each") for name in WORK),
                            *((name, "database_us", "CPU µs each, database server, whole run") for name in WORK if pair[0].database)]:
        few, many = ([run[key] for run in runs if run["server"] == server.name and run["work"] == name] for server in pair)
        rows.append([f"{name}, {unit}", *(f"{statistics.median(some):,.0f} ({min(some):,.0f})" for some in (few, many)),
                     f"{statistics.median(many) / statistics.median(few):.2f} ({min(many) / min(few):.2f})"])
    return report.table(["median (smallest)", *(f"{server.accounts:,} accounts" for server in pair), "ratio"], rows)


def statement_table(pair: list[Filled], runs: list[dict]) -> str:
    """Calls and rows for each piece of work; a statement that runs less than once in fifty is the clock's."""
    rows = []
    for name in ["start", *WORK]:
        of = [[run["statements"] for run in runs if run["server"] == server.name and run["work"] == name] for server in pair]
        for statement in sorted({statement for side in of for found in side for statement in found}):
            cells = [tuple(statistics.median(found.get(statement, (0, 0, 0))[at] for found in side) for at in range(3)) for side in of]
            if max(cell[0] for cell in cells) >= 0.02:
                rows.append([name, f"`{statement}`", *(f"{cell[0]:.2f} × {cell[1] / (cell[0] or 1):.1f} rows" for cell in cells)])
    return report.table(["statements for each", "", *(f"{server.accounts:,} accounts" for server in pair)], rows)


def missing_index(server: Filled) -> str:
    """What `castling storage check` says of the database as it is, with an index dropped, and with its remedy carried out."""
    server.provision()
    said = [verdict(server)]
    # If this does not come to its end, the database is filled anew.
    server.forget()
    server.sql("DROP INDEX offline_message_account")
    said.append(found := verdict(server))
    if " — " not in found:
        sys.exit(f"{server.name}: the missing index was not found: {found}")
    server.sql(found.partition(" — ")[2].splitlines()[0])
    said.append(verdict(server))
    server.remember()
    return "\n".join(["`castling storage check`, then after `DROP INDEX offline_message_account`, then after its remedy:", "",
                      "```", *said, "```"])


def verdict(server: Filled) -> str:
    """Its complaints or its OK, without the table of rows."""
    text = server.tool("storage", "check", fails=True)
    return "\n".join(line for line in text.splitlines() if line.startswith("OK") or " — " in line)
