"""A real server that federates, on a loopback address of its own: c2s at 5222, s2s at 5269, direct TLS at 5270."""

import os

from federation import ejabberd, prosody
from federation.cast import Cast
from federation.process import Process

KINDS = {"prosody": prosody.process, "ejabberd": ejabberd.process}
# How certificates count: not at all, or they alone; the third is found by _xmpps-server only.
MODES = ["dialback", "certificate", "direct"]


def certificates_of(folder: str, mode: str) -> tuple[str, str]:
    """The folder of the certificates that are shown in this mode, and the root that is believed."""
    return f"{folder}/{'self-signed' if mode == 'dialback' else 'authority'}", f"{folder}/authority/root.pem"


def make(kind: str, folder: str, address: str, cast: Cast, certificates: str, mode: str, level: str = "warn") -> Process:
    """A server of this kind that has all of the cast; its folder is made. Level: `warn`, `info` or `debug`."""
    os.makedirs(folder)
    os.chmod(folder, 0o755)
    shown, root = certificates_of(certificates, mode)
    level = {"warn": "warning"}.get(level, level) if kind == "ejabberd" else level
    return KINDS[kind](folder, address, cast, shown, root, mode == "dialback", level)
