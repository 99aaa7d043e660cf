"""The servers that are measured, by name."""

from .castling import Castling
from .ejabberd import Ejabberd
from .floor import Floor
from .prosody import Prosody

ALL = {server.name: server for server in [
    Castling("castling", 24_200),
    Castling("castling-1", 24_210, plugins=1),
    Castling("castling-2", 24_220, plugins=2),
    Ejabberd("ejabberd", 21_200),
    Prosody("prosody", 22_200),
    Floor("floor", 23_200),
]}
