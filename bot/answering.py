"""The use case: who asks what, and where → an answer. The one boundary: it never raises, and always answers."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from typing import Protocol

import structlog

from bot import access, errors, notices, present
from bot.admission import Admission
from bot.config import CustomerConfig
from bot.profiles.cache import Entry
from bot.profiles.lookup import Found, State
from bot.question import Asker, Identity, Place, Question, Rank, StatusQuestion
from bot.seal import Seal
from bot.telemetry import new_reference, unobserved
from bot.tracing import Trace, untraced
from formatters.card import Card, Notice
from formatters.form import Form
from formatters.locale import Reader

log = structlog.get_logger()

Content = Card | Notice
Render = Callable[[Content, Reader, Form], str]
"""Content → the finished message, as JSON text."""

Read = Callable[[CustomerConfig], Question | StatusQuestion]
"""What a door makes of what Slack sent; raises NotUnderstood."""

Told = dict[str, str | None]

ANSWERED_BY = 0.95
"""The part of the deadline after which a look-up is given up, so that the notice itself arrives in time."""

MOST_BODIES = 24
"""Finished bodies kept with one entry; readers' languages and time zones multiply them."""


class Finds(Protocol):
    """The look-up, as the use case knows it."""

    async def __call__(self, identity: Identity, rank: Rank, *, until: float, refresh: bool = False) -> Found:
        """The profile of whoever has `identity`; see `bot.profiles.lookup.Lookup`."""
        ...


@dataclass(frozen=True, slots=True)
class Answered:
    """One question that was answered, for metrics. `kind` is a notice's, `state` a card's; `seconds` since its first byte."""

    outcome: str
    door: str
    seconds: float
    kind: str | None = None
    state: str | None = None


class Answer:
    """A card or a notice, not yet in anybody's language.

    `outcome` is "card", "old_card" or "notice". Making the content is put off until a body is asked for: most bodies are found
    finished.
    """

    def __init__(
        self,
        *,
        outcome: str,
        make: Callable[[], Content],
        instead: Callable[[Exception], Content],
        render: Render,
        shelf: Shelf | None = None,
    ) -> None:
        self.outcome = outcome
        self._make = make
        self._instead = instead
        self._render = render
        self._shelf = shelf

    @property
    def profile(self) -> bytes | None:
        """The profile as JSON, None for a notice."""
        return self._shelf.entry.profile if self._shelf else None

    def content(self) -> Content:
        """The card or notice itself."""
        try:
            return self._make()
        except Exception as error:  # noqa: BLE001 - a mistake of ours becomes a notice; `instead` logs it
            return self._instead(error)

    async def body(self, reader: Reader, form: Form) -> str:
        """The message as JSON text, in the reader's language."""
        if self._shelf and (finished := self._shelf.get(reader, form)):
            return finished
        try:
            body = self._render(self._make(), reader, form)
        except Exception as error:  # noqa: BLE001 - as above; the notice is not shelved, since its reference is this asker's
            self.outcome = "notice"
            return self._render(self._instead(error), reader, form)
        if self._shelf:
            await self._shelf.put(reader, form, body)
        return body


@dataclass(frozen=True, slots=True)
class Shelf:
    """Where the finished bodies of one entry are kept, for one card, installation and age."""

    entry: Entry
    variant: Hashable
    reweigh: Callable[[], Awaitable[None]]

    def get(self, reader: Reader, form: Form) -> str | None:
        """The finished body, if it was made before."""
        return self.entry.bodies.get((self.variant, reader, form))

    async def put(self, reader: Reader, form: Form, body: str) -> None:
        """Keep a finished body for as long as its entry is kept."""
        if len(self.entry.bodies) >= MOST_BODIES:
            self.entry.bodies.clear()
        self.entry.bodies[self.variant, reader, form] = body
        await self.reweigh()


@dataclass(frozen=True, slots=True)
class _Inquiry:
    """One question on its way: what stays the same from the door to the answer."""

    home: access.Home
    config: CustomerConfig
    seal: Seal
    reference: str

    def token(self, question: Question) -> str:
        return self.seal.token(question, self.home.id)

    def notice(self, error: Exception) -> Notice:
        known = error if isinstance(error, errors.CustomerContextError) else errors.Broken()
        if known is not error:
            log.error("broken", reference=self.reference, exception=type(error).__name__)
        return notices.notice(known, self.config, self.token, self.reference)


