"""The same user name on two domains of one server, and one user of another server: nothing is mixed up."""

from federation.person import befriended, none_of, strangers
from player import demand


async def run(stage):
    for near, far in stage.both_ways:
        a, other = await near.online(near.first), await near.online(near.other)
        b = await far.online(far.first)
        await strangers(other, b)
        await befriended(a, b)
        for number in range(20):
            for one in (a, other):
                one.say(b.bare, f"{one.bare} {number}")
                b.say(one.bare, f"for {one.bare} {number}")
        for one in (a, other):
            await b.hears(one.bare, f"{one.bare} 19")
            await one.hears(b.bare, f"for {one.bare} 19")
            demand(b.bodies(one.bare) == [f"{one.bare} {number}" for number in range(20)], f"of {one.bare}: {b.bodies(one.bare)}")
            demand(one.bodies() == [f"for {one.bare} {number}" for number in range(20)], f"{one.bare} heard {one.bodies()}")
        a.send_presence(pshow="dnd"), other.send_presence(pshow="away")
        await b.sees_as(a.full, "dnd")
        await other.reaches(b)
        none_of([p for p in b.presences if p["from"].bare == other.bare], f"{b.bare} saw the presence of {other.bare}")
        none_of([p for p in other.presences if p["from"].bare == b.bare], f"{other.bare} saw the presence of {b.bare}")
        demand(b.bare not in other.contacts, f"{other.bare} has a contact of {a.bare}'s")
        await stage.leave()
