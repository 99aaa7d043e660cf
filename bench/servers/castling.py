"""Castling with no, one or two plugins that are asked about every presence, or with accounts in a table of the site's."""

import contextlib
import os
import shutil
import sqlite3
import subprocess
import sys

import databases
import place
from .server import Server

HERE = os.path.dirname(os.path.abspath(__file__))
BINARY = os.environ.get("CASTLING", os.path.join(HERE, "../../target/release/castling"))
PLUGINS = os.environ.get("CASTLING_PLUGINS", os.path.join(HERE, "../../target/plugins"))

CONFIG = """\
data_dir = "data"
[log]
level = "warn"
{storage}[listen]
c2s_plain = ["127.0.0.1:{plain}"]
c2s = ["127.0.0.1:{starttls}"]
c2s_tls = ["127.0.0.1:{tls}"]
http = ["127.0.0.1:{websocket}"]
https = ["127.0.0.1:{wss}"]
[limits]
logins_per_minute = 0
c2s_bytes_per_second = 0
{declared}[[domain]]
name = "{domain}"
tls = {{ cert = "{cert}", key = "{key}" }}
plugins = {plugins}
{auth}"""
DECLARED = """\
[plugins.{name}]
file = "sunshine.wasm"
grants = ["sessions.close"]
"""
OWN_TABLE = """\
[datasources.members]
url = "sqlite:members.db"
[datasources.members.queries]
credentials = "select password from member where lower(username) = :jid"
[plugins.auth-sql]
file = "auth-sql.wasm"
config = { source = "members", format = "plain" }
grants = ["sql:members/credentials"]
"""


class Castling(Server):
    def __init__(self, name: str, base: int, plugins: int = 0, binary: str = BINARY, database: str | None = None,
                 own_table: bool = False):
        super().__init__(name, base)
        self.own_table = own_table
        self.database = database
        self.database_name = "castling"
        self.binary = binary
        self.plugins = [f"sunshine-{number}" for number in range(plugins)]

    def url(self) -> str:
        return databases.url(self.database, self.database_name) if self.database else "sqlite:castling.db"

    def config(self) -> str:
        declared = "".join(DECLARED.format(name=name) for name in self.plugins)
        plugins = "[" + ", ".join(f'"{name}"' for name in self.plugins) + "]"
        storage = f'[storage]\nurl = "{self.url()}"\n'
        auth = 'auth = ["auth-sql"]\n' if self.own_table else ""
        declared += OWN_TABLE if self.own_table else ""
        return CONFIG.format(auth=auth, storage=storage, domain=place.DOMAIN, cert=place.CERT, key=place.KEY, declared=declared, plugins=plugins, **self.ports)

    def fingerprint(self) -> str:
        files = [self.binary] + [f"{PLUGINS}/{name}.wasm" for name in self.components()]
        stats = [(os.stat(file).st_mtime_ns, os.stat(file).st_size) for file in files]
        return f"{stats} {self.config()} {place.ACCOUNTS}"

    def components(self) -> list[str]:
        return (["sunshine"] if self.plugins else []) + (["auth-sql"] if self.own_table else [])

    def fill(self) -> None:
        # The ones with plugins only talk; they need few accounts.
        self.fill_accounts(1_000 if self.plugins else place.ACCOUNTS)

    def fill_accounts(self, count: int) -> None:
        if self.database:
            databases.fresh(self.database, self.database_name)
        # A copy that the server's user may run, and that a build does not touch.
        shutil.copy(self.binary, f"{self.folder}/castling")
        for name in self.components():
            shutil.copy(f"{PLUGINS}/{name}.wasm", self.folder)
        place.write(f"{self.folder}/castling.toml", self.config())
        users = (f"{name}@{place.DOMAIN},{place.PASSWORD.decode()}\n" for name in place.accounts(count))
        place.write(f"{self.folder}/users.csv", "".join(users))
        os.makedirs(f"{self.folder}/data")
        if self.own_table:
            self.fill_table(count)
        place.give(self.folder, self.user)
        if self.own_table:
            return
        add = self.popen(["./castling", "user", "add", "--from", "users.csv", "--config", "castling.toml"], {})
        if add.wait():
            sys.exit(f"{self.name}: no accounts, see {place.ROOT}/{self.name}.out")

    def fill_table(self, count: int) -> None:
        rows = ((f"{name}@{place.DOMAIN}", place.PASSWORD.decode()) for name in place.accounts(count))
        with contextlib.closing(sqlite3.connect(f"{self.folder}/members.db")) as table, table:
            table.execute("create table member (username text primary key, password text)")
            table.execute("create index member_name on member (lower(username))")
            table.executemany("insert into member values (?, ?)", rows)

    def command(self):
        if self.database:
            databases.start(self.database)
        return ["./castling", "serve", "--config", "castling.toml"], {}

    def version(self) -> str:
        told = subprocess.run([self.binary, "--version"], capture_output=True, text=True)
        return told.stdout.strip() or "unknown"
