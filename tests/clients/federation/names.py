"""A DNS server that knows only what a test says: SRV, A and AAAA records; every other name does not exist."""

import ipaddress
import socket
import struct
import threading

A, AAAA, SRV = 1, 28, 33
# A second: Prosody reads an answer from its cache, where a TTL of 0 has expired already.
TTL = 1


def encoded(name: str) -> bytes:
    """A name as labels; `.` is the root."""
    labels = [label.encode("idna") for label in name.split(".") if label]
    return b"".join(bytes([len(label)]) + label for label in labels) + b"\0"


def question(query: bytes) -> tuple[str, int, int]:
    """The name and type that a query asks for, and where the question ends."""
    labels, at = [], 12
    while length := query[at]:
        labels.append(query[at + 1:at + 1 + length].decode("ascii"))
        at += 1 + length
    (kind,) = struct.unpack_from("!H", query, at + 1)
    return ".".join(labels).lower(), kind, at + 5


class Names:
    """Records, and a UDP server for them at `address`."""

    def __init__(self, address: str, port: int = 53):
        self.address, self.port = address, port
        self._records: dict[str, list[tuple[int, bytes]]] = {}
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind((address, port))
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def host(self, name: str, address: str) -> None:
        """An A or AAAA record."""
        ip = ipaddress.ip_address(address)
        self._add(name, A if ip.version == 4 else AAAA, ip.packed)

    def service(self, name: str, service: str, target: str, port: int, priority: int = 0, weight: int = 0) -> None:
        """An SRV record: `service` is `xmpp-server` or `xmpps-server`; the target `.` says that there is none."""
        data = struct.pack("!HHH", priority, weight, port) + encoded(target)
        self._add(f"_{service}._tcp.{name}", SRV, data)

    def _add(self, name: str, kind: int, data: bytes) -> None:
        self._records.setdefault(name.lower(), []).append((kind, data))

    def _serve(self) -> None:
        while True:
            query, sender = self._socket.recvfrom(4096)
            if not query:
                return
            try:
                self._socket.sendto(self._answer(query), sender)
            except (IndexError, UnicodeError, struct.error, OSError):
                continue

    def _answer(self, query: bytes) -> bytes:
        name, kind, end = question(query)
        known = self._records.get(name)
        data = [data for of, data in known or [] if of == kind]
        flags = 0x8580 | (0 if known else 3)  # an authoritative answer; NXDOMAIN for an unknown name
        answer = query[:2] + struct.pack("!HHHHH", flags, 1, len(data), 0, 0) + query[12:end]
        for one in data:
            answer += b"\xc0\x0c" + struct.pack("!HHIH", kind, 1, TTL, len(one)) + one
        return answer

    def close(self) -> None:
        """Wakes the thread with an empty query, and waits for its end."""
        self._socket.sendto(b"", (self.address, self.port))
        self._thread.join()
        self._socket.close()
