"""The server under test is killed and started again: the same, seen from the other server."""

from federation.scenarios.killed import survives


async def run(stage):
    await survives(stage, stage.there, stage.here)
