"""The one address that Slack's side sees: it passes each request on to a replica that lives.

A request whose connection is refused, or ends before a byte of the answer came, goes to another replica, as nginx has it with
`proxy_next_upstream error`: to ask about a customer twice does no harm. Slack itself sends no slash command twice.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import aiohttp

from tests.chaos.ledger import ACK_WITHIN
from tests.chaos.replicas import Replica

SHUNNED = 0.5
"""Seconds for which nobody is sent to a replica that did not answer."""


@dataclass(frozen=True, slots=True)
class Passed:
    """What came back, from which replica, and how many died on it before."""

    status: int
    body: bytes
    replica: Replica
    again: int


class NobodyThere(Exception):
    """No replica took the request in the time that Slack waits."""


class Balancer:
    """`serving` gives the replicas by name; they take turns."""

    def __init__(self, session: aiohttp.ClientSession, serving: Callable[[], Mapping[str, Replica]]) -> None:
        self._session = session
        self._serving = serving
        self._turn = 0
        self._shunned: dict[Replica, float] = {}

    async def post(self, body: bytes, headers: Mapping[str, str]) -> Passed:
        """Pass one request of Slack's on.

        Raises:
            NobodyThere: it could not be had.
        """
        again = 0
        try:
            async with asyncio.timeout(2 * ACK_WITHIN):
                while True:
                    replica = await self._next()
                    try:
                        return await self._post(replica, body, headers, again)
                    except aiohttp.ClientConnectorError:
                        self._shun(replica)
                    except aiohttp.ClientConnectionError:
                        self._shun(replica)
                        again += 1
        except TimeoutError:
            raise NobodyThere from None

    async def _post(self, replica: Replica, body: bytes, headers: Mapping[str, str], again: int) -> Passed:
        async with self._session.post(f"{replica.url}/slack/events", data=body, headers=headers) as response:
            return Passed(response.status, await response.read(), replica, again)

    async def _next(self) -> Replica:
        while True:
            now = asyncio.get_running_loop().time()
            able = [each for each in self._serving().values() if self._shunned.get(each, 0.0) <= now]
            if able:
                self._turn += 1
                return able[self._turn % len(able)]
            await asyncio.sleep(0.02)

    def _shun(self, replica: Replica) -> None:
        self._shunned[replica] = asyncio.get_running_loop().time() + SHUNNED
