"""Runs scenarios and keeps one JSON line for each run."""

import json
import os
import subprocess
import sys
import time

import place
import scenarios
import servers

LOAD = os.path.join(os.environ.get("CASTLING_LOAD", f"{place.ROOT}/target/release"), "load")


def measure(server_names: list[str], scenario_names: list[str], rounds: int, sizes: dict, into: str) -> None:
    """Every scenario against every server, taking turns, so that a noisy neighbour hurts all alike."""
    if not os.access(LOAD, os.X_OK):
        sys.exit(f"no generator at {LOAD}: start this as `cargo xtask bench`")
    chosen = [servers.ALL[name] for name in server_names]
    for server in chosen:
        server.provision()
    wanted = [scenarios.ALL[name] for name in scenario_names]
    try:
        for scenario in (s for _ in range(rounds) for s in wanted if not s.memory):
            for server in (server for server in chosen if scenario.suits(server)):
                pid = server.process.pid if server.alive() else server.start(cpus="0")
                keep(into, server, scenario, run(server, scenario, pid, sizes))
        for server in chosen:
            server.stop()
        for scenario in (s for _ in range(rounds) for s in wanted if s.memory):
            for server in (server for server in chosen if scenario.suits(server)):
                keep(into, server, scenario, run(server, scenario, server.start(), sizes))
                server.stop()
    finally:
        for server in chosen:
            server.stop()


def run(server, scenario, pid: int, sizes: dict) -> dict:
    argv = [LOAD, "--port", str(server.ports[scenario.transport]), "--domain", place.DOMAIN,
            "--transport", scenario.transport, "--pid", str(pid),
            *(["--bare"] if server.bare else []), *scenario.arguments.format(**sizes).split()]
    if not scenario.memory:
        argv = ["taskset", "-c", "1", *argv]
    try:
        done = subprocess.run(argv, capture_output=True, text=True, timeout=900, env={**os.environ, "RUST_BACKTRACE": "0"})
    except subprocess.TimeoutExpired:
        return {"error": "no end within 900 s"}
    if done.stderr.strip():
        print("  " + done.stderr.strip()[-600:], file=sys.stderr)
    if done.returncode:
        return {"error": " ".join(done.stderr.split())[:300] or f"the generator ended with {done.returncode}"}
    figures = json.loads(done.stdout)
    if not server.alive():
        return {"error": "the server died"}
    return figures | ({"error": wrong} if (wrong := hollow(figures)) else {})


def hollow(figures: dict) -> str | None:
    """Why the figures mean nothing, though the generator ended well."""
    if "messages" in figures or "connections" in figures:
        return None  # whatever came of a flood is the figure
    readings = figures.get("readings", [])
    if any(reading["dropped"] for reading in readings):
        return f"{readings[-1]['dropped']} sessions were dropped"
    if "steps" in figures and figures["dropped"]:
        return f"{figures['dropped']} log-ins failed"
    if not readings and not figures["count"]:
        return "nothing was delivered"
    if not readings and not figures["server_us_each"]:
        return "no CPU time seen: is the pid the server's?"
    if figures.get("lost") or figures.get("twice"):
        return f"{figures['lost']} stored messages were lost, {figures['twice']} came twice"
    return None


def keep(into: str, server, scenario, figures: dict) -> None:
    line = figures | {"server": server.name, "scenario": scenario.name, "load": os.getloadavg()[0], "at": time.time()}
    with open(into, "a") as file:
        file.write(json.dumps(line) + "\n")
    print(server.name, scenario.name, brief(figures), flush=True)


def brief(figures: dict) -> str:
    if "error" in figures:
        return "ERROR " + figures["error"]
    if "messages" in figures or "connections" in figures:
        return json.dumps(figures)
    if "readings" in figures:
        return ", ".join(f"{r['sessions']}: {r['kb_each']:.2f} kB each" for r in figures["readings"])
    if "steps" in figures:
        steps = ", ".join(f"{step['logins']}: {step['rss_kb'] / 1024:.1f} MiB" for step in figures["steps"])
        return f"{steps}; {figures['kb_per_1000']:.1f} kB for 1,000 log-ins after the first step"
    text = f"{figures['per_s']:.0f}/s, server {figures['server_us_each']:.1f} us each"
    if latency := figures.get("latency_us"):
        text += f", p50/p99 {latency['p50'] / 1e3:.2f}/{latency['p99'] / 1e3:.2f} ms"
    return text
