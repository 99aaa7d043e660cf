"""What is measured, by name."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Scenario:
    name: str
    # In words and unit, for the table.
    about: str
    transport: str
    # Arguments of the generator.
    arguments: str
    # CPU scenarios pin the server to one core and the generator to the other, and the servers take turns in every
    # round; memory scenarios start a fresh server, unpinned.
    memory: bool = False
    # Whether a server without XMPP can take part.
    bare: bool = False

    def suits(self, server) -> bool:
        return self.bare or not server.bare


# One line of a report: what is measured against which servers, and where docs/performance.md shows it.
@dataclass(frozen=True)
class Part:
    servers: list[str]
    scenarios: list[str]


SIZES = {"warm": 2, "secs": 8, "steps": "1000,10000", "settle": 5, "accounts": 500, "logins": 20_000, "login_step": 5_000}
CPU = "--warm {warm} --secs {secs} "
TRANSPORTS = [("plain", "plain TCP"), ("starttls", "STARTTLS"), ("websocket", "WebSocket"), ("wss", "WebSocket over TLS"),
              ("bosh", "BOSH"), ("bosh-tls", "BOSH over TLS")]
# Accounts that become each other's contacts; the idle sessions are others.
CONTACTS = "--first 10300 "

ALL = {scenario.name: scenario for scenario in [
    Scenario("message-plain", "chat message, plain TCP", "plain", CPU + "pairs"),
    Scenario("message-starttls", "chat message, STARTTLS", "starttls", CPU + "pairs"),
    Scenario("message-tls", "chat message, direct TLS", "tls", CPU + "pairs"),
    Scenario("steady-plain", "chat message, plain TCP, 1,000 a second", "plain", CPU + "pairs --rate 1000"),
    Scenario("steady-starttls", "chat message, STARTTLS, 1,000 a second", "starttls", CPU + "pairs --rate 1000"),
    Scenario("presence-plain", "directed presence, plain TCP", "plain", CPU + "pairs --what presence"),
    Scenario("fanout-plain", "presence to 100 contacts online, plain TCP, each delivery", "plain",
             CPU + CONTACTS + "fanout --contacts 100 --online 100"),
    Scenario("fanout-few-plain", "presence to 100 contacts, 90 of them offline, plain TCP, each delivery", "plain",
             CPU + CONTACTS + "fanout --contacts 100 --online 10"),
    Scenario("busy-plain", "chat message, 8 senders to one account, plain TCP", "plain", CPU + "busy --senders 8"),
    Scenario("ping-starttls", "ping to the server, STARTTLS", "starttls", CPU + "ping"),
    Scenario("login-plain", "log-in and out, plain TCP", "plain", CPU + "--at-once 8 login"),
    Scenario("login-starttls", "log-in and out, STARTTLS", "starttls", CPU + "--at-once 8 login"),
    Scenario("offline-starttls", "message to an account that is away", "starttls",
             "--first 5000 --at-once 8 offline --accounts {accounts}"),
    Scenario("roster-plain", "roster change, plain TCP", "plain", CPU + "--first 7000 roster"),
    Scenario("flood-plain", "20,000 messages at once to one session, plain TCP", "plain", "flood", memory=True),
    Scenario("half-open-plain", "connection that has said half of something, plain TCP", "plain", "half-open", memory=True),
    Scenario("message-websocket", "chat message, WebSocket", "websocket", CPU + "pairs", bare=True),
    Scenario("message-wss", "chat message, WebSocket over TLS", "wss", CPU + "pairs"),
    Scenario("message-bosh", "chat message, BOSH", "bosh", CPU + "pairs"),
    Scenario("message-bosh-tls", "chat message, BOSH over TLS", "bosh-tls", CPU + "pairs"),
    Scenario("steady-websocket", "chat message, WebSocket, 1,000 a second", "websocket", CPU + "pairs --rate 1000"),
    Scenario("steady-bosh", "chat message, BOSH, 1,000 a second", "bosh", CPU + "pairs --rate 1000"),
    Scenario("login-websocket", "log-in and out, WebSocket", "websocket", CPU + "--at-once 8 login"),
    Scenario("login-bosh", "log-in and out, BOSH", "bosh", CPU + "--at-once 8 login"),
    *(Scenario(f"idle-{transport}", f"idle session, {about}", transport, "idle --steps {steps} --settle {settle}",
               memory=True, bare=transport in ("websocket", "bosh"))
      for transport, about in TRANSPORTS),
    *(Scenario(f"churn-{transport}", f"{about}", transport,
               "--at-once 24 churn --total {logins} --step {login_step}", memory=True)
      for transport, about in TRANSPORTS),
]}

PEERS = ["castling", "ejabberd", "prosody"]
ON_DATABASES = ["castling-postgresql", "castling-mariadb", "ejabberd-postgresql"]
PARTS = {
    "tcp": Part(PEERS, ["message-plain", "message-starttls", "steady-starttls", "busy-plain", "presence-plain", "fanout-plain",
                        "fanout-few-plain", "ping-starttls", "login-starttls", "offline-starttls", "idle-plain",
                        "idle-starttls", "churn-starttls"]),
    "plugins": Part(["castling", "castling-1", "castling-2"], ["presence-plain", "message-plain"]),
    "own-table": Part(["castling", "castling-auth-sql"], ["login-plain", "login-starttls"]),
    "databases": Part(["castling", *ON_DATABASES], ["login-starttls", "roster-plain", "offline-starttls"]),
    "web": Part([*PEERS, "floor"], ["message-websocket", "message-wss", "message-bosh", "message-bosh-tls",
                                    "steady-websocket", "steady-bosh", "login-websocket", "login-bosh",
                                    "idle-websocket", "idle-bosh"]),
}
