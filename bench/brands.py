"""A Castling of several brands, of which one has a plugin: what its users and the plugin do must not matter to the others."""

import re
import subprocess
import threading
import time

import place
from client import Client
from servers.castling import BINARY, PLUGINS

PORT = 24_400
# The brand that has no plugin, and the one that has.
CALM, OTHER = "a.example", "b.example"
USERS = 4
TALK_EVERY_S = 0.005
CONFIG = """\
data_dir = "data"
[log]
level = "error"
[listen]
c2s_plain = ["127.0.0.1:{port}"]
[limits]
logins_per_minute = 0
c2s_bytes_per_second = 0
[plugins.{plugin}]
file = "{plugins}/{plugin}.wasm"
grants = {grants}
"""


class Brands:
    """The server, started; each domain has accounts `user0`, `user1`, …"""

    def __init__(self, name: str, plugin: str, grants: list[str], domains=(CALM, OTHER), users: int = USERS):
        self.folder, self.plugin = place.empty(f"{place.ROOT}/{name}"), plugin
        config = CONFIG.format(port=PORT, plugins=PLUGINS, plugin=plugin, grants=grants)
        place.write(f"{self.folder}/castling.toml", config + "".join(f'[[domain]]\nname = "{domain}"\n' for domain in domains))
        accounts = (f"{name}@{domain},{place.PASSWORD.decode()}\n" for domain in (CALM, OTHER) for name in place.accounts(users))
        place.write(f"{self.folder}/users.csv", "".join(accounts))
        self.command("user", "add", "--from", "users.csv")

    def __enter__(self):
        self.process = subprocess.Popen([BINARY, "serve"], cwd=self.folder, stdout=subprocess.PIPE)
        assert self.process.stdout.readline() == b"ready\n"
        self.pid = self.process.pid
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()

    def command(self, *words: str) -> str:
        return subprocess.run([BINARY, *words], cwd=self.folder, check=True, stdout=subprocess.PIPE, text=True).stdout

    def enable(self, *settings: str) -> None:
        """On the one brand, as if it had never been called."""
        given = (word for setting in settings for word in ("--set", setting))
        self.command("plugin", "enable", self.plugin, "--domain", OTHER, *given)
        self.command("plugin", "reload", self.plugin)


def latencies(messages: int) -> list[float]:
    """Two users of the calm brand talk at a steady pace. Seconds from when each message was due until it was received, rising: a
    server that stands still for a moment is not measured less often."""
    sender, receiver = Client(f"user0@{CALM}", PORT), Client(f"user1@{CALM}", PORT)
    due, received = {}, {}

    def read():
        while len(received) < messages:
            number = re.search(r"<body>(\d+)</body></message>$", receiver.until("</body></message>"))
            received[int(number.group(1))] = time.perf_counter()

    reader = threading.Thread(target=read, daemon=True)
    reader.start()
    begun = time.perf_counter()
    for number in range(messages):
        due[number] = begun + number * TALK_EVERY_S
        time.sleep(max(0, due[number] - time.perf_counter()))
        sender.send(f"<message to='{receiver.jid}' type='chat'><body>{number}</body></message>")
    reader.join(30)
    assert len(received) == messages, f"{messages - len(received)} messages are lost"
    sender.close(), receiver.close()
    return sorted(received[number] - due[number] for number in range(messages))


def milliseconds(times: list[float]) -> list[str]:
    """Median, 99th of a hundred, longest."""
    return [f"{times[min(int(len(times) * part), len(times) - 1)] * 1000:.1f}" for part in (0.5, 0.99, 1)]
