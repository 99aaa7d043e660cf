"""One goes offline: the other sees it, writes all the same, and nothing is lost or doubled."""

from player import Player, demand


async def run(server, jack, anna, other):
    a = await (await Player(server, jack, "desk").log_in()).come_online()
    b = await (await Player(server, anna, "phone").log_in()).come_online()
    await a.sees(anna.jid, "available")
    await b.go()
    await a.sees(anna.jid, "unavailable")

    wanted = [f"while you were away {number}" for number in range(10)]
    for body in wanted:
        a.say(anna.jid, body)
    await a.barrier()

    b = await (await Player(server, anna, "phone").log_in()).come_online()
    await b.hears(jack.jid, wanted[-1])
    demand(b.bodies(jack.jid) == wanted, f"offline messages arrived as {b.bodies(jack.jid)}")
    for message in b.messages:
        demand(message["delay"]["stamp"], f"no time stamp (XEP-0203) on {message['body']!r}")
    await a.sees(anna.jid, "available", times=2)
    await b.sees(jack.jid, "available")
    await b.go()

    b = await (await Player(server, anna, "phone").log_in()).come_online()
    a.say(anna.jid, "still there?")
    await b.hears(jack.jid, "still there?")
    demand(b.bodies(jack.jid) == ["still there?"], f"delivered again: {b.bodies(jack.jid)}")
    await a.go()
    await b.go()
