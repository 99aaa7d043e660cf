"""A domain that does not exist, and one whose records say that it has no XMPP: remote-server-not-found."""

from player import demand


async def run(stage):
    a = await stage.here.online(stage.here.first)
    for domain in ("nowhere.example", "without.example"):
        condition = await a.bounced(a.tell(f"ruth@{domain}", "is anybody there?"), f"a message to {domain}")
        demand(condition == "remote-server-not-found", f"a message to {domain} came back with {condition}")
        condition = await a.condition(domain, "<ping xmlns='urn:xmpp:ping'/>")
        demand(condition == "remote-server-not-found", f"a question to {domain} came back with {condition}")
