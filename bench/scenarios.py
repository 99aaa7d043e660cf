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


SIZES = {"warm": 2, "secs": 8, "steps": "1000,10000", "settle": 5, "accounts": 500}
CPU = "--warm {warm} --secs {secs} "

ALL = {scenario.name: scenario for scenario in [
    Scenario("message-plain", "chat message, plain TCP", "plain", CPU + "pairs"),
    Scenario("message-starttls", "chat message, STARTTLS", "starttls", CPU + "pairs"),
    Scenario("message-tls", "chat message, direct TLS", "tls", CPU + "pairs"),
    Scenario("steady-plain", "chat message, plain TCP, 1,000 a second", "plain", CPU + "pairs --rate 1000"),
    Scenario("steady-starttls", "chat message, STARTTLS, 1,000 a second", "starttls", CPU + "pairs --rate 1000"),
    Scenario("presence-plain", "directed presence, plain TCP", "plain", CPU + "pairs --what presence"),
    Scenario("ping-starttls", "ping to the server, STARTTLS", "starttls", CPU + "ping"),
    Scenario("login-plain", "log-in and out, plain TCP", "plain", CPU + "--at-once 8 login"),
    Scenario("login-starttls", "log-in and out, STARTTLS", "starttls", CPU + "--at-once 8 login"),
    Scenario("offline-starttls", "message to an account that is away", "starttls",
             "--first 5000 --at-once 8 offline --accounts {accounts}"),
    Scenario("idle-plain", "idle session, plain TCP", "plain", "idle --steps {steps} --settle {settle}", memory=True),
    Scenario("idle-starttls", "idle session, STARTTLS", "starttls", "idle --steps {steps} --settle {settle}", memory=True),
]}

# What `report` runs: every server, then what plugins cost.
PEERS = ["castling", "ejabberd", "prosody"]
BESIDE_PEERS = ["message-plain", "message-starttls", "steady-starttls", "ping-starttls", "login-starttls",
                "offline-starttls", "idle-plain", "idle-starttls"]
WITH_PLUGINS = ["castling", "castling-1", "castling-2"]
FOR_PLUGINS = ["presence-plain", "message-plain"]
