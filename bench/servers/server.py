"""What all servers have in common: files, ports, start and stop."""

import hashlib
import os
import pwd
import socket
import subprocess
import sys
import time

import place


class Server:
    """One server with its own files and ports on loopback. `user` is the one it runs as."""

    user = "nobody"
    # Whether it speaks XMPP at all.
    bare = False

    def __init__(self, name: str, base: int):
        self.name = name
        self.folder = f"{place.ROOT}/{name}"
        # Transports of the generator; the paths of WebSocket and BOSH are the same everywhere.
        self.ports = {"plain": base, "starttls": base + 1, "tls": base + 2, "websocket": base + 3, "bosh": base + 3,
                      "wss": base + 4, "bosh-tls": base + 4}
        self.process: subprocess.Popen | None = None

    # --- what each kind says of itself ---

    def command(self) -> tuple[list[str], dict[str, str]]:
        """How it is started: arguments and environment."""
        raise NotImplementedError

    def fill(self) -> None:
        """Writes configuration and accounts into the empty folder."""
        raise NotImplementedError

    def fingerprint(self) -> str:
        """Changes when what `fill` writes would."""
        raise NotImplementedError

    def version(self) -> str:
        raise NotImplementedError

    # --- the same for all ---

    def provision(self) -> None:
        """Fills the folder unless that was done for the same fingerprint."""
        if os.path.exists(self.mark()) and open(self.mark()).read() == self.digest():
            return
        start = time.monotonic()
        self.forget()
        place.empty(self.folder)
        self.fill()
        self.remember()
        print(f"{self.name}: filled in {time.monotonic() - start:.1f} s", file=sys.stderr, flush=True)

    def mark(self) -> str:
        """The file that says for which fingerprint the folder is filled."""
        return f"{place.ROOT}/{self.name}.filled"

    def digest(self) -> str:
        return hashlib.sha256(self.fingerprint().encode()).hexdigest()

    def remember(self) -> None:
        place.write(self.mark(), self.digest())

    def forget(self) -> None:
        if os.path.exists(self.mark()):
            os.remove(self.mark())

    def start(self, cpus: str | None = None) -> int:
        """Starts it, pinned to `cpus` if given; returns when it accepts connections. Gives its pid."""
        for port in set(self.ports.values()):
            with socket.socket() as probe:
                if not probe.connect_ex(("127.0.0.1", port)):
                    sys.exit(f"port {port} is taken by another process")
        argv, env = self.command()
        pin = ["taskset", "-c", cpus] if cpus else []
        self.process = self.popen(pin + argv, env)
        deadline = time.monotonic() + 60
        for port in set(self.ports.values()):
            while True:
                try:
                    socket.create_connection(("127.0.0.1", port), 1).close()
                    break
                except OSError:
                    if self.process.poll() is not None or time.monotonic() > deadline:
                        self.stop()
                        sys.exit(f"{self.name} did not come up, see {place.ROOT}/{self.name}.out")
                    time.sleep(0.1)
        time.sleep(1)
        return self.process.pid

    def popen(self, argv: list[str], env: dict[str, str]) -> subprocess.Popen:
        owner = pwd.getpwnam(self.user)
        out = open(f"{place.ROOT}/{self.name}.out", "ab")
        base = {"PATH": os.environ["PATH"], "LANG": "C.UTF-8", "HOME": self.folder}
        return subprocess.Popen(argv, env={**base, **env}, cwd=self.folder, user=owner.pw_uid, group=owner.pw_gid,
                                stdin=subprocess.DEVNULL, stdout=out, stderr=out)

    def alive(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def stop(self) -> None:
        if self.process is None:
            return
        self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process = None


def package(name: str) -> str:
    """The installed version of a Debian package."""
    query = ["dpkg-query", "-W", "-f", "${Version}", name]
    return subprocess.run(query, capture_output=True, text=True, check=True).stdout
