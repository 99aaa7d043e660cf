"""How the domains of a side are found in each mode."""

from federation.cast import Cast
from federation.names import Names

Endpoint = tuple[str, int]
DEFAULT_PORT = 5269


def endpoint(text: str) -> Endpoint:
    """`ADDRESS:PORT`."""
    address, _, port = text.rpartition(":")
    return address.strip("[]"), int(port)


def describe(names: Names, cast: Cast, mode: str, plain: Endpoint, tls: Endpoint | None, dead: str) -> None:
    """Records for all domains of a side. The second one is found in another way: without SRV, or behind a server that is dead."""
    for domain in cast.domains:
        target = f"s2s.{domain}"
        if mode == "direct" and tls:
            names.service(domain, "xmpps-server", target, tls[1])
            names.host(target, tls[0])
            continue
        if domain == cast.two and mode == "dialback" and plain[1] == DEFAULT_PORT:
            names.host(domain, plain[0])
            continue
        if domain == cast.two and mode == "certificate":
            names.service(domain, "xmpp-server", f"dead.{domain}", DEFAULT_PORT, priority=1)
            names.host(f"dead.{domain}", dead)
        names.service(domain, "xmpp-server", target, plain[1], priority=5)
        names.host(target, plain[0])


def absent(names: Names, dead: str) -> None:
    """down.example, whose server does not run, and without.example, which says that it has none (RFC 6120 §3.2.1)."""
    names.service("down.example", "xmpp-server", "s2s.down.example", DEFAULT_PORT)
    names.host("s2s.down.example", dead)
    for service in ("xmpp-server", "xmpps-server"):
        names.service("without.example", service, ".", 0)
