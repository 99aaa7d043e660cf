"""Contacts on two servers see each other come, be away, and go."""

from federation.person import befriended
from player import demand


async def run(stage):
    a, b = await stage.here.online(stage.here.first), await stage.there.online(stage.there.first)
    await befriended(a, b)
    for one, other in ((a, b), (b, a)):
        for show, status in (("away", "thinking & <drinking>"), ("dnd", ""), ("", "back")):
            one.presences.clear(), other.presences.clear()
            one.send_presence(pshow=show or None, pstatus=status or None)
            seen = await other.sees_as(one.full, show)
            demand(seen["status"] == status, f"{other.bare} saw the status {seen['status']!r} instead of {status!r}")
            demand(str(seen["to"]) in (other.bare, other.full), f"the presence for {other.bare} is addressed to {seen['to']}")
        # Unavailable, and not gone: the stream stays.
        one.send_presence(ptype="unavailable", pstatus="gone fishing")
        gone = await other.sees(one.bare, "unavailable")
        demand(gone["status"] == "gone fishing", f"unavailable came with {gone['status']!r}")
        one.presences.clear(), other.presences.clear()
        one.send_presence()
        await other.sees_as(one.full, "")
    b.presences.clear()
    await a.go()
    await b.until(f"unavailable of {a.name_here}", lambda: [p for p in b.seen(a.bare, "unavailable") if p["from"].full == a.name_here])
    # From the bare JID it would be the answer to a probe (RFC 6121 §4.3.2).
    gone = [p for p in b.seen(a.bare, "unavailable") if p["from"].full == a.name_here]
    demand(len(gone) == 1, f"unavailable came {len(gone)} times")
