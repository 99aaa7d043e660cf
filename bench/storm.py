"""Sessions that repeat the same presence a thousand times a second, with and without sunshine: when they are closed, what
their contacts receive, and what two users of another brand notice of it."""

import json
import subprocess

import brands
import measure
import place
import report

SESSIONS, RATE, SECONDS = 100, 1_000, 5
MOST = 10
# The bystanders talk from the first log-ins' end until the storm is over.
MESSAGES = int((SECONDS + 2) / brands.TALK_EVERY_S)


def measured() -> str:
    """A table of all of it, as Markdown."""
    with brands.Brands("storm", "sunshine", ["sessions.close"], users=SESSIONS * 2) as server:
        rows = [row("no storm", 1, 0), row("no plugin", SESSIONS, RATE)]
        for action in ("drop", "close"):
            server.enable(f"max={MOST}", "window=60s", f'action="{action}"')
            rows.append(row(f'sunshine, `action = "{action}"`', SESSIONS, RATE))
    head = ["", "sessions closed, the last after", "presences sent", "received by contacts", "by one of them at most",
            "other brand: median in ms", "p99", "longest"]
    return report.table(head, rows)


def row(title: str, sessions: int, rate: int) -> list[str]:
    argv = [measure.LOAD, "--port", str(brands.PORT), "--domain", brands.OTHER, "--transport", "plain", "--secs", str(SECONDS),
            "--password", place.PASSWORD.decode(), "storm", "--sessions", str(sessions), "--rate", str(rate)]
    storm = subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        assert storm.stderr.readline() == "ready\n", storm.stderr.read()
        times = brands.latencies(MESSAGES)
        said, errors = storm.communicate(timeout=60)
        assert not storm.returncode, errors
    finally:
        storm.kill()
    figures = json.loads(said)
    print(title, figures, flush=True)
    closed = f"{figures['closed']}, {figures['last_closed_ms']} ms" if figures["closed"] else "–"
    counts = [f"{figures[name]:,}" for name in ("sent", "received", "received_most")]
    return [title, closed, *counts, *brands.milliseconds(times)]
