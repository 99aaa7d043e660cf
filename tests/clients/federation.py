#!/usr/bin/env python3
"""Lets a real Prosody or ejabberd federate with a server under test, and plays what users of both do.

  federation.py prosody|ejabberd                      against the other one of the two, in all modes
  federation.py PEER --mode MODE --certificates DIR --host HOST --starttls PORT --s2s ADDRESS:PORT [--s2s-tls ADDRESS:PORT]
                                                      against a server that runs; which must have
      the domains and accounts that `federation.py cast` prints, all with the password that it prints,
      the certificates of `federation.py certificates DIR`, which belong to the mode,
      and the DNS server NET.53, port 53
  federation.py certificates DIR
  federation.py cast

Modes: dialback (all certificates signed by themselves), certificate (all demand one of the authority; there is no dialback), direct
(the same, where a server can only be found by _xmpps-server). Prints a line for each scenario, and ends with 0 if everything was
as it must be. Run as root: each peer runs as the user that its Debian package made, with an /etc/resolv.conf of its own.
"""

import argparse
import asyncio
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import traceback

from federation import certificates, known, peer, zone
from federation.cast import HERE, PASSWORD, THERE
from federation.names import Names
from federation.orders import Asked, Command
from federation.scenarios import IN_ORDER
from federation.stage import Side, Stage
from player import Failed
from server import Server

C2S, S2S, S2S_TLS = 5222, 5269, 5270


def name(scenario) -> str:
    return scenario.__name__.rpartition(".")[2]


def options(args: list[str]):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("peer", choices=list(peer.KINDS))
    add("--mode", default=",".join(peer.MODES), help="some of " + ", ".join(peer.MODES))
    add("--only", default="", help="some of " + ", ".join(map(name, IN_ORDER)))
    add("--under-test", choices=list(peer.KINDS), help="a real server that stands there; default: the one that is not the peer")
    add("--net", default="127.0.1", help="the loopback network: its addresses 1, 2, 53 and 99 are used")
    add("--certificates", help="where `certificates` has written; default: they are made")
    add("--host", help="where the server under test listens for clients")
    add("--starttls", type=int)
    add("--ca", action="append", default=[], help="PEM file for its listener for clients; with none the certificate is not verified")
    add("--s2s", type=zone.endpoint, help="where it listens for servers")
    add("--s2s-tls", type=zone.endpoint, help="the same for direct TLS")
    add("--software", default="castling", help="what is under test, for known differences")
    add("--restart", help="a command that is run with the argument `kill`, and with `again`; with `-`, each is written to standard"
        " output as a line, and the answer is a line")
    add("--patience", default=15.0, type=float, help="seconds that anything may take")
    add("--log", default="warn", choices=["warn", "info", "debug"], help="of the peers")
    add("--keep", help="a folder for what the peers write, which stays")
    given = parser.parse_args(args)
    given.modes, given.only = words(given.mode), words(given.only)
    unknown = set(given.modes) - set(peer.MODES) | set(given.only) - set(map(name, IN_ORDER))
    if unknown:
        parser.error(f"neither a mode nor a scenario: {', '.join(sorted(unknown))}")
    if given.host and not (given.starttls and given.s2s and given.certificates):
        parser.error("--host needs --starttls, --s2s and --certificates")
    if not given.host and not given.under_test:
        given.under_test = next(kind for kind in peer.KINDS if kind != given.peer)
    return given


def words(text: str) -> list[str]:
    return [word for word in text.split(",") if word]


