"""Who the members are: the language and time zone of whoever reads the answer. (Slack: users.info, scope users:read.)"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable

import structlog
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.flights import Flights
from bot.profiles.ports import Storage
from bot.slack.installation import code_of
from bot.tasks import TaskSet
from formatters.locale import Reader

log = structlog.get_logger()


TOKEN_PROBLEMS = frozenset({"invalid_auth", "not_authed", "account_inactive", "token_revoked", "token_expired"})
"""Slack's error codes which say that the token is no good any more (docs.slack.dev, errors of users.info)."""


class Directory:
    """Knows readers by their member id.

    `kept` is how long what was learnt is kept, `kept_unknown` how long a failure is, `patience` how long an answer may be held up
    for it, `longest` how long Slack may take, all in seconds; `default` reads where nothing is known. `rejected` is called when
    Slack no longer takes the token.
    """

    def __init__(
        self,
        client: AsyncWebClient,
        cache: Storage,
        tasks: TaskSet,
        *,
        default: Reader,
        patience: float,
        kept: float = 3600.0,
        kept_unknown: float = 60.0,
        longest: float = 5.0,
        rejected: Callable[[], None] = lambda: None,
    ) -> None:
        self._client = client
        self._cache = cache
        self._flights: Flights[Reader] = Flights(tasks)
        self._default = default
        self._kept = kept
        self._kept_unknown = kept_unknown
        self._patience = patience
        self._longest = longest
        self._rejected = rejected

    async def reader(self, user: str, *, within: float = math.inf) -> Reader:
        """The member's language and time zone, the default if Slack does not say within the patience, nor `within` seconds."""
        if (known := await self._known(user)) is not None:
            return known
        try:
            async with asyncio.timeout(min(self._patience, within)):
                return await self._flights.join(user, lambda: self._ask(user))
        except TimeoutError:
            return self._default

    async def at_hand(self, user: str) -> Reader:
        """The member's language and time zone if they are known already, else the default."""
        return await self._known(user) or self._default

    async def _known(self, user: str) -> Reader | None:
        known: Reader | None = await self._cache.get(user)
        return known

    async def _ask(self, user: str) -> Reader:
        try:
            # The client waits for as long as Slack's Retry-After says, and a shutdown would wait with it.
            async with asyncio.timeout(self._longest):
                answer = await self._client.users_info(user=user, include_locale=True)
            member = answer.get("user") or {}
            reader = Reader.of(member.get("locale"), member.get("tz"), default=self._default)
        except Exception as error:  # noqa: BLE001 - slack_sdk lets out its own mistakes too; no answer may be lost over a language
            if isinstance(error, SlackApiError) and code_of(error) in TOKEN_PROBLEMS:
                self._rejected()
            log.warning("member_unknown", exception=type(error).__name__)
            await self._cache.set(user, self._default, ttl=self._kept_unknown)
            return self._default
        await self._cache.set(user, reader, ttl=self._kept)
        return reader
