"""A real client: slixmpp, with an inbox that can be waited on and a connection that can be broken."""

import asyncio
import logging

import slixmpp
from slixmpp.xmlstream.handler import Callback
from slixmpp.xmlstream.matcher import MatchXPath

from server import Account, Server
from wire import Wire

logging.getLogger("slixmpp").setLevel(logging.CRITICAL)
# slixmpp leaves its sending task behind when a stream ends.
logging.getLogger("asyncio").addFilter(lambda record: "Task was destroyed" not in record.getMessage())


class Failed(AssertionError):
    """The server did not do what the scenario says."""


def demand(condition, sentence: str) -> None:
    """A check that `python -O` does not remove."""
    if not condition:
        raise Failed(sentence)


class Player(slixmpp.ClientXMPP):
    def __init__(self, server: Server, account: Account, resource: str, security: str = "starttls",
                 resumes: bool = False, wire: Wire | None = None):
        super().__init__(f"{account.jid}/{resource}", account.password)
        self.place, self.security, self.wire = server, security, wire
        self.name_here = f"{account.jid}/{resource}"
        self.messages: list[slixmpp.Message] = []
        self.presences: list[slixmpp.Presence] = []
        self.contacts: dict[str, dict] = {}
        self.pushes: list[slixmpp.Iq] = []
        self.happened: dict[str, object] = {}
        self._news = asyncio.Condition()
        self.enable_direct_tls, self.enable_starttls = security == "direct", security == "starttls"
        self.enable_plaintext = False
        self.ssl_context = server.tls_context(direct=security == "direct")
        self.roster.auto_authorize, self.roster.auto_subscribe = None, False
        if resumes:
            self.register_plugin("xep_0198")
        for plugin in ("xep_0030", "xep_0092", "xep_0199", "xep_0202", "xep_0203"):
            self.register_plugin(plugin)
        self._listen()

    def _listen(self) -> None:
        for kind, inbox in (("message", self.messages), ("presence", self.presences)):
            matcher = MatchXPath(f"{{{self.default_ns}}}{kind}")
            self.register_handler(Callback(f"inbox of {kind}s", matcher, lambda got, inbox=inbox: self._took(inbox, got)))
        self.add_event_handler("roster_update", self._roster)
        for event in ("session_start", "stream_negotiated", "failed_all_auth", "connection_failed", "stream_error",
                      "disconnected", "session_resumed", "sm_enabled", "sm_failed", "ssl_invalid_chain"):
            self.add_event_handler(event, lambda data, event=event: self._took(None, data, event))

    def _took(self, inbox, data, event: str = "") -> None:
        if inbox is None:
            self.happened[event] = data if data is not None else True
        else:
            inbox.append(data)
        asyncio.ensure_future(self._tell())

    async def _tell(self) -> None:
        async with self._news:
            self._news.notify_all()

    def _roster(self, iq) -> None:
        if iq["type"] == "result":
            self.contacts.clear()
        else:
            self.pushes.append(iq)
        for jid, item in iq["roster"]["items"].items():
            self.contacts[str(jid)] = dict(item)
            if item["subscription"] == "remove":
                del self.contacts[str(jid)]
        asyncio.ensure_future(self._tell())

    async def until(self, what: str, condition):
        """Waits until `condition()` gives something true, and gives it."""
        async def wait():
            async with self._news:
                while not (result := condition()):
                    await self._news.wait()
                return result
        try:
            return await asyncio.wait_for(wait(), self.place.patience)
        except asyncio.TimeoutError:
            raise Failed(f"{self.name_here}: {what} did not come within {self.place.patience:g} s; {self._seen()}") from None

    def _seen(self) -> str:
        messages = [f"{m['from']}: {m['body']!r}" for m in self.messages]
        presences = [f"{p['from']}: {p['type']}" for p in self.presences]
        return f"messages {messages}, presences {presences}, roster {self.contacts}, events {sorted(self.happened)}"

    # --- coming and going ---

    async def log_in(self) -> "Player":
        """Connects, authenticates and binds; sends no presence yet."""
        await self._dial()
        ends = ("stream_negotiated", "failed_all_auth", "ssl_invalid_chain", "disconnected")
        await self.until("an answer to the log-in", lambda: any(end in self.happened for end in ends))
        demand("session_start" in self.happened, f"{self.name_here} could not log in: {self._seen()}")
        demand(self.boundjid.full == self.name_here, f"bound {self.boundjid.full} instead of {self.name_here}")
        return self

    async def is_refused(self) -> None:
        """Connects and must not be let in."""
        await self._dial()
        await self.until("a refusal", lambda: self.happened.keys() & {"failed_all_auth", "session_start"})
        demand("session_start" not in self.happened, f"{self.name_here} was let in with a wrong password")
        await self.disconnect(wait=1.0)

    async def _dial(self) -> None:
        host, port = self.place.host, self.place.port(self.security)
        if self.wire:
            host, port = "127.0.0.1", await self.wire.open()
        self.connect(host, port)

    async def come_online(self, **presence) -> "Player":
        """Asks for the roster and becomes available (RFC 6121 §2.2, §4.2)."""
        await self.get_roster(timeout=self.place.patience)
        self.send_presence(**presence)
        own = self.boundjid.full
        await self.until("the own presence", lambda: [p for p in self.presences if p["from"] == own])
        return self

    async def go(self) -> None:
        """Ends the stream in an orderly way, after acknowledging what came (else it would rightly be kept for us)."""
        if "sm_enabled" in self.happened or "session_resumed" in self.happened:
            self["xep_0198"].send_ack()
        await self.disconnect(wait=self.place.patience, reason="bye")
        await self.until("the end of the stream", lambda: "disconnected" in self.happened)

    async def barrier(self) -> None:
        """Returns when the server has answered a ping that was sent after all else."""
        await self["xep_0199"].send_ping(jid=self.boundjid.domain, timeout=self.place.patience)

    async def break_off(self) -> None:
        """The network is gone: both sides lose the connection."""
        self.happened.clear()
        self.wire.cut()
        await self.until("the loss of the connection", lambda: "disconnected" in self.happened)

    async def resume(self) -> None:
        """Connects again and resumes the stream (XEP-0198 §5)."""
        self.happened.clear()
        await self.wire.close()
        await self._dial()
        await self.until("the resumption", lambda: self.happened.keys() & {"session_resumed", "sm_failed", "session_start"})
        demand("session_resumed" in self.happened, f"{self.name_here}: not resumed: {self.happened.get('sm_failed')}")

    # --- talking ---

    def say(self, to: str, body: str) -> None:
        self.send_message(mto=to, mbody=body, mtype="chat")

    def bodies(self, sender: str = "") -> list[str]:
        """What was heard, in order; of one sender (bare JID) if named."""
        return [m["body"] for m in self.messages if m["body"] and (not sender or m["from"].bare == sender)]

    async def hears(self, sender: str, body: str) -> slixmpp.Message:
        mine = lambda: [m for m in self.messages if m["from"].bare == sender and m["body"] == body]
        return (await self.until(f"{body!r} of {sender}", mine))[0]

    def seen(self, who: str, kind: str) -> list[slixmpp.Presence]:
        """Presences of a bare JID: kind as in `type`, `available` for none."""
        return [p for p in self.presences if p["from"].bare == who and presence_type(p) == kind]

    async def sees(self, who: str, kind: str, times: int = 1) -> slixmpp.Presence:
        return (await self.until(f"{kind} of {who}", lambda: self.seen(who, kind)[times - 1:]))[0]

    # --- contacts ---

    async def has_contact(self, who: str, subscription: str) -> None:
        await self.until(f"{who} with subscription {subscription}",
                         lambda: self.contacts.get(who, {}).get("subscription") == subscription)

    async def forget(self, who: str) -> None:
        """Removes a contact if there is one."""
        if who in self.contacts:
            iq = self.make_iq_set()
            iq["roster"]["items"] = {who: {"subscription": "remove"}}
            await iq.send(timeout=self.place.patience)
            await self.until(f"{who} to leave the roster", lambda: who not in self.contacts)


def presence_type(presence: slixmpp.Presence) -> str:
    """The `type` attribute; slixmpp would mix it with `show`."""
    return presence.xml.get("type", "available")
