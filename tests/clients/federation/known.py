"""Where a server is known to differ from what a scenario asks of others, and why."""

SPACES = ("<message xmlns='jabber:client'><game xmlns='urn:example:a' move='1 2 3'/></message>",
          "it writes line breaks and tabs in attributes as they are, which makes spaces of them")

# By server and what it is about: what it does, and the reason.
DIFFERENCES: dict[tuple[str, str], tuple[str, str]] = {
    ("prosody", "down"):
        ("remote-server-not-found", "0.12 says so whenever no stream was opened by the remote server"),
    ("prosody", "after `unsubscribe`"):
        ("sends nothing", "mod_presence of 0.12 does not send the unavailable presence of RFC 6121 §3.3.3"),
    ("prosody", "sends white space in an attribute"): SPACES,
    ("prosody", "receives white space in an attribute"): SPACES,
    ("ejabberd", "a certificate for servers only"):
        ("refused", "`unsupported certificate purpose`: OpenSSL wants `clientAuth` of the one who connects"),
    ("ejabberd", "has stored what it shows"):
        ("after 2 s", "Mnesia's log is written every two seconds; what comes later is lost by SIGKILL"),
    ("ejabberd", "tries again"):
        ("later", "after a connection that failed it refuses all for a random part of s2s_max_retry_delay"),
    ("ejabberd", "nobody's vCard"):
        ("result", "an empty vCard: mod_vcard does not look whether the user exists"),
    ("ejabberd", "sends a prefix of the stanza"):
        ("", "it forgets the declaration, which ends the stream between the servers"),
    ("ejabberd", "receives a prefix of the stanza"):
        ("", "it forgets the declaration, which ends the stream of its own client"),
}

# The differences that scenarios have come upon.
met: dict[tuple[str, str], str] = {}


def difference(software: str, what: str, usual: str) -> str:
    if (software, what) not in DIFFERENCES:
        return usual
    instead, met[software, what] = DIFFERENCES[software, what]
    return instead
