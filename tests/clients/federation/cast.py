"""Who takes part: the domains and users of both sides, which are the same whatever server stands there."""

from dataclasses import dataclass

# Certificates that must be refused where certificates are demanded.
FAULTS = ["expired", "othername", "unknownroot", "selfsigned"]
# One without the purpose of a TLS client, as public authorities issue them.
SERVER_ONLY = "serveronly"


@dataclass(frozen=True)
class Cast:
    """The names of a side: two domains, one for each odd certificate, and users."""
    one: str
    two: str
    users: tuple[str, str]

    def odd(self, fault: str) -> str:
        """The domain with that certificate."""
        return f"{fault}-{self.one}"

    @property
    def domains(self) -> list[str]:
        return [self.one, self.two, *(self.odd(fault) for fault in [*FAULTS, SERVER_ONLY])]

    @property
    def accounts(self) -> list[str]:
        """The first user has an account on every domain, the second one on the first."""
        first, second = self.users
        return [f"{first}@{domain}" for domain in self.domains] + [f"{second}@{self.one}"]


HERE = Cast("chess.example", "wuchess.example", ("jack", "anna"))
THERE = Cast("go.example", "shogi.example", ("ruth", "emil"))
PASSWORD = "secret"
