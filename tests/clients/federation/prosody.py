"""Prosody as a federating server: dialback or certificates, direct TLS, two domains and the odd ones."""

import os

from federation.cast import PASSWORD, Cast
from federation.process import Process

SERVER = """\
daemonize = false
plugin_paths = {{ "{folder}/modules" }}
pidfile = "{folder}/prosody.pid"
data_path = "{folder}/data"
interfaces = {{ "{address}" }}
c2s_ports = {{ 5222 }}
c2s_direct_tls_ports = {{}}
s2s_ports = {{ 5269 }}
s2s_direct_tls_ports = {{ 5270 }}
http_ports = {{}}
https_ports = {{}}
authentication = "internal_hashed"
modules_enabled = {{ "roster", "saslauth", "tls", "disco", "smacks", "ping", "version", "time", "offline", "posix", "vcard",
                    "presence", "message", "iq", "s2s", "s2s_auth_certs", "s2s_bidi", "no_jitter"{dialback} }}
modules_disabled = {{ "admin_shell", "admin_socket" }}
s2s_require_encryption = true
s2s_secure_auth = {secure}
s2s_timeout = 10
ssl = {{ certificate = "{certificates}/{one}.crt", key = "{certificates}/{one}.key", cafile = "{root}" }}
s2s_direct_tls_ssl = {{ certificate = "{certificates}/{one}.crt", key = "{certificates}/{one}.key", cafile = "{root}" }}
log = {{ {level} = "{folder}/server.log" }}
"""

# STARTTLS takes `ssl` of the domain, direct TLS takes `s2s_direct_tls_ssl` of the domain that the client names.
DOMAIN = """\
VirtualHost "{domain}"
ssl = {{ certificate = "{certificates}/{domain}.crt", key = "{certificates}/{domain}.key", cafile = "{root}" }}
s2s_direct_tls_ssl = {{ certificate = "{certificates}/{domain}.crt", key = "{certificates}/{domain}.key", cafile = "{root}" }}
"""


# Without lua-unbound, each question to the DNS server waits up to a second.
NO_JITTER = """\
module:set_global()
getmetatable(require "net.dns".resolver()).__index.jitter = false
"""


def process(folder: str, address: str, cast: Cast, certificates: str, root: str, dialback: bool, level: str) -> Process:
    common = dict(folder=folder, certificates=certificates, root=root)
    os.makedirs(f"{folder}/modules")
    with open(f"{folder}/modules/mod_no_jitter.lua", "w") as file:
        file.write(NO_JITTER)
    with open(f"{folder}/prosody.cfg.lua", "w") as file:
        file.write(SERVER.format(address=address, one=cast.one, dialback=', "dialback"' if dialback else "", level=level,
                                 secure=str(not dialback).lower(), **common))
        for domain in cast.domains:
            file.write(DOMAIN.format(domain=domain, **common))
    for jid in cast.accounts:
        name, domain = jid.split("@")
        path = f"{folder}/data/{domain.replace('.', '%2e').replace('-', '%2d')}/accounts"
        os.makedirs(path, exist_ok=True)
        with open(f"{path}/{name}.dat", "w") as file:
            file.write(f'return {{ ["password"] = "{PASSWORD}" }};\n')  # hashed by Prosody at the first log-in
    argv = ["/usr/bin/prosody", "--config", f"{folder}/prosody.cfg.lua", "-F"]
    return Process("prosody", folder, argv, {}, [(address, 5222), (address, 5269), (address, 5270)])
