"""ejabberd as Debian packages it: the command line of its ejabberdctl, less the distribution."""

import base64
import hashlib
import hmac
import os
import sys
import time

import databases
import place
from .server import Server, package

CONFIG = """\
loglevel: warning
hosts: [{domain}]
certfiles: ["{root}/cert/both.pem"]
auth_password_format: scram
{storage}disable_sasl_mechanisms: [digest-md5, X-OAUTH2]
listen:
  - {{port: {starttls}, ip: "127.0.0.1", module: ejabberd_c2s, starttls: true, shaper: none, access: all, max_stanza_size: 262144, backlog: 4096}}
  - {{port: {tls}, ip: "127.0.0.1", module: ejabberd_c2s, tls: true, shaper: none, access: all, max_stanza_size: 262144, backlog: 4096}}
  - {{port: {websocket}, ip: "127.0.0.1", module: ejabberd_http, backlog: 4096, request_handlers: {handlers}}}
  - {{port: {wss}, ip: "127.0.0.1", module: ejabberd_http, tls: true, backlog: 4096, request_handlers: {handlers}}}
access_rules: {{local: {{allow: local}}}}
acl: {{local: {{user_regexp: ""}}}}
shaper_rules: {{max_user_sessions: 10, max_user_offline_messages: 500}}
modules:
  mod_bosh: {{}}
  mod_disco: {{}}
  mod_offline: {{access_max_user_messages: max_user_offline_messages}}
  mod_ping: {{}}
  mod_roster: {{versioning: true}}
  mod_stream_mgmt: {{}}
  mod_time: {{}}
  mod_version: {{}}
"""
SQL = """\
auth_method: sql
default_db: sql
sql_type: pgsql
sql_server: 127.0.0.1
sql_port: {port}
sql_username: postgres
sql_database: ejabberd
"""
HANDLERS = "{/http-bind: mod_bosh, /xmpp-websocket: ejabberd_http_ws}"


class Ejabberd(Server):
    user = "ejabberd"

    def __init__(self, name: str, base: int, database: str | None = None):
        super().__init__(name, base)
        self.database = database
        self.ports["plain"] = self.ports["starttls"]  # TLS is offered there, not required

    def config(self) -> str:
        storage = "auth_method: internal\n"
        if self.database:
            storage = SQL.format(port=databases.PORTS[self.database])
        return CONFIG.format(storage=storage, handlers=HANDLERS, root=place.ROOT, domain=place.DOMAIN, **self.ports)

    def fingerprint(self) -> str:
        return f"{self.version()} {self.config()} {place.ACCOUNTS}"

    def fill(self) -> None:
        place.write(f"{self.folder}/ejabberd.yml", self.config())
        os.makedirs(f"{self.folder}/spool")
        salted = hashlib.pbkdf2_hmac("sha1", place.PASSWORD, place.SALT, 4096)
        stored = hashlib.sha1(hmac.digest(salted, b"Client Key", "sha1")).digest()
        keys = [stored, hmac.digest(salted, b"Server Key", "sha1"), place.SALT]
        stored, server, salt = (base64.b64encode(key).decode() for key in keys)
        if self.database:
            databases.fresh(self.database, "ejabberd")
            databases.run(self.database, "ejabberd", open("/usr/share/ejabberd/sql/pg.sql").read())
            databases.run(self.database, "ejabberd", f"""\
INSERT INTO users (username, password, serverkey, salt, iterationcount)
SELECT 'user' || number, '{stored}', '{server}', '{salt}', 4096 FROM generate_series(0, {place.ACCOUNTS} - 1) number""")
            place.give(self.folder, self.user)
            return
        users = ",".join(f'<<"{name}">>' for name in place.accounts())
        place.write(f"{self.folder}/fill.erl", f"""\
Keys = {{scram, <<"{stored}">>, <<"{server}">>, <<"{salt}">>, sha, 4096}},
[ejabberd_auth_mnesia:set_password(User, <<"{place.DOMAIN}">>, Keys) || User <- [{users}]],
mnesia:dump_log(), ok = file:write_file("{self.folder}/filled", "ok").
""")
        place.give(self.folder, self.user)
        argv, env = self.command()
        self.process = self.popen(argv + ["-eval", f'ok = file:eval("{self.folder}/fill.erl")'], env)
        deadline = time.monotonic() + 300
        while not os.path.exists(f"{self.folder}/filled"):
            if not self.alive() or time.monotonic() > deadline:
                sys.exit(f"{self.name}: no accounts, see {place.ROOT}/{self.name}.out")
            time.sleep(0.2)
        self.stop()

    def command(self):
        if self.database:
            databases.start(self.database)
        env = {"EJABBERD_CONFIG_PATH": f"{self.folder}/ejabberd.yml", "EJABBERD_LOG_PATH": f"{self.folder}/ejabberd.log",
               "ERL_CRASH_DUMP_BYTES": "0", "ERL_MAX_PORTS": "32000", "ERL_LIBS": "/usr/lib/x86_64-linux-gnu"}
        argv = ["/usr/bin/erl", "+K", "true", "+P", "250000", "-noinput", "-mnesia", "dir", f'"{self.folder}/spool"',
                "-ejabberd", "log_rotate_count", "0", "-s", "ejabberd"]
        return argv, env

    def version(self) -> str:
        return f"ejabberd {package('ejabberd')}"
