"""A server process with its own /etc/resolv.conf and /etc/hosts, which can be killed and started again with its data."""

import os
import pwd
import signal
import socket
import subprocess
import time

# Binds the two files of the folder over those of the machine, in a mount namespace that only the server sees.
OWN_NAMES = """\
mount --bind "$0/resolv.conf" /etc/resolv.conf && mount --bind "$0/hosts" /etc/hosts &&
exec setpriv --reuid "$1" --regid "$1" --clear-groups --pdeathsig KILL "${@:2}"
"""


class Process:
    """What a server of either kind is started by: a user of its Debian package, a folder, a command."""

    def __init__(self, user: str, folder: str, argv: list[str], env: dict[str, str], ports: list[tuple[str, int]],
                 ready: str | None = None):
        self._user, self._folder, self._argv, self._ports = user, folder, argv, ports
        self._ready = ready
        self._env = {"PATH": os.environ["PATH"], "LANG": "C.UTF-8", "HOME": folder, **env}
        self._process: subprocess.Popen | None = None

    def spawn(self, resolver: str) -> None:
        """Starts it for the first time, with that DNS server."""
        with open(f"{self._folder}/resolv.conf", "w") as file:
            file.write(f"nameserver {resolver}\noptions timeout:1 attempts:2\n")
        with open(f"{self._folder}/hosts", "w") as file:
            file.write("127.0.0.1 localhost\n")
        user = pwd.getpwnam(self._user)
        for path, _, files in os.walk(self._folder):
            for entry in [path, *(os.path.join(path, file) for file in files)]:
                os.chown(entry, user.pw_uid, user.pw_gid)
        self.again()

    def again(self) -> None:
        """Starts it, and does not wait."""
        if self._ready and os.path.exists(self._ready):
            os.remove(self._ready)
        command = ["unshare", "--mount", "bash", "-c", OWN_NAMES, self._folder, self._user, *self._argv]
        with open(f"{self._folder}/out", "ab") as out:
            self._process = subprocess.Popen(command, env=self._env, cwd=self._folder, stdin=subprocess.DEVNULL,
                                             stdout=out, stderr=out)

    def listens(self, patience: float = 60) -> None:
        """Waits until all its ports are open, and the file `ready` is there if it writes one."""
        deadline = time.monotonic() + patience
        while not self._is_up():
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"{self._user} did not come up: {self.said()}")
            time.sleep(0.05)

    def _is_up(self) -> bool:
        try:
            for address in self._ports:
                socket.create_connection(address, 1).close()
        except OSError:
            return False
        return self._ready is None or os.path.exists(self._ready)

    def kill(self) -> None:
        self._process.send_signal(signal.SIGKILL)
        self._process.wait()

    def stop(self) -> None:
        self._process.terminate()
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self.kill()

    def said(self, most: int = 4000) -> str:
        """The end of its output and of its log."""
        texts = []
        for name in ("out", "server.log"):
            if os.path.exists(f"{self._folder}/{name}"):
                with open(f"{self._folder}/{name}", errors="replace") as file:
                    texts.append(file.read()[-most:])
        return "\n".join(texts)
