"""A domain whose server does not run: remote-server-timeout (RFC 6120 §8.3.3.16)."""

from player import demand


async def run(stage):
    a = await stage.here.online(stage.here.first)
    usual = stage.here.expects("down", "remote-server-timeout")
    condition = await a.bounced(a.tell("ruth@down.example", "is anybody there?"), "a message to down.example")
    demand(condition == usual, f"a message to down.example came back with {condition}, not with {usual}")
    condition = await a.condition("down.example", "<ping xmlns='urn:xmpp:ping'/>")
    demand(condition == usual, f"a question to down.example came back with {condition}, not with {usual}")
