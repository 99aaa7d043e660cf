"""A user on one of the two sides, who asks, and waits for errors."""

import asyncio
import xml.etree.ElementTree as ET

from slixmpp.exceptions import IqError, IqTimeout

from player import Failed, Player, demand
from scenarios.friends import befriend


class Person(Player):
    @property
    def bare(self) -> str:
        return self.boundjid.bare

    @property
    def full(self) -> str:
        return self.boundjid.full

    async def ask(self, to: str, payload: str, kind: str = "get"):
        """The child of the result (`None` if it has none); `IqError` if the answer is an error."""
        iq = self.make_iq_get(ito=to or None) if kind == "get" else self.make_iq_set(ito=to or None)
        iq.append(ET.fromstring(payload))
        try:
            answer = await iq.send(timeout=self.place.patience)
        except IqTimeout:
            raise Failed(f"{self.name_here}: no answer of {to} to {payload} within {self.place.patience:g} s") from None
        except IqError as error:
            raise Failed(f"{self.name_here}: {to} answered {payload} with {error.condition}") from None
        return answer.xml[0] if len(answer.xml) else None

    async def condition(self, to: str, payload: str) -> str:
        """The condition of the error with which a question is answered; `result` if it is not an error."""
        iq = self.make_iq_get(ito=to)
        iq.append(ET.fromstring(payload))
        try:
            await iq.send(timeout=self.place.patience)
        except IqError as error:
            return error.condition
        except IqTimeout:
            raise Failed(f"{self.name_here}: no answer of {to} to {payload} within {self.place.patience:g} s") from None
        return "result"

    def tell(self, to: str, body: str) -> str:
        """Sends a message; its id."""
        message = self.make_message(mto=to, mbody=body, mtype="chat")
        message["id"] = self.new_id()
        message.send()
        return message["id"]

    def errors(self, of: str) -> list:
        """The errors that came back for a message with this id."""
        return [m for m in self.messages if m["type"] == "error" and m["id"] == of]

    async def bounced(self, of: str, what: str) -> str:
        """The condition of the error that comes back for a message."""
        return (await self.until(f"an error for {what}", lambda: self.errors(of)))[0]["error"]["condition"]

    async def comes_back(self, of: str, seconds: float) -> bool:
        """Whether an error for a message comes within that time."""
        try:
            await asyncio.wait_for(self.bounced(of, "a message"), seconds)
        except asyncio.TimeoutError:
            return False
        return True

    def shows(self, who: str, show: str) -> list:
        """Available presences with that `show` of a bare or full JID; the `show` of plain presence is empty."""
        return [p for p in self.presences if who in (p["from"].bare, p["from"].full) and p.xml.get("type") is None
                and (p.xml.findtext("{jabber:client}show") or "") == show]

    async def sees_as(self, who: str, show: str):
        return (await self.until(f"presence {show or 'available'!r} of {who}", lambda: self.shows(who, show)))[-1]

    async def drops(self, who: str) -> None:
        """Removes a contact if there is one, and does not wait for the push."""
        if who in self.contacts:
            await self.ask("", f"<query xmlns='jabber:iq:roster'><item jid='{who}' subscription='remove'/></query>", "set")

    async def reconnects(self, server: str) -> None:
        """Asks until the server answers; for a server that does not try again at once."""
        for _ in range(100):
            if await self.condition(server, "<ping xmlns='urn:xmpp:ping'/>") == "result":
                return
            await asyncio.sleep(0.1)
        raise Failed(f"{self.name_here}: {server} is not to be reached")

    async def reaches(self, other: "Person") -> None:
        """All that both have sent so far, to one another, has been handled when this returns: a ping each way."""
        await self.ask(other.full, "<ping xmlns='urn:xmpp:ping'/>")
        await other.ask(self.full, "<ping xmlns='urn:xmpp:ping'/>")

    async def leave(self) -> None:
        """Ends the stream if it has not ended already."""
        if self.is_connected():
            await self.go()


async def strangers(a: Person, b: Person) -> None:
    """Neither has the other as a contact, and nothing of that is still on its way."""
    # ejabberd can write a contact again that has just been removed, when the other one's removal arrives meanwhile.
    for _ in range(5):
        for one, other in ((a, b), (b, a)):
            await one.drops(other.bare)
        await a.reaches(b)
        await a.barrier(), await b.barrier()
        if a.bare not in b.contacts and b.bare not in a.contacts:
            break
    for one, other in ((a, b), (b, a)):
        demand(other.bare not in one.contacts, f"{one.bare} cannot get rid of {other.bare}: {one.contacts}")
        one.presences.clear()


async def befriended(a: Person, b: Person) -> None:
    """Each is the other's contact, and has seen the other's presence."""
    await strangers(a, b)
    await befriend(a, b)


def none_of(received: list, what: str) -> None:
    demand(not received, f"{what}: {[str(one) for one in received]}")


async def either(**happens) -> str:
    """The name of what happens first."""
    tasks = {asyncio.ensure_future(one): name for name, one in happens.items()}
    done, pending = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    for task in pending:
        task.cancel()
    first = done.pop()
    first.result()
    return tasks[first]


async def together(*coroutines) -> list:
    """The results of all; the first failure once all have ended."""
    results = await asyncio.gather(*coroutines, return_exceptions=True)
    for result in results:
        if isinstance(result, BaseException):
            raise result
    return results
