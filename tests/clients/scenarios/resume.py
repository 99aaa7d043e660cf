"""A connection falls silent, then breaks; the stream is resumed: no message lost, none twice, nobody saw them go."""

from player import Player, demand
from wire import Wire


async def run(server, jack, anna, other):
    a = await (await Player(server, jack, "desk").log_in()).come_online()
    for security in ("starttls", "direct"):
        await one(server, a, jack, anna, security)
    await a.go()


async def one(server, a, jack, anna, security):
    wire = Wire(server.host, server.port(security))
    b = await Player(server, anna, f"mobile-{security}", security, resumes=True, wire=wire).log_in()
    demand("sm_enabled" in b.happened, "the server did not enable stream management")
    await b.come_online()
    mine = str(b.boundjid)
    await a.until("the mobile", lambda: [p for p in a.presences if p["from"] == mine])
    a.messages.clear()

    said, heard = [], []
    def talk(words):
        for number in range(10):
            a.say(mine, f"{words} {number}")
            b.say(jack.jid, f"{words}, answer {number}")
        said.extend(f"{words} {number}" for number in range(10))
        heard.extend(f"{words}, answer {number}" for number in range(10))

    talk("before")
    await b.hears(jack.jid, "before 9")
    await a.hears(anna.jid, "before, answer 9")
    wire.freeze()
    talk("into the dead socket")
    await a.barrier()
    await b.break_off()
    for number in range(10):
        a.say(mine, f"while nobody is there {number}")
        said.append(f"while nobody is there {number}")
    await a.barrier()
    await b.resume()
    talk("after")
    await b.hears(jack.jid, "after 9")
    await a.hears(anna.jid, "after, answer 9")

    demand(b.bodies(jack.jid) == said, f"{security}: the resumed stream heard {b.bodies(jack.jid)}")
    demand(a.bodies(anna.jid) == heard, f"{security}: the other side heard {a.bodies(anna.jid)}")
    gone = [p for p in a.seen(anna.jid, "unavailable") if p["from"] == mine]
    demand(not gone, f"{security}: the session was reported gone although it was resumed")
    await b.go()
    await a.until("the mobile's end", lambda: [p for p in a.seen(anna.jid, "unavailable") if p["from"] == mine])
    await wire.close()
