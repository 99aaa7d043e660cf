#!/usr/bin/env python3
"""Plays the scenarios against Prosody or ejabberd, started here on free ports in a temporary folder.

  peers.py prosody|ejabberd

Shows that the scenarios ask for nothing that only one server does. Run as root: each server runs as the user
that its Debian package made.
"""

import os
import pwd
import socket
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
DOMAINS = ["chess.example", "wuchess.example"]
USERS = {"jack": ("jack@chess.example", "jack-chess"), "anna": ("anna@chess.example", "anna-chess"),
         "other": ("jack@wuchess.example", "jack-wuchess")}

PROSODY = """\
daemonize = false
pidfile = "{dir}/prosody.pid"
data_path = "{dir}/data"
interfaces = {{ "127.0.0.1" }}
c2s_ports = {{ {starttls} }}
c2s_direct_tls_ports = {{ {tls} }}
http_ports = {{}}
https_ports = {{}}
ssl = {{ certificate = "{dir}/cert.pem", key = "{dir}/key.pem" }}
c2s_direct_tls_ssl = {{ certificate = "{dir}/cert.pem", key = "{dir}/key.pem" }}
c2s_require_encryption = true
authentication = "internal_hashed"
modules_enabled = {{ "roster", "saslauth", "tls", "disco", "smacks", "ping", "version", "time", "offline", "posix"{more} }}
modules_disabled = {{ "s2s", "admin_shell", "admin_socket" }}
log = {{ warn = "{dir}/server.log" }}
VirtualHost "chess.example"
VirtualHost "wuchess.example"
"""

EJABBERD = """\
loglevel: warning
hosts: [chess.example, wuchess.example]
certfiles: ["{dir}/both.pem"]
auth_method: internal
auth_password_format: scram
listen:
  - {{port: {starttls}, ip: "127.0.0.1", module: ejabberd_c2s, starttls: true, starttls_required: true, access: all}}
  - {{port: {tls}, ip: "127.0.0.1", module: ejabberd_c2s, tls: true, access: all}}
modules: {{mod_disco: {{}}, mod_offline: {{}}, mod_ping: {{}}, mod_roster: {{}}, mod_stream_mgmt: {{}}, mod_time: {{}}, mod_version: {{}}{more}}}
"""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def certificate(folder: str) -> None:
    names = ",".join(f"DNS:{domain}" for domain in DOMAINS)
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                    "-days", "2", "-subj", "/CN=chess.example", "-addext", f"subjectAltName={names}",
                    "-keyout", f"{folder}/key.pem", "-out", f"{folder}/cert.pem"], check=True, capture_output=True)
    with open(f"{folder}/both.pem", "w") as both:
        both.write(open(f"{folder}/cert.pem").read() + open(f"{folder}/key.pem").read())


def prosody(folder: str, ports: dict) -> tuple[list, dict]:
    configure(folder, "prosody", ports)
    for jid, password in USERS.values():
        name, domain = jid.split("@")
        path = f"{folder}/data/{domain.replace('.', '%2e')}/accounts"
        os.makedirs(path, exist_ok=True)
        with open(f"{path}/{name}.dat", "w") as file:
            file.write(f'return {{ ["password"] = "{password}" }};\n')  # hashed by Prosody at the first log-in
    return command(folder, "prosody")


def ejabberd(folder: str, ports: dict) -> tuple[list, dict]:
    configure(folder, "ejabberd", ports)
    users = ",".join('{{<<"{}">>,<<"{}">>,<<"{}">>}}'.format(*jid.split("@"), password) for jid, password in USERS.values())
    return command(folder, "ejabberd", f'[ok = ejabberd_auth:try_register(U, D, P) || {{U, D, P}} <- [{users}]]')


def configure(folder: str, kind: str, ports: dict, more: str = "") -> None:
    """Writes its configuration, with `more` modules."""
    name, text = {"prosody": ("prosody.cfg.lua", PROSODY), "ejabberd": ("ejabberd.yml", EJABBERD)}[kind]
    with open(f"{folder}/{name}", "w") as file:
        file.write(text.format(dir=folder, more=more, **ports))


def command(folder: str, kind: str, first: str = "ok") -> tuple[list, dict]:
    """Its command and environment; ejabberd evaluates `first` when it has started."""
    if kind == "prosody":
        return ["/usr/bin/prosody", "--config", f"{folder}/prosody.cfg.lua", "-F"], {}
    env = {"EJABBERD_CONFIG_PATH": f"{folder}/ejabberd.yml", "EJABBERD_LOG_PATH": f"{folder}/server.log",
           "ERL_CRASH_DUMP_BYTES": "0", "ERL_LIBS": "/usr/lib/x86_64-linux-gnu"}
    return ["/usr/bin/erl", "-noinput", "-mnesia", "dir", f'"{folder}/spool"', "-s", "ejabberd", "-eval", first], env


def run_as(kind: str, folder: str, argv: list, env: dict) -> subprocess.Popen:
    """Runs a command of a server as the user of its package, to whom the folder is given."""
    user = pwd.getpwnam(kind)
    for path, _, files in os.walk(folder):
        for entry in [path, *(os.path.join(path, file) for file in files)]:
            os.chown(entry, user.pw_uid, user.pw_gid)
    out = open(f"{folder}/out", "ab")
    return subprocess.Popen(argv, env={"PATH": os.environ["PATH"], "LANG": "C.UTF-8", "HOME": folder, **env}, cwd=folder,
                            user=user.pw_uid, group=user.pw_gid, stdin=subprocess.DEVNULL, stdout=out, stderr=out)


def start(kind: str, folder: str, ports: dict, argv: list, env: dict) -> subprocess.Popen:
    """A server that listens."""
    process = run_as(kind, folder, argv, env)
    deadline = time.monotonic() + 60
    for port in ports.values():
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            except OSError:
                if process.poll() is not None or time.monotonic() > deadline:
                    process.kill()
                    sys.exit(f"{kind} did not come up:\n" + open(f"{folder}/out").read()[-3000:])
                time.sleep(0.1)
    return process


def stop(process: subprocess.Popen) -> None:
    process.terminate()
    try:
        process.wait(20)
    except subprocess.TimeoutExpired:
        process.kill()


def main() -> int:
    if len(sys.argv) != 2 or sys.argv[1] not in ("prosody", "ejabberd"):
        sys.exit(__doc__)
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        ports = {"starttls": free_port(), "tls": free_port()}
        certificate(folder)
        argv, env = {"prosody": prosody, "ejabberd": ejabberd}[sys.argv[1]](folder, ports)
        process = start(sys.argv[1], folder, ports, argv, env)
        try:
            users = [word for name, (jid, password) in USERS.items() for word in (f"--{name}", f"{jid}={password}")]
            where = [word for name, port in ports.items() for word in (f"--{name}", str(port))]
            return subprocess.run([sys.executable, f"{HERE}/run.py", *where, *users, "--ca", f"{folder}/cert.pem"]).returncode
        finally:
            stop(process)


if __name__ == "__main__":
    sys.exit(main())
