"""Two players add each other: rosters, both subscriptions, and each sees the other come and go."""

from player import Player, demand


async def run(server, jack, anna, other):
    a = await (await Player(server, jack, "desk", "starttls").log_in()).come_online()
    b = await (await Player(server, anna, "phone", "direct").log_in()).come_online()
    await a.forget(anna.jid)
    await b.forget(jack.jid)
    await a.barrier()
    await b.barrier()
    a.presences.clear(), b.presences.clear()

    await befriend(a, b)
    demand(a.contacts[anna.jid]["groups"] == ["chess"], f"the group got lost: {a.contacts[anna.jid]}")

    b.send_presence(pshow="away", pstatus="thinking")
    away = await a.until("away of the contact", lambda: [p for p in a.seen(anna.jid, "available") if p["show"] == "away"])
    demand(away[0]["status"] == "thinking", f"the status arrived as {away[0]['status']!r}")
    demand(away[0]["from"] == b.boundjid, f"the presence came from {away[0]['from']}")

    await b.go()
    await a.sees(anna.jid, "unavailable")
    demand(len(a.seen(anna.jid, "unavailable")) == 1, "unavailable came more than once")
    await a.go()


async def befriend(a, b):
    """`a` asks `b` and the other way round (RFC 6121 §3.1)."""
    ours, theirs = a.boundjid.bare, b.boundjid.bare
    iq = a.make_iq_set()
    iq["roster"]["items"] = {theirs: {"name": "A friend", "groups": ["chess"]}}
    await iq.send(timeout=a.place.patience)
    a.send_presence_subscription(pto=theirs, ptype="subscribe")
    await a.until("the pending request in the roster", lambda: a.contacts.get(theirs, {}).get("ask") == "subscribe")
    await b.sees(ours, "subscribe")
    demand(ours not in b.contacts, "a request that is not answered yet is in the roster")
    b.send_presence_subscription(pto=ours, ptype="subscribed")
    await a.has_contact(theirs, "to")
    await b.has_contact(ours, "from")
    await a.sees(theirs, "available")
    demand(not b.seen(ours, "available"), "presence of somebody who did not allow it")
    b.send_presence_subscription(pto=ours, ptype="subscribe")
    await a.sees(theirs, "subscribe")
    a.send_presence_subscription(pto=theirs, ptype="subscribed")
    await a.has_contact(theirs, "both")
    await b.has_contact(ours, "both")
    await b.sees(ours, "available")
