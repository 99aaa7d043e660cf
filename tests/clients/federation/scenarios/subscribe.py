"""A user asks one of the other server, and the other way round: rosters, both subscriptions, presence (RFC 6121 §3)."""

from federation.person import strangers
from scenarios.friends import befriend


async def run(stage):
    for near, far in stage.both_ways:
        a, b = await near.online(near.first), await far.online(far.first)
        await strangers(a, b)
        await befriend(a, b)
        await stage.leave()