class Run:
    """All scenarios of one mode: two servers, and names for them."""

    def __init__(self, given, mode: str, folder: str):
        self.given, self.mode, self.folder = given, mode, folder
        self.names = Names(f"{given.net}.53")
        self.processes = []

    def sides(self) -> tuple[Side, Side]:
        """Starts what is not running yet."""
        zone.absent(self.names, f"{self.given.net}.99")
        there = self.real(self.given.peer, THERE, 2)
        here = self.external() if self.given.host else self.real(self.given.under_test, HERE, 1)
        for process in self.processes:
            process.listens()
        return here, there

    def real(self, kind: str, cast, number: int) -> Side:
        address = f"{self.given.net}.{number}"
        folder = f"{self.folder}/{self.mode}-{number}"
        process = peer.make(kind, folder, address, cast, self.given.certificates, self.mode, self.given.log)
        process.spawn(self.names.address)
        self.processes.append(process)
        zone.describe(self.names, cast, self.mode, (address, S2S), (address, S2S_TLS), f"{self.given.net}.99")
        side = Side(kind, cast, Server(address, C2S, 0, patience=self.given.patience))
        side.kill, side.again = process.kill, lambda: (process.again(), process.listens())
        return side

    def external(self) -> Side:
        given = self.given
        zone.describe(self.names, HERE, self.mode, given.s2s, given.s2s_tls, f"{given.net}.99")
        side = Side(given.software, HERE, Server(given.host, given.starttls, 0, given.ca, given.patience))
        if given.restart:
            order = Asked() if given.restart == "-" else Command(given.restart)
            side.kill, side.again = order.kill, order.again
        return side

    def end(self) -> None:
        for process in self.processes:
            process.stop()
        self.names.close()

    async def play(self) -> int:
        """The number of scenarios that failed."""
        here, there = self.sides()
        stage = Stage(here, there, self.names, self.mode)
        failed = 0
        for scenario in IN_ORDER:
            if self.is_asked_for(scenario, here):
                failed += not await self.one(scenario, stage)
        return failed

    def is_asked_for(self, scenario, here: Side) -> bool:
        if self.given.only and name(scenario) not in self.given.only:
            return False
        return self.mode in getattr(scenario, "MODES", peer.MODES) and (name(scenario) != "restarted" or here.kill is not None)

    async def one(self, scenario, stage: Stage) -> bool:
        title = f"{self.given.peer} {self.mode} {name(scenario)}"
        start = time.monotonic()
        known.met.clear()
        try:
            await asyncio.wait_for(scenario.run(stage), 8 * self.given.patience)
        except Failed as failure:
            print(f"FAILED {title}: {failure}", flush=True)
            return False
        except Exception:
            print(f"FAILED {title}: {traceback.format_exc()}", flush=True)
            return False
        else:
            print(f"ok {title} ({time.monotonic() - start:.1f} s)", flush=True)
            for (software, what), reason in known.met.items():
                print(f"   known of {software}, {what}: {reason}", flush=True)
            return True
        finally:
            await stage.leave()


def play(given, folder: str) -> int:
    failed = 0
    for mode in given.modes:
        run = Run(given, mode, folder)
        try:
            failed += asyncio.run(run.play())
        finally:
            run.end()
    return failed


def make_certificates(folder: str) -> None:
    os.makedirs(folder, exist_ok=True)
    certificates.make(folder, [HERE, THERE])
    # The peers run as other users.
    subprocess.run(["chmod", "-R", "a+rX", folder], check=True)


def main() -> int:
    match sys.argv[1:]:
        case ["certificates", folder]:
            make_certificates(folder)
            return 0
        case ["cast"]:
            print(json.dumps({"domains": HERE.domains, "accounts": HERE.accounts, "password": PASSWORD}))
            return 0
    given = options(sys.argv[1:])
    folder = given.keep or tempfile.mkdtemp(prefix="federation-")
    os.makedirs(folder, exist_ok=True)
    os.chmod(folder, 0o755)
    try:
        if not given.certificates:
            given.certificates = f"{folder}/certificates"
            make_certificates(given.certificates)
        return 1 if play(given, folder) else 0
    finally:
        if not given.keep:
            shutil.rmtree(folder)


if __name__ == "__main__":
    sys.exit(main())
