"""Both sides as a scenario sees them."""

import asyncio
from dataclasses import dataclass, field, replace
from typing import Callable

from federation import known
from federation.cast import PASSWORD, Cast
from federation.names import Names
from federation.person import Person
from server import Account, Server


@dataclass
class Side:
    """A server and its users."""
    software: str
    cast: Cast
    server: Server
    # Ends the server as SIGKILL does, and starts it again; returns when it listens. `None`: this cannot be asked for.
    kill: Callable[[], None] | None = None
    again: Callable[[], None] | None = None
    _online: list[Person] = field(default_factory=list)

    @property
    def first(self) -> str:
        return f"{self.cast.users[0]}@{self.cast.one}"

    @property
    def second(self) -> str:
        return f"{self.cast.users[1]}@{self.cast.one}"

    @property
    def other(self) -> str:
        """The first one's name on the second domain."""
        return f"{self.cast.users[0]}@{self.cast.two}"

    def odd(self, fault: str) -> str:
        return f"{self.cast.users[0]}@{self.cast.odd(fault)}"

    async def log_in(self, jid: str, resource: str = "desk") -> Person:
        """A user who is logged in, and not available yet."""
        # The odd domains may show their odd certificates to clients, too.
        usual = jid.partition("@")[2] in (self.cast.one, self.cast.two)
        server = self.server if usual else replace(self.server, ca=[])
        person = Person(server, Account(jid, PASSWORD), resource)
        self._online.append(person)
        return await person.log_in()

    async def online(self, jid: str, resource: str = "desk") -> Person:
        return await (await self.log_in(jid, resource)).come_online()

    def expects(self, what: str, usual: str) -> str:
        """What this server does where it is known to differ."""
        return known.difference(self.software, what, usual)

    async def leave(self) -> None:
        """All who are online go, whatever became of them."""
        people, self._online[:] = list(self._online), []
        for person in people:
            try:
                await person.leave()
            except Exception:
                person.abort()


@dataclass
class Stage:
    here: Side
    there: Side
    names: Names
    mode: str

    @property
    def both_ways(self) -> list[tuple[Side, Side]]:
        return [(self.here, self.there), (self.there, self.here)]

    async def leave(self) -> None:
        await asyncio.gather(self.here.leave(), self.there.leave())