class Answering:
    """Answers questions.

    Args:
        lookup: finds profiles.
        admission: how often one may ask.
        config: the `customer.yml` of now.
        home: where the app is installed.
        seal: seals what buttons carry.
        render: finishes a message.
        reweigh: tells the cache that bodies were hung on an entry.
        clock: seconds since the epoch.
        source: what cards say about where they come from.
        status: how the service is, for those who may know.
        deadline: seconds that an answer may take.
        consents_for: seconds for which a copy's consents may be shown.
        observe: told of each answer.
        trace: records each answer.
    """

    def __init__(
        self,
        lookup: Finds,
        admission: Admission,
        *,
        config: Callable[[], CustomerConfig],
        home: access.Home,
        seal: Seal,
        render: Render,
        reweigh: Callable[[Entry], Awaitable[None]],
        clock: Callable[[], float],
        source: present.Source,
        status: Callable[[], Awaitable[Notice]],
        deadline: float,
        consents_for: float,
        observe: Callable[[Answered], None] = unobserved,
        trace: Trace = untraced,
    ) -> None:
        self._lookup = lookup
        self._admission = admission
        self._config = config
        self._home = home
        self._seal = seal
        self._render = render
        self._reweigh = reweigh
        self._clock = clock
        self._source = source
        self._status = status
        self._deadline = deadline
        self._consents_for = consents_for
        self._observe = observe
        self._trace = trace

    async def __call__(self, read: Read, asker: Asker, place: Place, *, received: float, door: str) -> Answer:
        """Answer the question that `read` makes of what Slack sent.

        `received` is when its first byte came, on the event loop's clock: the deadline counts from there.
        """
        inquiry = _Inquiry(self._home, self._config(), self._seal, new_reference())
        with self._trace("answer", door=door, reference=inquiry.reference) as span:
            answer, told = await self._answer(read, asker, inquiry, received + self._deadline * ANSWERED_BY)
            span.tell(outcome=answer.outcome, **told)
        seconds = asyncio.get_running_loop().time() - received
        self._observe(Answered(answer.outcome, door, seconds, told.get("kind"), told.get("state")))
        log.info(
            "answered",
            reference=inquiry.reference,
            outcome=answer.outcome,
            door=door,
            asker=asker.user,
            team=asker.team,
            channel=place.channel,
            ms=round(1000 * seconds, 1),
            **told,
        )
        return answer

    async def _answer(self, read: Read, asker: Asker, inquiry: _Inquiry, until: float) -> tuple[Answer, Told]:
        """The answer, and what may be told of it: kind, state, namespace, card, flight."""
        told: Told = {}
        try:
            access.may_ask(asker, self._home)
            await self._admission(asker)
            question = read(inquiry.config)
            if isinstance(question, StatusQuestion):
                return await self._how_it_is(asker, inquiry), {"kind": "status"}
            told = {"namespace": question.identity.namespace, "card": question.card}
            rank = access.rank(asker, inquiry.config)
            found = await self._lookup(question.identity, rank, until=until, refresh=question.refresh)
            return self._card(found, question, inquiry), told | {"state": found.state}
        except errors.CustomerContextError as error:
            flight = error.flight if isinstance(error, errors.LookupFailed) else None
            return self._notice(error, inquiry), told | {"kind": error.kind, "flight": flight}
        except Exception as error:  # noqa: BLE001 - the one boundary: whatever happens behind it, the asker gets an answer
            return self._notice(error, inquiry), told | {"kind": errors.Broken.kind}

    async def _how_it_is(self, asker: Asker, inquiry: _Inquiry) -> Answer:
        access.may_see_status(asker, inquiry.config)
        notice = await self._status()
        return Answer(outcome="notice", make=lambda: notice, instead=inquiry.notice, render=self._render)

    def _notice(self, error: Exception, inquiry: _Inquiry) -> Answer:
        return Answer(outcome="notice", make=partial(inquiry.notice, error), instead=inquiry.notice, render=self._render)

    def _card(self, found: Found, question: Question, inquiry: _Inquiry) -> Answer:
        old = found.state is State.OLD
        fetched = found.entry.copy.fetched
        consents_known = self._clock() - fetched <= self._consents_for

        def make() -> Card:
            showing = present.Showing(
                question=replace(question, refresh=False),
                config=inquiry.config,
                fetched=datetime.fromtimestamp(fetched, UTC),
                token=inquiry.token,
                old=old,
                consents_known=consents_known,
                source=self._source,
            )
            return present.card(found.entry.opened(), showing)

        return Answer(
            outcome="old_card" if old else "card",
            make=make,
            instead=inquiry.notice,
            render=self._render,
            shelf=Shelf(
                found.entry,
                variant=(question.card, inquiry.home.id, inquiry.config.version, old, consents_known),
                reweigh=partial(self._reweigh, found.entry),
            ),
        )
