"""A hundred messages each way at once: each arrives once, in order, from the sender's full address."""

from federation.person import together
from player import demand

EACH = 100


async def run(stage):
    a, b = await stage.here.online(stage.here.first), await stage.there.online(stage.there.first)
    ways = [(a, b, "from here"), (b, a, "from there")]
    for number in range(EACH):
        for sender, receiver, words in ways:
            sender.say(receiver.full if number % 2 else receiver.bare, f"{words} {number}")
    await together(*(receiver.hears(sender.bare, f"{words} {EACH - 1}") for sender, receiver, words in ways))
    for sender, receiver, words in ways:
        got = receiver.bodies(sender.bare)
        demand(got == [f"{words} {number}" for number in range(EACH)], f"{receiver.bare} heard {got}")
        demand(all(m["from"] == sender.boundjid for m in receiver.messages), "a message came from another address")
