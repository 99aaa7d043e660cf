#!/usr/bin/env python3
"""Real clients on a string: each line of standard input is an order in JSON, each line of standard output an event.

  {"do": "log-in", "as": "jack", "jid": "jack@chess.example/desk", "password": "…", "starttls": 5222}
                                        or "tls": 5223 for direct TLS; "host", "ca" (PEM file) and "resumes": true may follow
  {"do": "online", "as": "jack"}        asks for the roster, becomes available, waits for the own presence
  {"do": "presence", "as": "jack", "show": "away", "status": "…", "to": JID, "type": "…"}     all but `as` may be left out
  {"do": "say", "as": "jack", "to": JID, "body": "…", "id": "…", "type": "chat"}
  {"do": "raw", "as": "jack", "xml": "<message …/>"}
  {"do": "barrier", "as": "jack"}       done once the server has handled all that jack sent before
  {"do": "freeze" | "break" | "resume", "as": "jack"}     the network falls silent, is gone, comes back; needs `resumes`
  {"do": "go", "as": "jack"}

Every order is answered in turn with {"done": N} or {"failed": N, "why": "…"}, N counting from 1. Between them come
{"at": "jack", "event": "message", "from", "to", "type", "id", "body", "error", "delayed", "xml"}, the same for "presence" (with "show",
"status"), {"at", "event": "stream-error", "condition", "text"} and {"at", "event": "disconnected"}.
"""

import asyncio
import json
import sys

from player import Failed, Player, presence_type
from server import Account, Server
from wire import Wire


def tell(**event) -> None:
    print(json.dumps(event, ensure_ascii=False), flush=True)


class Reporter(Player):
    """A player who tells everything at once."""

    label = ""

    def _took(self, inbox, data, event: str = "") -> None:
        super()._took(inbox, data, event)
        if inbox is self.messages:
            self._stanza("message", data, type=data.xml.get("type", "normal"), body=data["body"], delayed=data.xml.find("{urn:xmpp:delay}delay") is not None)
        elif inbox is self.presences:
            self._stanza("presence", data, type=presence_type(data), show=data["show"], status=data["status"])
        elif event == "stream_error":
            tell(at=self.label, event="stream-error", condition=data["condition"], text=data["text"])
        elif event == "disconnected":
            tell(at=self.label, event="disconnected")

    def _stanza(self, kind: str, stanza, **more) -> None:
        error = stanza["error"]["condition"] if more["type"] == "error" else None
        tell(at=self.label, event=kind, id=stanza["id"], error=error, xml=str(stanza),
             **{"from": str(stanza["from"]), "to": str(stanza["to"])}, **more)


class Stage:
    def __init__(self):
        self.players: dict[str, Reporter] = {}

    async def obey(self, order: dict) -> None:
        if order["do"] == "log-in":
            return await self.log_in(order)
        player = self.players[order["as"]]
        match order["do"]:
            case "online":
                await player.come_online()
            case "presence":
                player.send_presence(pshow=order.get("show"), pstatus=order.get("status"), pto=order.get("to"), ptype=order.get("type"))
            case "say":
                message = player.make_message(mto=order["to"], mbody=order["body"], mtype=order.get("type", "chat"))
                message["id"] = order.get("id") or player.new_id()
                message.send()
            case "raw":
                player.send_raw(order["xml"])
            case "barrier":
                await player.barrier()
            case "freeze":
                player.wire.freeze()
            case "break":
                await player.break_off()
            case "resume":
                await player.resume()
            case "go":
                await player.go()
            case other:
                raise Failed(f"no such order: {other}")

    async def log_in(self, order: dict) -> None:
        security = "direct" if "tls" in order else "starttls"
        place = Server(order.get("host", "127.0.0.1"), order.get("starttls", 0), order.get("tls", 0),
                       [order["ca"]] if "ca" in order else [])
        wire = Wire(place.host, place.port(security)) if order.get("resumes") else None
        jid, _, resource = order["jid"].partition("/")
        player = Reporter(place, Account(jid, order["password"]), resource, security, bool(wire), wire)
        player.label = order["as"]
        self.players[order["as"]] = player
        await player.log_in()


async def main() -> None:
    stage, number = Stage(), 0
    reader = asyncio.StreamReader(limit=1 << 24)
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while line := await reader.readline():
        number += 1
        try:
            await stage.obey(json.loads(line))
            tell(done=number)
        except Exception as error:
            tell(failed=number, why=f"{type(error).__name__}: {error}")


if __name__ == "__main__":
    asyncio.run(main())
