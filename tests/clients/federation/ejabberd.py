"""ejabberd as a federating server: dialback or certificates, direct TLS, two domains and the odd ones."""

from federation.cast import PASSWORD, Cast
from federation.process import Process

# Without mod_s2s_dialback there is only SASL EXTERNAL; `required_trusted` does not exist any more.
SERVER = """\
loglevel: {level}
hosts: [{hosts}]
certfiles: [{certfiles}]
ca_file: "{root}"
s2s_cafile: "{root}"
acme: {{auto: false}}
auth_method: internal
auth_password_format: scram
s2s_use_starttls: required
# How long it bounces, at most, after a connection that failed.
s2s_max_retry_delay: 1
s2s_dns_timeout: 2
negotiation_timeout: 10
outgoing_s2s_families: [ipv4]
listen:
  - {{port: 5222, ip: "{address}", module: ejabberd_c2s, starttls: true, starttls_required: true, access: all}}
  - {{port: 5269, ip: "{address}", module: ejabberd_s2s_in}}
  - {{port: 5270, ip: "{address}", module: ejabberd_s2s_in, tls: true}}
modules:
  mod_disco: {{}}
  mod_offline: {{}}
  mod_ping: {{}}
  mod_roster: {{}}
  mod_stream_mgmt: {{}}
  mod_time: {{}}
  mod_vcard: {{search: false}}
  mod_version: {{}}
{dialback}
"""


def process(folder: str, address: str, cast: Cast, certificates: str, root: str, dialback: bool, level: str) -> Process:
    with open(f"{folder}/ejabberd.yml", "w") as file:
        file.write(SERVER.format(hosts=", ".join(cast.domains), address=address, root=root, level=level,
                                 certfiles=", ".join(f'"{certificates}/{domain}.pem"' for domain in cast.domains),
                                 dialback="  mod_s2s_dialback: {}" if dialback else ""))
    users = ",".join('{{<<"{}">>,<<"{}">>}}'.format(*jid.split("@")) for jid in cast.accounts)
    # They exist already when it is started again.
    accounts = f'[ejabberd_auth:try_register(U, D, <<"{PASSWORD}">>) || {{U, D}} <- [{users}]]'
    ready = f'{accounts}, ok = file:write_file("{folder}/ready", "")'
    env = {"EJABBERD_CONFIG_PATH": f"{folder}/ejabberd.yml", "EJABBERD_LOG_PATH": f"{folder}/server.log",
           "ERL_CRASH_DUMP_BYTES": "0", "ERL_LIBS": "/usr/lib/x86_64-linux-gnu"}
    argv = ["/usr/bin/erl", "-noinput", "-mnesia", "dir", f'"{folder}/spool"', "-s", "ejabberd", "-eval", ready]
    ports = [(address, 5222), (address, 5269), (address, 5270)]
    return Process("ejabberd", folder, argv, env, ports, f"{folder}/ready")
