"""Bad certificates where certificates are demanded: nothing passes in either direction, and senders get an error.

Each side in turn has the bad ones, and the other side must refuse them.
"""

from federation.cast import FAULTS
from federation.person import none_of, together

MODES = ("certificate", "direct")


async def run(stage):
    for good, bad in stage.both_ways:
        await together(*(one(good, bad, fault) for fault in FAULTS))
        await stage.leave()


async def one(good, bad, fault):
    a, b = await good.online(good.first, fault), await bad.online(bad.odd(fault))
    out, back = a.tell(b.bare, f"to {fault}"), b.tell(a.full, f"from {fault}")
    await a.bounced(out, f"a message to a domain with a certificate that is bad ({fault})")
    await b.bounced(back, f"a message from a domain with a certificate that is bad ({fault})")
    b.send_presence_subscription(pto=a.bare, ptype="subscribe")
    again = b.tell(a.full, f"again from {fault}")
    await b.bounced(again, f"a second message from a domain with a certificate that is bad ({fault})")
    none_of([m for m in a.messages if m["body"] and m["type"] != "error"], f"{a.full} heard over a stream to be refused")
    none_of([m for m in b.messages if m["body"] and m["type"] != "error"], f"{b.full} heard over a stream to be refused")
    none_of(a.seen(b.bare, "subscribe"), f"{a.full} was asked over a stream to be refused")
