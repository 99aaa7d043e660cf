"""The server under test: where it listens, whose certificate it shows."""

import ssl
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Server:
    host: str
    starttls: int
    tls: int
    # PEM files; with none the certificate is not verified.
    ca: list[str] = field(default_factory=list)
    # Seconds that anything the server does may take.
    patience: float = 10.0

    def tls_context(self, direct: bool) -> ssl.SSLContext:
        context = ssl.create_default_context()
        if self.ca:
            for file in self.ca:
                context.load_verify_locations(cafile=file)
        else:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        if direct:
            context.set_alpn_protocols(["xmpp-client"])  # XEP-0368
        return context

    def port(self, security: str) -> int:
        return {"starttls": self.starttls, "direct": self.tls}[security]


@dataclass(frozen=True)
class Account:
    jid: str
    password: str

    @classmethod
    def read(cls, text: str) -> "Account":
        """`JID=PASSWORD`."""
        jid, _, password = text.partition("=")
        return cls(jid, password)
