"""Castling with a database that is filled through the storage's repositories: so many accounts, each with contacts."""

import contextlib
import os
import sqlite3
import subprocess
import sys

import databases
import place
from .castling import BINARY, Castling

FILL = os.environ.get("CASTLING_FILL", os.path.join(os.path.dirname(BINARY), "examples/fill_accounts"))


class Filled(Castling):
    def __init__(self, name: str, base: int, database: str | None, accounts: int, contacts: int):
        super().__init__(name, base, database=database)
        self.accounts, self.contacts = accounts, contacts
        self.database_name = f"castling_{accounts}"

    def fingerprint(self) -> str:
        return f"{super().fingerprint()} {self.accounts} {self.contacts} {os.stat(FILL).st_mtime_ns}"

    def fill(self) -> None:
        # All accounts get the keys of the first.
        self.fill_accounts(1)
        argv = [FILL, self.url(), f"{self.folder}/data", place.DOMAIN, str(self.accounts), str(self.contacts)]
        told = subprocess.run(argv, stdout=sys.stderr)
        place.give(self.folder, self.user)
        if told.returncode:
            sys.exit(f"{self.name}: no accounts")
        if self.database:
            # What PostgreSQL would otherwise do by itself while it is measured.
            self.sql("VACUUM ANALYZE")
            self.sql("CHECKPOINT")

    # --- the database beside the server ---

    def file(self) -> str:
        return f"{self.folder}/data/castling.db"

    def sql(self, text: str) -> None:
        """By the database's own client."""
        if self.database:
            databases.start(self.database)
            databases.run(self.database, self.database_name, text)
        else:
            with contextlib.closing(sqlite3.connect(self.file())) as connection:
                connection.execute(text)

    def database_bytes(self) -> int:
        if not self.database:
            return os.path.getsize(self.file())
        return int(databases.ask(self.database, self.database_name, "SELECT pg_database_size(current_database())"))

    def tool(self, *words: str, fails: bool = False) -> str:
        """What a command of the server prints; if it may fail, with its complaints."""
        argv = ["./castling", *words, "--config", "castling.toml"]
        told = subprocess.run(argv, cwd=self.folder, capture_output=True, text=True, user=self.user)
        if told.returncode and not fails:
            sys.exit(f"{self.name}: castling {' '.join(words)}: {told.stderr}")
        return told.stdout + (told.stderr if fails else "")
