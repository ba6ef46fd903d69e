"""Clients of a server on this machine: as many as are wanted, in one thread, each with its connection."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

HOST: Final = "127.0.0.1"
GIVEN_UP = 60.0  # seconds that a client waits
NO_ANSWER: Final = 0  # in place of a status


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of one request: its HTTP status, NO_ANSWER for none, and seconds."""

    status: int
    began: float
    seconds: float


@dataclass(slots=True)
class Client:
    """One connection, which is opened when it is needed, and again where the server has closed it."""

    port: int
    streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = field(default=None)

    async def ask(self, request: bytes) -> Answer:
        """Send a request and read its whole answer."""
        began = time.perf_counter()
        try:
            async with asyncio.timeout(GIVEN_UP):
                status = await self._exchange(request)
        except (OSError, ValueError, asyncio.IncompleteReadError, TimeoutError):
            await self.close()
            status = NO_ANSWER
        return Answer(status, began, time.perf_counter() - began)

    async def _exchange(self, request: bytes) -> int:
        if self.streams is not None:
            try:
                return await self._send(request)
            except (OSError, asyncio.IncompleteReadError) as error:
                if getattr(error, "partial", b""):
                    raise
                await self.close()  # it was idle for too long; nothing was answered on it
        self.streams = await asyncio.open_connection(HOST, self.port)
        return await self._send(request)

    async def _send(self, request: bytes) -> int:
        assert self.streams
        reader, writer = self.streams
        writer.write(request)
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        length = head.partition(b"content-length: ")[2].partition(b"\r\n")[0]
        await reader.readexactly(int(length))
        if b"\r\nconnection: close" in head:
            await self.close()
        return int(head.split(b" ", 2)[1])

    async def close(self) -> None:
        """Close the connection."""
        if self.streams is not None:
            self.streams[1].close()
            self.streams = None


async def ask_in_turn(
    port: int, count: int, requests: Iterable[bytes], goes_on: Callable[[], bool]
) -> list[Answer]:
    """Clients that each send the next request when the last one is answered."""
    answers: list[Answer] = []
    following = iter(requests)

    async def ask() -> None:
        client = Client(port)
        while goes_on():
            answers.append(await client.ask(next(following)))
        await client.close()

    await asyncio.gather(*(ask() for _ in range(count)))
    return answers


async def ask_at_rate(port: int, rate: float, requests: Iterator[bytes], seconds: float) -> list[Answer]:
    """Requests that come at a rate, whether earlier ones are answered or not."""
    free: list[Client] = []
    answers: list[Answer] = []

    async def ask(request: bytes) -> None:
        client = free.pop() if free else Client(port)
        answers.append(await client.ask(request))
        free.append(client)

    began, running = time.perf_counter(), list[Awaitable[None]]()
    for number in range(int(rate * seconds)):
        await asyncio.sleep(max(0.0, began + number / rate - time.perf_counter()))
        running.append(asyncio.create_task(ask(next(requests))))
    await asyncio.gather(*running)
    for client in free:
        await client.close()
    return answers


async def ask_now_and_then(
    port: int, request: bytes, every: float, goes_on: Callable[[], bool]
) -> list[Answer]:
    """One client that asks for the same at intervals."""
    client, answers = Client(port), list[Answer]()
    while goes_on():
        answers.append(await client.ask(request))
        await asyncio.sleep(every)
    await client.close()
    return answers
