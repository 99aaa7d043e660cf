"""A TCP relay between a client and the server that can fall silent or break, as a mobile network does."""

import asyncio


class Wire:
    def __init__(self, host: str, port: int):
        self._target = (host, port)
        self._writers: list[asyncio.StreamWriter] = []
        self._tasks: list[asyncio.Task] = []
        self._flowing = asyncio.Event()
        self._flowing.set()
        self._listener: asyncio.Server | None = None

    async def open(self) -> int:
        """Listens on a free port and gives it."""
        self._listener = await asyncio.start_server(self._relay, "127.0.0.1", 0)
        return self._listener.sockets[0].getsockname()[1]

    def freeze(self) -> None:
        """Nothing passes any more, and neither side is told: what is written now is written to a dead socket."""
        self._flowing.clear()

    def cut(self) -> None:
        """Both sides lose the connection, without a word of XMPP. What the wire had taken in is lost."""
        for task in self._tasks:
            task.cancel()
        for writer in self._writers:
            writer.transport.abort()
        self._tasks.clear()
        self._writers.clear()
        self._flowing.set()

    async def close(self) -> None:
        self.cut()
        if self._listener:
            self._listener.close()
            await self._listener.wait_closed()

    async def _relay(self, near_reader: asyncio.StreamReader, near_writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection(*self._target)
        self._writers += [near_writer, far_writer]
        for reader, writer in ((near_reader, far_writer), (far_reader, near_writer)):
            self._tasks.append(asyncio.create_task(self._pass(reader, writer)))

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while data := await reader.read(65536):
                await self._flowing.wait()
                writer.write(data)
                await writer.drain()
        except ConnectionError:
            pass
        finally:
            writer.close()
