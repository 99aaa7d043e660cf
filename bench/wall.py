"""The wall: what a plugin that does harm on one brand costs the users of another one.

Four users of one brand send messages to the plugin; on the other brand two users talk."""

import os
import subprocess
import sys
import threading
import time

import brands
import report
from client import Client

HARM = ("nothing", "loop", "bomb", "recursion", "trap", "huge", "large", "forged", "slow", "state", "log", "refuse")
EVERY_S = 0.002


def measured(messages: int) -> str:
    """A table of all of it, as Markdown."""
    with brands.Brands("wall", "hostile", ["content", "replace", "sessions.close"]) as server:
        rows = [row("no plugin", messages)]
        for harm in HARM:
            server.enable(f"does={harm}")
            rows.append(row(f"`{harm}`", messages))
    return report.table(["what the plugin does", "median in ms", "p99", "longest"], rows)


def row(title: str, messages: int) -> list[str]:
    flood = subprocess.Popen([sys.executable, os.path.abspath(__file__), "flood"])
    try:
        time.sleep(1)
        cells = [title, *brands.milliseconds(brands.latencies(messages))]
        print(cells, flush=True)
        return cells
    finally:
        flood.kill()
        flood.wait()


def flood() -> None:
    clients = [Client(f"user{number}@{brands.OTHER}", brands.PORT) for number in range(brands.USERS)]
    for client in clients:
        threading.Thread(target=client.drop_all, daemon=True).start()
    number = 0
    while True:
        for client in clients:
            number += 1
            client.send(f"<message to='{client.jid}' type='chat' id='{number}'><harm xmlns='urn:example:harm'/></message>")
        time.sleep(EVERY_S)


if __name__ == "__main__":
    flood()
