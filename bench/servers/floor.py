"""hyper and tungstenite without XMPP: `floor` of the load tool's crate."""

import os
import shutil

import place
from .server import Server

BINARY = os.path.join(os.environ.get("CASTLING_LOAD", f"{place.ROOT}/target/release"), "floor")


class Floor(Server):
    bare = True

    def __init__(self, name: str, base: int):
        super().__init__(name, base)
        self.ports = {"websocket": base, "bosh": base}

    def fingerprint(self) -> str:
        return str(os.stat(BINARY).st_mtime_ns)

    def fill(self) -> None:
        shutil.copy(BINARY, self.folder)
        place.give(self.folder, self.user)

    def command(self):
        return ["./floor", "--port", str(self.ports["bosh"])], {}

    def version(self) -> str:
        return "hyper alone (`bench/floor`)"
