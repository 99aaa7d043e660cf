"""Prosody as Debian packages it, on its epoll back end."""

import hashlib
import hmac

import place
from .server import Server, package

CONFIG = """\
daemonize = false
pidfile = "{folder}/prosody.pid"
data_path = "{folder}/data"
interfaces = {{ "127.0.0.1" }}
c2s_ports = {{ {starttls} }}
c2s_direct_tls_ports = {{ {tls} }}
http_ports = {{ {websocket} }}
http_interfaces = {{ "127.0.0.1" }}
https_ports = {{ {wss} }}
https_interfaces = {{ "127.0.0.1" }}
https_ssl = {{ certificate = "{cert}", key = "{key}" }}
http_default_host = "{domain}"
consider_bosh_secure = true
consider_websocket_secure = true
ssl = {{ certificate = "{cert}", key = "{key}" }}
c2s_direct_tls_ssl = {{ certificate = "{cert}", key = "{key}" }}
c2s_require_encryption = false
authentication = "internal_hashed"
storage = "internal"
network_backend = "epoll"
network_settings = {{ tcp_backlog = 4096 }}
modules_enabled = {{ "roster", "saslauth", "tls", "disco", "smacks", "ping", "version", "time", "offline", "posix",
	"bosh", "websocket" }}
modules_disabled = {{ "s2s", "admin_shell", "admin_socket" }}
log = {{ warn = "{folder}/prosody.log" }}
VirtualHost "{domain}"
"""


class Prosody(Server):
    user = "prosody"

    def __init__(self, name: str, base: int):
        super().__init__(name, base)
        self.ports["plain"] = self.ports["starttls"]  # TLS is offered there, not required

    def config(self) -> str:
        return CONFIG.format(folder=self.folder, cert=place.CERT, key=place.KEY, domain=place.DOMAIN, **self.ports)

    def fingerprint(self) -> str:
        return f"{self.version()} {self.config()} {place.ACCOUNTS}"

    def fill(self) -> None:
        place.write(f"{self.folder}/prosody.cfg.lua", self.config())
        salted = hashlib.pbkdf2_hmac("sha1", place.PASSWORD, place.SALT, 10_000)
        stored = hashlib.sha1(hmac.digest(salted, b"Client Key", "sha1")).hexdigest()
        server = hmac.digest(salted, b"Server Key", "sha1").hex()
        account = (f'return {{ ["stored_key"] = "{stored}"; ["server_key"] = "{server}"; '
                   f'["salt"] = "{place.SALT.decode()}"; ["iteration_count"] = 10000; }};\n')
        for name in place.accounts():
            place.write(f"{self.folder}/data/{place.DOMAIN}/accounts/{name}.dat", account)
        place.give(self.folder, self.user)

    def command(self):
        return ["/usr/bin/prosody", "--config", f"{self.folder}/prosody.cfg.lua", "-F"], {}

    def version(self) -> str:
        return f"Prosody {package('prosody')}"
