"""Questions to the other server, to a client there, and to the account of a user who is offline."""

from player import demand

VCARD = "<vCard xmlns='vcard-temp'><FN>{}</FN><NICKNAME>&lt;{}&gt;</NICKNAME></vCard>"
DISCO = "http://jabber.org/protocol/disco"


async def run(stage):
    for near, far in stage.both_ways:
        owner = await far.log_in(far.second)
        await owner.ask(far.second, VCARD.format("A Player", far.software), "set")
        await owner.go()

        a, b = await near.online(near.first), await far.online(far.first)
        server = far.cast.one
        await a.ask(server, "<ping xmlns='urn:xmpp:ping'/>")
        version = await a.ask(server, "<query xmlns='jabber:iq:version'/>")
        demand(version.findtext("{jabber:iq:version}name"), f"{server} has a version without a name")
        info = await a.ask(server, f"<query xmlns='{DISCO}#info'/>")
        kinds = [(one.get("category"), one.get("type")) for one in info.iter(f"{{{DISCO}#info}}identity")]
        demand(("server", "im") in kinds, f"{server} is {kinds}, not an IM server")
        items = await a.ask(server, f"<query xmlns='{DISCO}#items'/>")
        demand(items.tag == f"{{{DISCO}#items}}query", f"{server} answered for its items {items.tag}")

        await a.ask(b.full, "<ping xmlns='urn:xmpp:ping'/>")
        vcard = await a.ask(far.second, "<vCard xmlns='vcard-temp'/>")
        fields = [vcard.findtext(f"{{vcard-temp}}{name}") for name in ("FN", "NICKNAME")]
        demand(fields == ["A Player", f"<{far.software}>"], f"the vCard of {far.second} has {fields}")
        await stage.leave()
