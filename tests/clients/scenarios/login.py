"""Log in over STARTTLS and over direct TLS; a wrong password is refused on both."""

from player import Player, demand
from server import Account


async def run(server, jack, anna, other):
    for security in ("starttls", "direct"):
        player = await Player(server, jack, f"login-{security}", security).log_in()
        demand(player.transport.get_extra_info("ssl_object") is not None, f"{security}: the stream is not encrypted")
        await player.barrier()
        await player.go()
        await Player(server, Account(jack.jid, jack.password + "x"), "wrong", security).is_refused()
    await Player(server, Account("nobody-of-that-name@" + jack.jid.split("@")[1], "x"), "wrong").is_refused()
