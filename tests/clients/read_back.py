#!/usr/bin/env python3
"""Reads with a real client what users have, and compares it with what their clients read from the server they come from.

  read_back.py --starttls PORT --truth truth.json --source jabberd2|ejabberd|prosody [--without KIND,...]

Each user of `truth.json` (tests/fixtures/migration/README.md) logs in with the old password and asks for everything. Ends with 0 if all
is the same, but for what is known of the old server; with 1 and a line for each difference. `--without` leaves out what the source
does not contain: privacy, offline.
"""

import argparse
import asyncio
import json
import sys
import xml.etree.ElementTree as ET
from datetime import datetime

from player import Player
from server import Account, Server

AT_ONCE = 9
CLIENT, DELAY = "{jabber:client}", "{urn:xmpp:delay}delay"


def shape(element) -> tuple:
    """An element whatever its prefixes and the order of its attributes."""
    own = element.tag[1:].split("}")[0] if element.tag.startswith("{") else ""
    # ejabberd and Prosody lose the prefix for the element's own namespace.
    attributes = tuple(sorted((name.removeprefix(f"{{{own}}}"), value) for name, value in element.attrib.items()))
    return element.tag, attributes, element.text or "", tuple((shape(child), child.tail or "") for child in element)


def undelayed(element) -> tuple:
    """A message without its delays and the resource it is for, and the latest stamp in whole seconds."""
    element = ET.fromstring(ET.tostring(element))
    stamps = []
    for child in list(element):
        if child.tag in (DELAY, CLIENT + "delay", "{jabber:x:delay}x"):
            if "-" in child.get("stamp", ""):
                stamps.append(int(datetime.fromisoformat(child.get("stamp").replace("Z", "+00:00")).timestamp()))
            element.remove(child)
    element.set("to", element.get("to", "").split("/")[0])
    return element, max(stamps, default=None)


def message(element) -> tuple:
    element, stamp = undelayed(element)
    return shape(element), stamp


class Reader(Player):
    """A user who asks for what is kept for him."""

    async def ask(self, payload: str):
        iq = self.make_iq_get()
        iq.append(ET.fromstring(payload))
        answer = await iq.send(timeout=self.place.patience)
        return answer.xml[0] if len(answer.xml) else None

    async def roster_items(self) -> dict:
        query = await self.ask("<query xmlns='jabber:iq:roster'/>")
        return {item.get("jid"): (item.get("name") or "", item.get("subscription"), item.get("ask") == "subscribe",
                                  frozenset(group.text or "" for group in item)) for item in query}

    async def private(self, tag: str):
        ns, name = tag[1:].split("}")
        asked = ET.Element("{jabber:iq:private}query")
        ET.SubElement(asked, f"{{{ns}}}{name}")
        return (await self.ask(ET.tostring(asked, encoding="unicode")))[0]

    async def privacy(self) -> set:
        names = await self.ask("<query xmlns='jabber:iq:privacy'/>")
        found = {("default", one.get("name")) for one in names if one.tag.endswith("}default")}
        for name in [one.get("name") for one in names if one.tag.endswith("}list")]:
            asked = ET.Element("{jabber:iq:privacy}query")
            ET.SubElement(asked, "{jabber:iq:privacy}list", name=name)
            for item in (await self.ask(ET.tostring(asked, encoding="unicode")))[0]:
                kinds = tuple(sorted(kind.tag.split("}")[1] for kind in item))
                found.add((name, item.get("order"), item.get("type") or "", item.get("value") or "", item.get("action"), kinds))
        return found

    async def vcard(self):
        try:
            return await self.ask("<vCard xmlns='vcard-temp'/>")
        except Exception:
            return None


