"""The servers that are measured, by name."""

import os
import sys

from .castling import Castling
from .ejabberd import Ejabberd
from .floor import Floor
from .prosody import Prosody

ALL = {server.name: server for server in [
    Castling("castling", 24_200),
    Castling("castling-1", 24_210, plugins=1),
    Castling("castling-2", 24_220, plugins=2),
    Castling("castling-auth-sql", 24_290, own_table=True),
    Ejabberd("ejabberd", 21_200),
    Castling("castling-postgresql", 24_270, database="postgresql"),
    Castling("castling-mariadb", 24_280, database="mariadb"),
    Ejabberd("ejabberd-postgresql", 21_210, database="postgresql"),
    Prosody("prosody", 22_200),
    Floor("floor", 23_200),
]}


def add_binaries(given: list[str]) -> list[str]:
    """Adds one Castling for each NAME=PATH; returns their names."""
    names = []
    for number, word in enumerate(given):
        name, _, path = word.partition("=")
        if not name.isidentifier() or name in ALL or not os.access(path, os.X_OK):
            sys.exit(f"--binary {word}: expected NAME=PATH with a new name and an executable file")
        ALL[name] = Castling(name, 24_230 + 10 * number, binary=os.path.abspath(path))
        names.append(name)
    return names
