"""Binaries of Castling beside each other, from recorded runs."""

import report
import scenarios


def figure(run: dict) -> tuple[float, str]:
    """The one figure of a run, and its unit."""
    if "readings" in run:
        last = run["readings"][-1]
        return last["kb_each"], f"kB each at {last['sessions']:,}"
    if "steps" in run:
        return run["kb_per_1000"], "kB for 1,000 log-ins"
    return run["server_us_each"], "µs"


def table(runs: list[dict], names: list[str]) -> str:
    """The smallest figure of all rounds for each binary, and what it is of the first binary's."""
    rows = []
    for scenario in scenarios.ALL.values():
        measured = [[figure(run) for run in report.good(runs, name, scenario.name)] for name in names]
        if all(measured):
            smallest = [min(value for value, _ in figures) for figures in measured]
            share = [f"{value / smallest[0]:.2f}" if smallest[0] > 0 else "–" for value in smallest[1:]]
            rounds = "/".join(str(len(figures)) for figures in measured)
            rows.append([scenario.name, measured[0][0][1], *(f"{value:.2f}" for value in smallest), *share, rounds])
    head = ["smallest of the rounds", "unit", *names, *(f"{name}/{names[0]}" for name in names[1:]), "rounds"]
    failed = report.failures([run for run in runs if run["server"] in names])
    return "\n\n".join(text for text in [report.table(head, rows), failed] if text)
