#!/usr/bin/env python3
"""Plays the scenarios against a server that runs.

  run.py --starttls PORT --tls PORT --jack JID=PASSWORD --anna JID=PASSWORD --other JID=PASSWORD [--only NAME,...]

jack and anna are on one domain, the other has jack's name on another domain. Ends with 0 if everything was as it
must be, with 1 and a sentence about each scenario that was not, with 2 if it was called wrongly. Each option can
come from the environment: CASTLING_STARTTLS, CASTLING_JACK and so on.
"""

import argparse
import asyncio
import os
import sys
import time
import traceback

from player import Failed
from scenarios import IN_ORDER
from server import Account, Server


def options():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)

    def add(name, default=None, **more):
        default = os.environ.get("CASTLING_" + name.upper(), default)
        parser.add_argument("--" + name, default=default, required=default is None, **more)

    add("host", "127.0.0.1")
    add("starttls", type=int)
    add("tls", type=int)
    add("jack", type=Account.read)
    add("anna", type=Account.read)
    add("other", type=Account.read)
    add("only", "", help="of " + ", ".join(name(s) for s in IN_ORDER))
    add("patience", 10.0, type=float, help="seconds that anything may take")
    parser.add_argument("--ca", action="append", default=[], help="PEM file; with none the certificate is not verified")
    given = parser.parse_args()
    unknown = set(filter(None, given.only.split(","))) - {name(s) for s in IN_ORDER}
    if unknown:
        parser.error(f"no scenario {', '.join(sorted(unknown))}")
    return given


def name(scenario) -> str:
    return scenario.__name__.rpartition(".")[2]


async def play(given) -> int:
    server = Server(given.host, given.starttls, given.tls, given.ca, given.patience)
    only = [word for word in given.only.split(",") if word]
    failed = 0
    for scenario in IN_ORDER:
        if only and name(scenario) not in only:
            continue
        start = time.monotonic()
        try:
            await asyncio.wait_for(scenario.run(server, given.jack, given.anna, given.other), 12 * given.patience)
        except Failed as failure:
            failed += 1
            print(f"FAILED {name(scenario)}: {failure}", flush=True)
        except Exception:
            failed += 1
            print(f"FAILED {name(scenario)}: {traceback.format_exc()}", flush=True)
        else:
            print(f"ok {name(scenario)} ({time.monotonic() - start:.1f} s)", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(asyncio.run(play(options())))
