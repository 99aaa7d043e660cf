"""What it costs to import a site's users from jabberd2: 400,000 of them with 8 million contacts, groups, private XML, privacy lists and
vCards, from a SQLite database that `jabberd2.py` makes, into SQLite and PostgreSQL. Each run is into an empty store, but for those that are
called so; the CPU time of PostgreSQL is beside that of the command."""

import json
import os
import shutil
import statistics
import subprocess
import sys
import time

import databases
import place
import report

HERE = os.path.dirname(os.path.abspath(__file__))
DOMAINS = ["chess.example", "wuchess.example"]
# Making keys of 400,000 passwords is PBKDF2 and nothing else: it is measured on a part.
DERIVED = 20_000


def measured(users: int, rounds: int) -> str:
    source = made(users)
    few = made(min(users, DERIVED))
    rows = []
    # The goal is SQLite's: the best of so many runs; the others are beside it.
    for title, database, more, times in [
        ("SQLite, `--secrets keep`", None, ["--secrets", "keep"], rounds),
        ("PostgreSQL, `--secrets keep`", "postgresql", ["--secrets", "keep"], 1),
    ]:
        runs = [run(database, source, more, fresh=True) for _ in range(times)]
        rows.append(row(title, users, runs))
        rows.append(row(f"{title}, once more", users, [run(database, source, more, fresh=False)]))
        rows.append(row(f"{title}, `--verify`", users, [run(database, source, [*more, "--verify"], fresh=False)]))
    derived = [run(None, few, ["--secrets", "derive"], fresh=True)]
    rows.append(row("SQLite, `--secrets derive`", min(users, DERIVED), derived))
    head = ["import", "users", "CPU s, best (median)", "of it the database server", "wall s, best", "most memory in MB", "users/s"]
    return report.table(head, rows)


def made(users: int) -> str:
    """The source, made once: it takes minutes, and 4 GB for 400,000 users."""
    path = f"{place.ROOT}/jabberd2-{users}.db"
    if not os.path.exists(path):
        os.makedirs(place.ROOT, exist_ok=True)
        print(f"making {path}", flush=True)
        subprocess.run([sys.executable, f"{HERE}/jabberd2.py", "--users", str(users), "--sqlite", path + ".part"], check=True)
        os.rename(path + ".part", path)
    return path


def run(database: str | None, source: str, more: list[str], fresh: bool) -> dict:
    folder = f"{place.ROOT}/move-{database or 'sqlite'}"
    if fresh:
        place.empty(folder)
        if database:
            databases.fresh(database, "castling_move")
    url = databases.url(database, "castling_move") if database else "sqlite:castling.db"
    domains = "".join(f'[[domain]]\nname = "{name}"\n' for name in DOMAINS)
    place.write(f"{folder}/castling.toml", f'data_dir = "data"\n[storage]\nurl = "{url}"\n{domains}')
    command = [os.environ["CASTLING"], "import", "jabberd2", "--from", f"sqlite:{source}", "--report", "report.json", *more]
    since, server = time.monotonic(), database_cpu(database)
    process = subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    said = process.stderr.read()
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    wall = time.monotonic() - since
    if process.returncode:
        sys.exit(f"{' '.join(command)}: {said}")
    with open(f"{folder}/report.json") as file:
        counts = json.load(file)["counts"]
    read = sum(kind["read"] for kinds in counts.values() for kind in kinds.values())
    own = used.ru_utime + used.ru_stime
    server = database_cpu(database) - server
    figures = {"cpu": own + server, "server": server, "wall": wall, "mb": used.ru_maxrss / 1024, "records": read}
    print(" ".join(command[1:]), {name: round(value, 1) for name, value in figures.items()}, flush=True)
    return figures


def database_cpu(database: str | None) -> float:
    """Seconds that all processes of the server have used, those that have ended too."""
    if not database:
        return 0.0
    pid = databases.running[database].pid if database in databases.running else 0
    ticks, total = os.sysconf("SC_CLK_TCK"), 0
    for one in tree(pid):
        try:
            fields = open(f"/proc/{one}/stat").read().rsplit(")", 1)[1].split()
        except OSError:
            continue
        # Those of its children that have ended are in its own figures.
        total += sum(int(field) for field in fields[11:15])
    return total / ticks


def tree(pid: int) -> list[int]:
    found = [pid]
    for one in found:
        try:
            children = open(f"/proc/{one}/task/{one}/children").read().split()
        except OSError:
            continue
        found += map(int, children)
    return found


def row(title: str, users: int, runs: list[dict]) -> list[str]:
    cpu = [one["cpu"] for one in runs]
    best = min(runs, key=lambda one: one["wall"])
    server = f"{min(one['server'] for one in runs):.0f}" if any(one["server"] for one in runs) else "–"
    return [title, f"{users:,}", f"{min(cpu):.0f} ({statistics.median(cpu):.0f})", server, f"{best['wall']:.0f}",
            f"{max(one['mb'] for one in runs):.0f}", f"{users / best['wall']:,.0f}"]


def profile(users: int) -> None:
    """Where the time goes, by `perf`, if the machine has it."""
    if not shutil.which("perf"):
        sys.exit("perf is not installed")
    folder = place.empty(f"{place.ROOT}/move-profile")
    domains = "".join(f'[[domain]]\nname = "{name}"\n' for name in DOMAINS)
    place.write(f"{folder}/castling.toml", f'data_dir = "data"\n{domains}')
    command = [os.environ["CASTLING"], "import", "jabberd2", "--from", f"sqlite:{made(users)}", "--secrets", "keep"]
    subprocess.run(["perf", "record", "-F", "199", "-g", "-o", "perf.data", *command], cwd=folder, check=True)
    subprocess.run(["perf", "report", "-i", "perf.data", "--no-children", "-g", "none", "--stdio", "--percent-limit", "1"], cwd=folder)

