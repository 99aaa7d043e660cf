"""Markdown from recorded runs."""

import datetime
import json
import os
import platform
import statistics
import subprocess

import scenarios
import servers

MARKS = ("<!-- figures: written by `cargo xtask bench`, not by hand -->", "<!-- end of figures -->")


def read(files: list[str]) -> list[dict]:
    return [json.loads(line) for file in files for line in open(file)]


def tables(runs: list[dict]) -> str:
    """Everything that was measured: beside the peers, memory, plugins, what failed."""
    parts = [machine(runs), beside_peers(runs), idle(runs), plugins(runs), failures(runs)]
    return "\n\n".join(part for part in parts if part)


def good(runs: list[dict], server: str, scenario: str) -> list[dict]:
    return [run for run in runs if (run["server"], run["scenario"]) == (server, scenario) and "error" not in run]


def machine(runs: list[dict]) -> str:
    cpu = next((line.split(":")[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")), "unknown CPU")
    measured = [server for name, server in servers.ALL.items() if name in scenarios.PEERS and any(r["server"] == name for r in runs)]
    commit = subprocess.run(["git", "describe", "--always", "--dirty"], capture_output=True, text=True,
                            cwd=os.path.dirname(os.path.abspath(__file__))).stdout.strip()
    day = datetime.date.fromtimestamp(max(run["at"] for run in runs))
    load = statistics.median(run["load"] for run in runs)
    return (f"Measured {day} on {os.cpu_count()} cores ({cpu}), Linux {platform.release()}, load average {load:.1f}: "
            + ", ".join(server.version() for server in measured) + (f" at {commit}" if commit else "") + ".")


def table(head: list[str], rows: list[list[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines) if rows else ""


def microseconds(runs: list[dict]) -> str:
    """The median, and the smallest: the best estimate on a machine that is never quiet."""
    if not runs:
        return "–"
    values = [run["server_us_each"] for run in runs]
    return f"{statistics.median(values):.1f} ({min(values):.1f})"


def beside_peers(runs: list[dict]) -> str:
    rows = []
    for name in scenarios.ALL:
        scenario = scenarios.ALL[name]
        measured = [peer for peer in scenarios.PEERS if good(runs, peer, name)]
        if scenario.memory or not measured or (name in scenarios.FOR_PLUGINS and measured == ["castling"]):
            continue
        row = [scenario.about, *(microseconds(good(runs, peer, name)) for peer in scenarios.PEERS)]
        latencies = []
        for peer in scenarios.PEERS:
            got = [run["latency_us"] for run in good(runs, peer, name) if run.get("latency_us")]
            latencies.append(f"{statistics.median(l['p99'] for l in got) / 1e3:.1f}" if got else "–")
        rows.append(row + [" / ".join(latencies)])
    head = ["server CPU in µs, median (smallest)", *scenarios.PEERS, "p99 latency in ms, same order"]
    return table(head, rows)


def idle(runs: list[dict]) -> str:
    rows = []
    for name, scenario in scenarios.ALL.items():
        sessions = sorted({r["sessions"] for run in runs if run["scenario"] == name for r in run.get("readings", [])})
        for count in sessions:
            row = [f"{scenario.about}, {count:,}"]
            for peer in scenarios.PEERS:
                kb = [r["kb_each"] for run in good(runs, peer, name) for r in run["readings"] if r["sessions"] == count]
                row.append(f"{statistics.median(kb):.2f}" if kb else "–")
            rows.append(row)
    return table(["resident memory in kB for each", *scenarios.PEERS], rows)


def plugins(runs: list[dict]) -> str:
    words = {"castling": "none", "castling-1": "one", "castling-2": "two"}
    rows = []
    for name in scenarios.FOR_PLUGINS:
        cells = [microseconds(good(runs, server, name)) for server in words]
        if any(good(runs, server, name) for server in ("castling-1", "castling-2")):
            rows.append([scenarios.ALL[name].about, *cells])
    return table(["server CPU in µs, plugins asked about every presence", *words.values()], rows)


def failures(runs: list[dict]) -> str:
    return "\n".join(f"- left out: {run['server']}, {run['scenario']}: {run['error'][:200]}" for run in runs if "error" in run)


def put(page: str, text: str) -> None:
    """Replaces what stands between the marks of a page."""
    old = open(page).read()
    before, _, rest = old.partition(MARKS[0])
    _, _, after = rest.partition(MARKS[1])
    if not rest:
        raise SystemExit(f"{page} has no place for the figures")
    with open(page, "w") as file:
        file.write(f"{before}{MARKS[0]}\n\n{text}\n\n{MARKS[1]}{after}")
