"""Messages for a user of the other server who is offline are stored there, and read at the next log-in."""

from player import demand


async def run(stage):
    for near, far in stage.both_ways:
        a = await near.online(near.first)
        wanted = [f"while you were away {number}" for number in range(5)]
        for body in wanted:
            a.say(far.second, body)
        # In order after the messages, if the servers keep the order.
        await a.ask(far.cast.one, "<ping xmlns='urn:xmpp:ping'/>")
        b = await far.online(far.second)
        await b.hears(a.bare, wanted[-1])
        demand(b.bodies(a.bare) == wanted, f"offline messages arrived as {b.bodies(a.bare)}")
        for message in b.messages:
            demand(message["delay"]["stamp"], f"no time stamp (XEP-0203) on {message['body']!r}")
        await stage.leave()
