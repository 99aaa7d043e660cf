"""A user ends one subscription, then the other, and removes a contact: each ends on both sides (RFC 6121 §2.5, §3.2, §3.3)."""

from federation.person import befriended
from player import demand


async def run(stage):
    for near, far in stage.both_ways:
        a, b = await near.online(near.first), await far.online(far.first)
        await befriended(a, b)
        await ends_one_by_one(far, a, b)
        await befriended(a, b)
        b.presences.clear()
        await a.forget(b.bare)
        await b.sees(a.bare, "unsubscribe")
        await b.sees(a.bare, "unsubscribed")
        await b.sees(a.bare, "unavailable")
        await b.has_contact(a.bare, "none")
        a.presences.clear(), b.presences.clear()
        a.send_presence(pshow="away")
        b.send_presence(pshow="away")
        await a.reaches(b)
        demand(not a.shows(b.bare, "away") and not b.shows(a.bare, "away"), "presence of somebody who is no contact any more")
        await b.forget(a.bare)
        await stage.leave()


async def ends_one_by_one(far, a, b):
    """`a` sees no longer `b`, and then is no longer seen."""
    a.presences.clear(), b.presences.clear()
    a.send_presence_subscription(pto=b.bare, ptype="unsubscribe")
    await b.sees(a.bare, "unsubscribe")
    if far.expects("after `unsubscribe`", "sends unavailable") == "sends unavailable":
        await a.sees(b.bare, "unavailable")
    await a.has_contact(b.bare, "from")
    await b.has_contact(a.bare, "to")
    demand(not b.seen(a.bare, "unavailable"), "the wrong one became unavailable")
    a.send_presence_subscription(pto=b.bare, ptype="unsubscribed")
    await b.sees(a.bare, "unsubscribed")
    await b.sees(a.bare, "unavailable")
    await a.has_contact(b.bare, "none")
    await b.has_contact(a.bare, "none")