class Comparison:
    def __init__(self, jid: str, truth: dict, given):
        self.jid, self.truth, self.given, self.found = jid, truth, given, []

    def differ(self, what: str, there, here) -> None:
        if there != here:
            self.found.append(f"{self.jid}: {what}\n   there {there!r}\n   here  {here!r}")

    async def run(self) -> list[str]:
        place = Server("127.0.0.1", self.given.starttls, 0, patience=self.given.patience)
        reader = Reader(place, Account(self.jid, self.truth["password"]), "back")
        try:
            await reader.log_in()
            await self.read(reader)
            await reader.go()
        except Exception as error:
            self.found.append(f"{self.jid}: {type(error).__name__}: {error}")
        return self.found

    async def read(self, reader: Reader) -> None:
        self.roster(await reader.roster_items())
        for tag, answers in self.truth.get("private", {}).items():
            for answer in answers:
                await self.private(reader, tag, ET.fromstring(answer))
        if "privacy" not in self.given.without:
            self.privacy(await reader.privacy())
        there = ET.fromstring(self.truth["vcard"]) if self.truth.get("vcard") else []
        here = await reader.vcard()
        self.vcard(there, here if here is not None else [])
        await self.waiting(reader)

    def roster(self, here: dict) -> None:
        there = {one["jid"]: (one.get("name") or "", one["subscription"], one.get("ask") == "subscribe", frozenset(one["groups"]))
                 for one in self.truth.get("roster", [])}
        # ejabberd hides contacts that ask.
        for jid in self.truth.get("subscription_requests", []):
            if jid not in there and self.given.source == "ejabberd":
                here.pop(jid, None)
        for jid in sorted(there.keys() | here.keys()):
            self.differ(f"contact {jid}", there.get(jid), here.get(jid))

    async def private(self, reader: Reader, tag: str, there) -> None:
        if not len(there) and not there.attrib and not there.text:
            return  # the old server answered with the question
        # jabberd2 answers with what it has in the namespace.
        here = await reader.private(there.tag)
        if there.tag == "{urn:example:prefixed}deep" and self.given.source != "jabberd2":
            for element in here.iter("plain"):
                element.tag = "{urn:example:prefixed}plain"  # they lose xmlns=''
            for element in there.iter("plain"):
                element.tag = "{urn:example:prefixed}plain"
        self.differ(f"private {tag}", shape(there), shape(here))

    def privacy(self, here: set) -> None:
        truth = self.truth.get("privacy") or {}
        there = {("default", truth["default"])} if truth.get("default") else set()
        free = set()
        for name, rules in truth.get("lists", {}).items():
            orders = [str(rule["order"]) for rule in rules]
            if len(set(orders)) < len(orders):
                free.add(name)  # here, no two have the same order
            for rule in rules:
                kinds = tuple(sorted(rule["stanzas"]))
                order = "" if name in free else str(rule["order"])
                there.add((name, order, rule.get("type") or "", rule.get("value") or "", rule["action"], kinds if len(kinds) < 4 else ()))
        here = {rule if len(rule) == 2 else (rule[0], "" if rule[0] in free else rule[1], *rule[2:5], rule[5] if len(rule[5]) < 4 else ())
                for rule in here}
        if self.given.source == "prosody" and self.truth.get("blocklist") and not truth.get("lists"):
            here = {rule for rule in here if "blocklist" not in (rule[0], rule[1])}  # a block list is a default list here
        self.differ("privacy lists", sorted(map(repr, there)), sorted(map(repr, here)))

    def vcard(self, there, here) -> None:
        # A picture that was cut short in the source is left out.
        fields = lambda vcard: {repr(shape(field)) for field in vcard if field.tag != "{vcard-temp}PHOTO" or self.is_whole(field)}
        self.differ("vCard", fields(there), fields(here))

    @staticmethod
    def is_whole(photo) -> bool:
        binary = photo.find("{vcard-temp}BINVAL")
        return binary is None or len("".join((binary.text or "").split())) % 4 == 0

    async def waiting(self, reader: Reader) -> None:
        there = [message(ET.fromstring(one)) for one in self.truth.get("offline", [])]
        requests = sorted(self.truth.get("subscription_requests", []))
        reader.send_presence()
        own = reader.boundjid.full
        await reader.until("the own presence", lambda: [p for p in reader.presences if p["from"] == own])
        if there and "offline" not in self.given.without:
            await reader.until("all messages", lambda: len(reader.messages) >= len(there))
        await reader.barrier()
        asked = lambda: sorted(str(p["from"].bare) for p in reader.presences if p.xml.get("type") == "subscribe")
        self.differ("subscription requests", requests, asked())
        if "offline" not in self.given.without:
            self.differ("messages", there, [message(one.xml) for one in reader.messages])


async def main(given) -> int:
    with open(given.truth, encoding="utf-8") as file:
        truth = json.load(file)
    queue = list(truth.items())
    found, done = [], 0
    while queue:
        some, queue = queue[:AT_ONCE], queue[AT_ONCE:]
        for differences in await asyncio.gather(*(Comparison(jid, one, given).run() for jid, one in some)):
            found += differences
            done += 1
    print("\n".join(found) if found else f"ok {done} users", flush=True)
    return 1 if found else 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--starttls", type=int, required=True)
    parser.add_argument("--truth", required=True)
    parser.add_argument("--source", required=True, choices=["jabberd2", "ejabberd", "prosody"])
    parser.add_argument("--patience", default=30.0, type=float, help="seconds to wait for what is to come")
    parser.add_argument("--without", default="", type=lambda words: words.split(","))
    sys.exit(asyncio.run(main(parser.parse_args())))
