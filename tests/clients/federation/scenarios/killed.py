"""The other server is killed and started again: afterwards messages pass both ways at once, and presence is right."""

import asyncio

from federation.person import befriended, together
from player import demand


async def run(stage):
    await survives(stage, stage.here, stage.there)


async def first_kept(a, to: str) -> tuple[str, str]:
    """The id and text of a message that comes back, or else is kept; those before it can be lost with the connection."""
    for number in range(3):
        text = f"while you were dead {number}"
        sent = a.tell(to, text)
        if await a.comes_back(sent, 1.0):
            break
    return sent, text


async def survives(stage, near, far):
    """`far` is killed."""
    a, b = await near.online(near.first), await far.online(far.first)
    await befriended(a, b)
    if far.expects("has stored what it shows", "at once") != "at once":
        await asyncio.sleep(3)
    far.kill()
    await b.until("the end of the stream", lambda: "disconnected" in b.happened)
    kept, text = await first_kept(a, b.bare)
    far.again()
    if near.expects("tries again", "at once") != "at once":
        await a.reconnects(far.cast.one)
    a.presences.clear()
    b = await far.online(far.first)
    await a.sees_as(b.full, "")
    await b.sees_as(a.full, "")
    a.say(b.bare, "welcome back")
    b.say(a.bare, "I am back")
    await together(b.hears(a.bare, "welcome back"), a.hears(b.bare, "I am back"))
    demand(a.errors(kept) or text in b.bodies(a.bare), "a message to the dead server got lost")
    a.send_presence(pshow="away"), b.send_presence(pshow="dnd")
    await together(b.sees_as(a.full, "away"), a.sees_as(b.full, "dnd"))
