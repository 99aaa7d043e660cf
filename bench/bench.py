#!/usr/bin/env python3
"""Measures Castling beside ejabberd and Prosody, all on loopback. Start it as `cargo xtask bench`, as root.

  report [PART…] [--rounds 3] [--write]  what docs/performance.md shows, or parts of it (tcp, plugins, databases,
                                    web);
                                    --write puts the tables there
  run --servers A,B --scenarios C,D [--rounds 3] [--set secs=4 …]
  run --binary old=PATH --binary new=PATH --scenarios C,D
                                    binaries of Castling, taking turns; the smallest figure of the rounds for each
  accounts [--accounts 400000] [--rounds 3] [--write]
                                    log-ins, roster changes and stored messages on databases of 400 and of so many
                                    accounts, on SQLite and PostgreSQL
  move [--accounts 400000] [--rounds 3] [--write]
                                    an import from jabberd2 into SQLite and PostgreSQL; the source is made first
  move-profile [--accounts 400000]  where its time goes (needs perf)
  wall [--messages 2000] [--write]  what a plugin that does harm on one brand costs the users of another one
  storm [--write]                   sessions that repeat a presence, with and without sunshine
  cost [--write]                    what calls of plugins cost, their memory, replacing one
  table FILE… [--write]             tables of recorded runs
  list                              servers, scenarios, sizes

Each run is a JSON line in a file whose name is printed first. CPU time is user and system time of the server's process
over the measured seconds, divided by stanzas delivered; the server has one core and the generator the other. Trust
ratios of one round more than absolute figures.
"""

import argparse
import os
import signal
import sys
import time

import accounts
import compare
import cost
import measure
import move
import place
import report
import scenarios
import servers
import storm
import wall

DOCS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../docs")
PAGE, ISOLATION = f"{DOCS}/performance.md", f"{DOCS}/plugins/isolation.md"


def options():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["report", "run", "accounts", "move", "move-profile", "wall", "storm", "cost", "table", "list"])
    parser.add_argument("names", nargs="*", metavar="PART|FILE")
    parser.add_argument("--servers", help="default: " + ",".join(scenarios.PEERS) + ", or the binaries")
    parser.add_argument("--binary", action="append", default=[], metavar="NAME=PATH")
    parser.add_argument("--scenarios", default="message-plain,message-starttls")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--accounts", type=int, default=400_000)
    parser.add_argument("--messages", type=int, default=2_000)
    parser.add_argument("--set", action="append", default=[], metavar="SIZE=VALUE")
    parser.add_argument("--write", action="store_true")
    return parser.parse_args()


def main() -> None:
    given = options()
    binaries = servers.add_binaries(given.binary)
    # So that a run that is told to stop still stops its servers.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    match given.what:
        case "list":
            print("servers:", *servers.ALL, "\nscenarios:", *scenarios.ALL, "\nparts:", *scenarios.PARTS, "\nsizes:", scenarios.SIZES)
        case "table":
            runs = report.read(given.names)
            if binaries:
                print(compare.table(runs, binaries))
            else:
                tell(runs, given.write)
        case "run":
            names = binaries + (given.servers.split(",") if given.servers else []) or scenarios.PEERS
            into = begin()
            measure.measure(names, given.scenarios.split(","), given.rounds, sizes(given), into)
            runs = report.read([into])
            print(compare.table(runs, names) if binaries else report.tables(runs))
        case "accounts":
            written = accounts.measured(given.accounts, given.rounds, sizes(given), begin())
            print(written)
            if given.write:
                report.put(PAGE, {"accounts": written})
        case "move":
            written = move.measured(given.accounts, given.rounds)
            print(written)
            if given.write:
                report.put(PAGE, {"move": f"{report.here(servers.ALL['castling'].version())}\n\n{written}"})
        case "move-profile":
            move.profile(given.accounts)
        case "wall" | "storm" | "cost":
            place.raise_limits()
            what = {"wall": lambda: wall.measured(given.messages), "storm": storm.measured, "cost": cost.measured}
            written = what[given.what]()
            print(written)
            if given.write:
                report.put(ISOLATION, {given.what: f"{report.here(servers.ALL['castling'].version())}\n\n{written}"})
        case "report":
            parts, into = [scenarios.PARTS[name] for name in given.names or scenarios.PARTS], begin()
            for part in parts:
                measure.measure(part.servers, part.scenarios, given.rounds, sizes(given), into)
            tell(report.read([into]), given.write)


def tell(runs: list[dict], write: bool) -> None:
    for part in scenarios.PARTS.values():
        print(report.tables(runs, part))
    if write:
        report.put(PAGE, {name: report.tables(runs, part) for name, part in scenarios.PARTS.items()})


def sizes(given) -> dict:
    return scenarios.SIZES | dict(word.split("=", 1) for word in given.set)


def begin() -> str:
    place.raise_limits()
    os.makedirs(f"{place.ROOT}/results", exist_ok=True)
    place.certificate()
    into = f"{place.ROOT}/results/{time.strftime('%Y%m%d-%H%M%S')}.jsonl"
    print(into, flush=True)
    return into


if __name__ == "__main__":
    main()
