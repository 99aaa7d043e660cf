"""Markdown from recorded runs."""

import datetime
import json
import os
import platform
import statistics
import subprocess

import scenarios
import servers

TITLES = {"castling-1": "castling, one plugin", "castling-2": "castling, two plugins", "floor": "hyper alone",
          "castling-postgresql": "castling on PostgreSQL", "castling-mariadb": "castling on MariaDB",
          "ejabberd-postgresql": "ejabberd on PostgreSQL"}


def read(files: list[str]) -> list[dict]:
    return [json.loads(line) for file in files for line in open(file)]


def tables(runs: list[dict], part: scenarios.Part | None = None) -> str:
    """Everything that was measured, or what of it belongs to one part: CPU time, memory, what failed."""
    several = 2 if part else 1
    part = part or scenarios.Part(list(servers.ALL), list(scenarios.ALL))
    runs = [run for run in runs if run["server"] in part.servers and run["scenario"] in part.scenarios]
    columns = [server for server in part.servers if any(run["server"] == server for run in runs)]
    # A part compares: what was measured of one server alone belongs to another part.
    names = [name for name in part.scenarios if len({run["server"] for run in runs if run["scenario"] == name}) >= several]
    if not names:
        return ""
    found = [machine(runs, columns), cpu(runs, columns, names), idle(runs, columns, names), churn(runs, columns, names),
             floods(runs, columns, names), failures(runs)]
    return "\n\n".join(text for text in found if text)


def good(runs: list[dict], server: str, scenario: str) -> list[dict]:
    return [run for run in runs if (run["server"], run["scenario"]) == (server, scenario) and "error" not in run]


def machine(runs: list[dict], columns: list[str]) -> str:
    day = datetime.date.fromtimestamp(max(run["at"] for run in runs))
    load = statistics.median(run["load"] for run in runs)
    versions = dict.fromkeys(servers.ALL[column].version() for column in columns)
    return measured(day, load, ", ".join(versions))


def here(version: str) -> str:
    """What was measured just now, and where."""
    return measured(datetime.date.today(), os.getloadavg()[0], version)


def measured(day: datetime.date, load: float, versions: str) -> str:
    model = next((line.split(":")[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")), "unknown CPU")
    commit = subprocess.run(["git", "describe", "--always", "--dirty"], capture_output=True, text=True,
                            cwd=os.path.dirname(os.path.abspath(__file__))).stdout.strip()
    return (f"Measured {day} on {os.cpu_count()} cores ({model}), Linux {platform.release()}, load average {load:.1f}: "
            + versions + (f"; sources at {commit}" if commit else "") + ".")


def table(head: list[str], rows: list[list[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines) if rows else ""


def titles(columns: list[str]) -> list[str]:
    return [TITLES.get(column, column) for column in columns]


def microseconds(runs: list[dict]) -> str:
    """The median, and the smallest: the best estimate on a machine that is never quiet."""
    if not runs:
        return "–"
    values = [run["server_us_each"] for run in runs]
    return f"{statistics.median(values):.1f} ({min(values):.1f})"


def milliseconds(runs: list[dict]) -> str:
    got = [run["latency_us"]["p99"] for run in runs if run.get("latency_us")]
    return f"{statistics.median(got) / 1e3:.1f}" if got else "–"


def cpu(runs: list[dict], columns: list[str], names: list[str]) -> str:
    rows = []
    for name in names:
        measured = [good(runs, column, name) for column in columns]
        if not scenarios.ALL[name].memory and any(measured):
            rows.append([scenarios.ALL[name].about, *map(microseconds, measured), " / ".join(map(milliseconds, measured))])
    return table(["server CPU in µs, median (smallest)", *titles(columns), "p99 latency in ms, same order"], rows)


def idle(runs: list[dict], columns: list[str], names: list[str]) -> str:
    rows = []
    for name in names:
        sessions = sorted({r["sessions"] for run in runs if run["scenario"] == name for r in run.get("readings", [])})
        for count in sessions:
            row = [f"{scenarios.ALL[name].about}, {count:,}"]
            for column in columns:
                kb = [r["kb_each"] for run in good(runs, column, name) for r in run["readings"] if r["sessions"] == count]
                row.append(f"{statistics.median(kb):.2f}" if kb else "–")
            rows.append(row)
    return table(["resident memory in kB for each", *titles(columns)], rows)


def churn(runs: list[dict], columns: list[str], names: list[str]) -> str:
    """Growth after the first step, and in parentheses from the beginning."""
    rows = []
    for name in names:
        measured = [[run for run in good(runs, column, name) if "steps" in run] for column in columns]
        if any(measured):
            rows.append([scenarios.ALL[name].about, *map(growth, measured)])
    return table(["resident memory in kB for each 1,000 log-ins after the first step (MiB grown in all)", *titles(columns)], rows)


def floods(runs: list[dict], columns: list[str], names: list[str]) -> str:
    """What a server does with more than it can want: a row for each flood, a sentence for each server."""
    rows = []
    for name in names:
        measured = [[run for run in good(runs, column, name) if "messages" in run or "connections" in run] for column in columns]
        if any(measured):
            rows.append([scenarios.ALL[name].about, *map(flooded, measured)])
    return table(["floods", *titles(columns)], rows)


def flooded(runs: list[dict]) -> str:
    if not runs:
        return "–"
    run = runs[-1]
    if "connections" in run:
        return f"{run['open']:,} of {run['connections']:,} held, {run['kb_each']:.1f} kB each"
    ended = "".join(f", the {who} was disconnected" for who in ("sender", "recipient") if run[f"{who}_ended"])
    return (f"{run['delivered']:,} delivered, {run['bounced']:,} refused, {run['lost']:,} lost in {run['all_s']:.1f} s, "
            f"{(run['rss_peak_kb'] - run['rss_before_kb']) / 1024:.0f} MiB more at the peak{ended}")


def growth(runs: list[dict]) -> str:
    if not runs:
        return "–"
    later = statistics.median(run["kb_per_1000"] for run in runs)
    grown = statistics.median(run["steps"][-1]["rss_kb"] - run["base_rss_kb"] for run in runs)
    return f"{later:.1f} ({grown / 1024:.1f})"


def failures(runs: list[dict]) -> str:
    return "\n".join(f"- left out: {run['server']}, {run['scenario']}: {run['error'][:200]}" for run in runs if "error" in run)


def put(page: str, parts: dict[str, str]) -> None:
    """Replaces what stands between a page's marks of each part; one of which nothing was measured stays as it is."""
    text = open(page).read()
    for name, written in parts.items():
        if written:
            begin, end = f"<!-- figures, {name}: written by `cargo xtask bench`, not by hand -->", f"<!-- end of {name} -->"
            before, found, rest = text.partition(begin)
            _, closed, after = rest.partition(end)
            if not (found and closed):
                raise SystemExit(f"{page} has no place for the figures of {name}")
            text = f"{before}{begin}\n\n{written}\n\n{end}{after}"
    with open(page, "w") as file:
        file.write(text)
