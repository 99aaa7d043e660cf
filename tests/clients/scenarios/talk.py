"""Chat both ways: everything arrives once, in order, with the sender's full address."""

import asyncio

from player import Player, demand


async def run(server, jack, anna, other):
    a = await (await Player(server, jack, "desk", "starttls").log_in()).come_online()
    b = await (await Player(server, anna, "phone", "direct").log_in()).come_online()
    both = [(a, b, "from jack"), (b, a, "from anna")]
    for sender, receiver, words in both:
        for number in range(50):
            sender.say(str(receiver.boundjid) if number % 2 else receiver.boundjid.bare, f"{words} {number}")
    await asyncio.gather(*(r.hears(s.boundjid.bare, f"{words} 49") for s, r, words in both))
    for sender, receiver, words in both:
        got = receiver.bodies(sender.boundjid.bare)
        demand(got == [f"{words} {number}" for number in range(50)], f"{receiver.name_here} heard {got}")
        demand(all(m["from"] == sender.boundjid for m in receiver.messages), "a message came from another address")
    text = "<&>\"' ]]&gt; \u00e9\u4f60\U0001f984\n\ttwo lines"
    a.say(anna.jid, text)
    await b.hears(jack.jid, text)
    await a.go()
    await b.go()
