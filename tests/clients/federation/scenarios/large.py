"""A stanza of 100 kB arrives whole."""

from player import demand

TEXT = "".join(f"{number:06} <&> é你🦄\n" for number in range(4000))


async def run(stage):
    for near, far in stage.both_ways:
        a, b = await near.online(near.first), await far.online(far.first)
        a.say(b.full, TEXT)
        message = await b.until("the large message", lambda: [m for m in b.messages if m["from"] == a.boundjid])
        demand(message[0]["body"] == TEXT, f"{len(TEXT)} characters arrived as {len(message[0]['body'])}")
        await stage.leave()
