"""Killing and starting a server that somebody else has started."""

import subprocess
import sys


class Command:
    """By a command with the argument `kill` or `again`, which ends when that is done."""

    def __init__(self, command: str):
        self._command = command

    def kill(self) -> None:
        subprocess.run([self._command, "kill"], check=True)

    def again(self) -> None:
        subprocess.run([self._command, "again"], check=True)


class Asked:
    """By a line on standard output, which is answered by a line when that is done."""

    def kill(self) -> None:
        self._ask("kill")

    def again(self) -> None:
        self._ask("again")

    @staticmethod
    def _ask(what: str) -> None:
        print(what, flush=True)
        if not sys.stdin.readline():
            raise RuntimeError(f"nobody has answered {what!r}")
