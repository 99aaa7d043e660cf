"""A certificate for servers only, as public authorities issue them, is as good as one for clients too."""

from federation.cast import SERVER_ONLY
from federation.person import either
from player import demand

MODES = ("certificate", "direct")


async def run(stage):
    for near, far in stage.both_ways:
        a, b = await near.online(near.odd(SERVER_ONLY)), await far.online(far.first)
        b.say(a.bare, "to one with half a purpose")
        await a.hears(b.bare, "to one with half a purpose")
        sent = a.tell(b.bare, "from one with half a purpose")
        got = await either(accepted=b.hears(a.bare, "from one with half a purpose"), refused=a.bounced(sent, "the message"))
        expected = far.expects("a certificate for servers only", "accepted")
        demand(got == expected, f"a certificate for servers only is {got} by {far.cast.one}, not {expected}")
        await stage.leave()
