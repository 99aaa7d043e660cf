"""The same user name on two domains is two people: passwords, rosters and messages stay apart."""

from player import Player, demand
from server import Account


async def run(server, jack, anna, other):
    demand(jack.jid.split("@")[0] == other.jid.split("@")[0], "this scenario needs one name on two domains")
    await Player(server, Account(other.jid, jack.password), "wrong").is_refused()
    await Player(server, Account(jack.jid, other.password), "wrong").is_refused()

    a = await (await Player(server, jack, "desk").log_in()).come_online()
    b = await (await Player(server, anna, "phone").log_in()).come_online()
    c = await (await Player(server, other, "desk", "direct").log_in()).come_online()
    demand(anna.jid in a.contacts, "anna should be a contact of jack's by now")
    demand(anna.jid not in c.contacts, f"{other.jid} has a contact of {jack.jid}'s: {c.contacts}")

    b.say(other.jid, "for the other jack")
    await c.hears(anna.jid, "for the other jack")
    b.say(jack.jid, "for jack")
    await a.hears(anna.jid, "for jack")
    demand(a.bodies(anna.jid) == ["for jack"], f"{jack.jid} heard {a.bodies(anna.jid)}")
    demand(c.bodies(anna.jid) == ["for the other jack"], f"{other.jid} heard {c.bodies(anna.jid)}")

    a.send_presence(pshow="dnd")
    await b.until("dnd of jack", lambda: [p for p in b.seen(jack.jid, "available") if p["show"] == "dnd"])
    b.say(other.jid, "the end")
    await c.hears(anna.jid, "the end")
    foreign = [str(p["from"]) for p in c.presences if p["from"].bare != other.jid]
    demand(not foreign, f"{other.jid} saw the presence of {foreign}")
    demand(not b.seen(other.jid, "available"), f"{anna.jid} saw the presence of {other.jid}")
    for player in (a, b, c):
        await player.go()
