"""Who logs in later sees the contact who has been online before, as he is (RFC 6121 §4.3)."""

from federation.person import befriended


async def run(stage):
    for near, far in stage.both_ways:
        a, b = await near.online(near.first), await far.online(far.first)
        await befriended(a, b)
        await b.go()
        await a.sees(b.bare, "unavailable")
        a.send_presence(pshow="xa", pstatus="since noon")
        await a.barrier()
        b = await far.online(far.first, "laptop")
        await b.sees_as(a.full, "xa")
        await a.sees_as(b.full, "")
        await stage.leave()
