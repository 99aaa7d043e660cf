#!/usr/bin/env python3
"""Gives an export to a real Prosody or ejabberd, and reads with a real client what that has taken of it.

  taken.py prosody|ejabberd --export DIR --truth truth.json

`DIR` is written by `castling export xep0227 --for prosody|ejabberd`. Prints for each field how much of it is there as it was.
Run as root: each server runs as the user that its Debian package made.
"""

import argparse
import asyncio
import json
import os
import re
import shutil
import sys
import tempfile
import time
import xml.etree.ElementTree as ET

from slixmpp.exceptions import IqError

import peers
from read_back import Comparison, Reader, shape, undelayed
from server import Account, Server

AT_ONCE = 9
PROSODY_MODULES = ', "private", "vcard", "blocklist"'
EJABBERD_MODULES = ", mod_private: {}, mod_vcard: {search: false}, mod_privacy: {}, mod_blocking: {}, mod_last: {}"

# As docs/operators/import.md says.
MIGRATOR = """\
local stores = { "accounts", "roster", "private", "vcard" }
local hosts = { ["chess.example"] = stores, ["wuchess.example"] = stores }
input { type = "xep0227", hosts = hosts }
output { type = "internal", path = "%s/data", hosts = hosts }
"""


def loose(element) -> tuple:
    """An element whatever the order of its children and the white space between the lines of a picture: ejabberd keeps neither."""
    tag, attributes, text, _ = shape(element)
    if tag == "{vcard-temp}BINVAL":
        text = "".join(text.split())
    return tag, attributes, text, tuple(sorted(map(loose, element)))


def loose_message(element) -> tuple:
    element, stamp = undelayed(element)
    if element.get("type") == "normal":
        del element.attrib["type"]  # it says no more than none
    return loose(element), stamp


class Asking(Reader):
    """Of a server that may not know privacy lists, or says that none is the default."""

    async def privacy(self) -> set:
        try:
            return await super().privacy() - {("default", None)}
        except IqError:
            return set()


class Taken(Comparison):
    """What a user finds, counted by field."""

    def __init__(self, jid: str, truth: dict, given, totals: dict):
        super().__init__(jid, truth, given)
        self.totals = totals

    def count(self, field: str, same: bool) -> None:
        total = self.totals.setdefault(field, [0, 0])
        total[0] += same
        total[1] += 1

    def differ(self, what: str, there, here) -> None:
        super().differ(what, there, here)
        if there or here:
            self.count(what.split()[0], there == here)

    async def run(self) -> list[str]:
        place = Server("127.0.0.1", self.given.starttls, 0, patience=30.0)
        reader = Asking(place, Account(self.jid, self.truth["password"]), "back")
        try:
            await reader.log_in()
        except Exception as error:
            self.count("log-in", False)
            return [f"{self.jid}: {error!r}"]
        self.count("log-in", True)
        await self.read(reader)
        await reader.go()
        return self.found

    def roster(self, here: dict) -> None:
        asks = {one["jid"] for one in self.truth.get("roster", []) if one.get("ask") == "subscribe"}
        for jid in asks:
            self.differ(f"ask of {jid}", True, jid in here and here[jid][2])
        there = {one["jid"]: (one.get("name") or "", one["subscription"], frozenset(one["groups"]))
                 for one in self.truth.get("roster", [])}
        for jid in sorted(there.keys() | here.keys()):
            name, subscription, _, groups = here.get(jid, (None,) * 4)
            self.differ(f"contact {jid}", there.get(jid), (name, subscription, groups) if jid in here else None)

    def vcard(self, there, here) -> None:
        fields = lambda vcard: sorted(loose(field) for field in vcard if field.tag != "{vcard-temp}PHOTO" or self.is_whole(field))
        self.differ("vCard", fields(there), fields(here))

    async def waiting(self, reader: Reader) -> None:
        # The own presence does not come back where a privacy list denies it.
        reader.send_presence()
        await reader.barrier()
        await reader.barrier()
        asked = sorted(str(p["from"].bare) for p in reader.presences if p.xml.get("type") == "subscribe")
        self.differ("requests", sorted(self.truth.get("subscription_requests", [])), asked)
        there = [loose_message(ET.fromstring(one)) for one in self.truth.get("offline", [])]
        here = [loose_message(one.xml) for one in reader.messages]
        for one in there:
            self.differ("messages", one, one if one in here else None)
        self.differ("messages", [], [one for one in here if one not in there])


