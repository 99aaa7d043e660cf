"""PostgreSQL and MariaDB as Debian packages them, with the durability that they have by default, for the servers that are
measured on them. Both are started when they are first needed and stopped at the end; neither is pinned to a core."""

import atexit
import glob
import os
import subprocess
import sys
import time

import place

PORTS = {"postgresql": 24_290, "mariadb": 24_291}
running: dict[str, subprocess.Popen] = {}


def url(kind: str, name: str) -> str:
    scheme = {"postgresql": "postgres://postgres", "mariadb": "mysql://root"}[kind]
    return f"{scheme}@127.0.0.1:{PORTS[kind]}/{name}"


def fresh(kind: str, name: str) -> None:
    """An empty database of that name."""
    start(kind)
    charset = " CHARACTER SET utf8mb4" if kind == "mariadb" else ""
    run(kind, "", f"DROP DATABASE IF EXISTS {name}")
    run(kind, "", f"CREATE DATABASE {name}{charset}")


def run(kind: str, database: str, sql: str) -> None:
    ask(kind, database, sql)


def ask(kind: str, database: str, sql: str) -> str:
    """Runs SQL; gives what it returns, without headings."""
    client = {"postgresql": ["psql", "-qAt", "-v", "ON_ERROR_STOP=1", "-U", "postgres", "-h", "127.0.0.1",
                             "-p", str(PORTS[kind]), "-d", database or "postgres"],
              "mariadb": ["mariadb", "--no-defaults", "-N", "-h", "127.0.0.1", "-u", "root", "-P", str(PORTS[kind]),
                          *([database] if database else [])]}[kind]
    return subprocess.run(client, input=sql, check=True, stdout=subprocess.PIPE, text=True).stdout.strip()


def start(kind: str) -> None:
    if kind in running:
        return
    folder = f"{place.ROOT}/{kind}"
    user = {"postgresql": "postgres", "mariadb": "mysql"}[kind]
    if not os.path.exists(f"{folder}/data"):
        place.empty(folder)
        place.give(folder, user)
        subprocess.run(as_user(user, created(kind, folder)), cwd=folder, check=True, stdout=subprocess.DEVNULL)
    out = open(f"{place.ROOT}/{kind}.out", "ab")
    running[kind] = subprocess.Popen(as_user(user, command(kind, folder)), cwd=folder, stdin=subprocess.DEVNULL,
                                     stdout=out, stderr=out)
    ask = {"postgresql": ["pg_isready", "-q", "-h", "127.0.0.1", "-p", str(PORTS[kind])],
           "mariadb": ["mariadb-admin", "--no-defaults", "-s", "-h", "127.0.0.1", "-u", "root", "-P", str(PORTS[kind]), "ping"]}
    for _ in range(300):
        if subprocess.run(ask[kind], capture_output=True).returncode == 0:
            return
        time.sleep(0.2)
    sys.exit(f"{kind} did not come up, see {place.ROOT}/{kind}.out")


def as_user(user: str, argv: list[str]) -> list[str]:
    return ["setpriv", f"--reuid={user}", f"--regid={user}", "--init-groups", *argv]


def binaries() -> str:
    return sorted(glob.glob("/usr/lib/postgresql/*/bin"))[-1]


def created(kind: str, folder: str) -> list[str]:
    if kind == "postgresql":
        return [f"{binaries()}/initdb", "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "-D", f"{folder}/data"]
    return ["mariadb-install-db", "--no-defaults", "--auth-root-authentication-method=normal", "--skip-test-db",
            f"--datadir={folder}/data"]


def command(kind: str, folder: str) -> list[str]:
    if kind == "postgresql":
        return [f"{binaries()}/postgres", "-D", f"{folder}/data", "-p", str(PORTS[kind]), "-k", folder,
                "-c", "listen_addresses=127.0.0.1"]
    return ["/usr/sbin/mariadbd", "--no-defaults", "--bind-address=127.0.0.1", "--skip-name-resolve",
            f"--port={PORTS[kind]}", f"--datadir={folder}/data", f"--socket={folder}/socket", f"--pid-file={folder}/pid"]


@atexit.register
def stop() -> None:
    for process in running.values():
        process.terminate()
        process.wait()
    running.clear()
