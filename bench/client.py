"""A client in few lines, for what talks at a steady pace while the generator makes noise."""

import base64
import hashlib
import hmac
import os
import re
import socket

import place


class Client:
    """A client over plain TCP with SCRAM-SHA-1 (RFC 5802)."""

    def __init__(self, account: str, port: int):
        self.account, self.jid = account.split("@"), f"{account}/x"
        self.socket, self.text = socket.create_connection(("127.0.0.1", port)), ""
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.open()
        self.log_in()
        self.open()
        self.send("<iq type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><resource>x</resource></bind></iq>")
        self.until("</iq>")
        self.send("<presence/>")
        self.until("<presence")

    def open(self) -> None:
        self.send(f"<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' to='{self.account[1]}' version='1.0'>")
        self.until("</stream:features>")

    def log_in(self) -> None:
        encode = lambda text: base64.b64encode(text.encode() if isinstance(text, str) else text).decode()
        bare = f"n={self.account[0]},r={encode(os.urandom(12))}"
        self.send(f"<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='SCRAM-SHA-1'>{encode('n,,' + bare)}</auth>")
        challenge = base64.b64decode(re.search(r">([^<>]*)</challenge>$", self.until("</challenge>")).group(1)).decode()
        parts = dict(part.split("=", 1) for part in challenge.split(","))
        salted = hashlib.pbkdf2_hmac("sha1", place.PASSWORD, base64.b64decode(parts["s"]), int(parts["i"]))
        key, without = hmac.digest(salted, b"Client Key", "sha1"), f"c=biws,r={parts['r']}"
        signature = hmac.digest(hashlib.sha1(key).digest(), f"{bare},{challenge},{without}".encode(), "sha1")
        proof = encode(bytes(a ^ b for a, b in zip(key, signature)))
        self.send(f"<response xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>{encode(f'{without},p={proof}')}</response>")
        self.until("<success")
        self.until(">")
        self.text = ""

    def send(self, text: str) -> None:
        self.socket.sendall(text.encode())

    def until(self, mark: str) -> str:
        """What comes up to this mark and with it."""
        while mark not in self.text:
            read = self.socket.recv(65536)
            assert read, f"the connection has ended: {self.text[-300:]}"
            self.text += read.decode(errors="replace")
        end = self.text.index(mark) + len(mark)
        before, self.text = self.text[:end], self.text[end:]
        return before

    def drop_all(self) -> None:
        while self.socket.recv(65536):
            pass

    def close(self) -> None:
        self.socket.close()