def prosody(folder: str, export: str, ports: dict):
    """Prosody's migrator moves what it finds to files, on which Prosody starts."""
    shutil.copytree(export, f"{folder}/export")
    os.makedirs(f"{folder}/data")
    with open(f"{folder}/migrator.cfg.lua", "w") as file:
        file.write(MIGRATOR % folder)
    peers.configure(folder, "prosody", ports, PROSODY_MODULES)
    # It looks for such files in the data directory that it was built with, and nowhere else.
    with open("/usr/bin/prosody-migrator") as file:
        migrator = file.read()
    with open(f"{folder}/migrator", "w") as file:
        file.write(re.sub("CFG_DATADIR *=.*", f"CFG_DATADIR = '{folder}/export';", migrator, count=1))
    os.chmod(f"{folder}/migrator", 0o755)
    argv = [f"{folder}/migrator", "--config", f"{folder}/migrator.cfg.lua"]
    moved = peers.run_as("prosody", folder, argv, {}).wait(60)
    if moved != 0:
        sys.exit("prosody-migrator failed:\n" + open(f"{folder}/out").read()[-3000:])
    return peers.start("prosody", folder, ports, *peers.command(folder, "prosody"))


def ejabberd(folder: str, export: str, ports: dict):
    """What `ejabberdctl import_piefxis` calls."""
    shutil.copytree(export, f"{folder}/export")
    peers.configure(folder, "ejabberd", ports, EJABBERD_MODULES)
    done = f"{folder}/imported"
    first = (f'R = ejabberd_piefxis:import_file(<<"{folder}/export/server-data.xml">>), '
             f'ok = file:write_file("{done}.part", io_lib:format("~p", [R])), ok = file:rename("{done}.part", "{done}")')
    process = peers.start("ejabberd", folder, ports, *peers.command(folder, "ejabberd", first))
    deadline = time.monotonic() + 60
    while not os.path.exists(done):
        if process.poll() is not None or time.monotonic() > deadline:
            process.kill()
            sys.exit("ejabberd did not import:\n" + open(f"{folder}/out").read()[-3000:])
        time.sleep(0.1)
    print("import:", open(done).read(), flush=True)
    return process


async def read(given, truth: dict) -> None:
    totals, found = {}, []
    queue = list(truth.items())
    while queue:
        some, queue = queue[:AT_ONCE], queue[AT_ONCE:]
        for differences in await asyncio.gather(*(Taken(jid, one, given, totals).run() for jid, one in some)):
            found += differences
    for field, (same, of) in sorted(totals.items()):
        print(f"{field}: {same} of {of}")
    print("\n".join(found), file=sys.stderr)


def main(given) -> None:
    with open(given.truth, encoding="utf-8") as file:
        truth = json.load(file)
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        ports = {"starttls": peers.free_port(), "tls": peers.free_port()}
        peers.certificate(folder)
        given.starttls = ports["starttls"]
        process = {"prosody": prosody, "ejabberd": ejabberd}[given.peer](folder, given.export, ports)
        try:
            asyncio.run(read(given, truth))
        finally:
            peers.stop(process)
            for name in ("out", "server.log"):
                if os.path.exists(f"{folder}/{name}"):
                    sys.stderr.write(open(f"{folder}/{name}", errors="replace").read()[:5000])


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("peer", choices=["prosody", "ejabberd"])
    parser.add_argument("--export", required=True)
    parser.add_argument("--truth", required=True)
    given = parser.parse_args()
    given.source, given.without = given.peer, []
    main(given)
