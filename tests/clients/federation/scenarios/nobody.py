"""A user who does not exist, on a server that does: messages and questions come back as errors (RFC 6121 §8.5.1)."""

from player import demand


async def run(stage):
    for near, far in stage.both_ways:
        a = await near.online(near.first)
        nobody = f"nobody-of-that-name@{far.cast.one}"
        condition = await a.bounced(a.tell(nobody, "is anybody there?"), f"a message to {nobody}")
        demand(condition == "service-unavailable", f"a message to {nobody} came back with {condition}")
        # XEP-0054 §3.3 leaves the choice.
        allowed = far.expects("nobody's vCard", "service-unavailable or item-not-found")
        condition = await a.condition(nobody, "<vCard xmlns='vcard-temp'/>")
        demand(condition in allowed.split(" or "), f"a question to {nobody} came back with {condition}, not with {allowed}")
        await stage.leave()
