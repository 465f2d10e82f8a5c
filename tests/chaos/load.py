"""A steady load: agents who ask for known and for new customers, and now and then press Refresh."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from http import HTTPStatus

import orjson

from bot.tasks import TaskSet
from tests.chaos.balancer import Balancer, NobodyThere, Passed
from tests.chaos.customers import address_of
from tests.chaos.ledger import Manner, Outcome, Question
from tests.chaos.replicas import Replica
from tests.chaos.seen import seen
from tests.chaos.slack import MoodySlack, member_id
from tests.slack_side import Mailbox, Payload, buttons, command, encoded, press, signed

REFRESH = "Refresh"
ON_ITS_WAY = 2.0
"""Seconds in which what a replica had sent before it was killed may still arrive."""


@dataclass(frozen=True, slots=True)
class Plan:
    """`rate` questions a second; of these, `new` and `refresh` are parts of one. `known` customers are asked for again and again,
    by so many `members`. An answer is waited for `patience` seconds; only a promise younger than `kept_within` can be lost with
    the replica that gave it.
    """

    rate: float = 24.0
    known: int = 120
    new: float = 0.125
    refresh: float = 0.06
    members: int = 400
    patience: float = 24.0
    kept_within: float = 10.0
    warming: float = 6.0
    """New customers a second while the load begins."""

    def customers(self, seconds: float) -> int:
        """How many are asked for in so many seconds, at most."""
        return self.known + round(self.rate * self.new * seconds * 1.3) + 50


class Load:
    """Asks; `questions` is everything that was ever asked."""

    def __init__(self, plan: Plan, balancer: Balancer, slack: MoodySlack, *, seed: int = 1) -> None:
        self.questions: list[Question] = []
        self._plan = plan
        self._balancer = balancer
        self._slack = slack
        self._dice = random.Random(seed)  # noqa: S311 - no secret hangs on it
        self._tasks = TaskSet()
        self._mailboxes: list[tuple[Question, Mailbox]] = []
        self._asked_for = 0
        self._buttons: dict[int, Payload] = {}

    async def warm_up(self) -> None:
        """Ask for every known customer once, and wait for the answers."""
        while self._asked_for < self._plan.known:
            self._start(Manner.NEW)
            await asyncio.sleep(1 / self._plan.warming)
        await self._tasks.drain(self._plan.patience)

    @asynccontextmanager
    async def steady(self) -> AsyncIterator[None]:
        """Ask while this is open, at a pace that does not depend on the answers."""
        asking = asyncio.create_task(self._keep_asking())
        try:
            yield
        finally:
            asking.cancel()
            with suppress(asyncio.CancelledError):
                await asking

    async def finish(self) -> None:
        """Wait for the last answer, for as long as anybody would, and count the answers too many."""
        await self._tasks.drain(self._plan.patience + 1.0)
        for question, mailbox in self._mailboxes:
            question.twice = mailbox.waiting

    async def _keep_asking(self) -> None:
        loop = asyncio.get_running_loop()
        due = loop.time()
        while True:
            self._start(self._manner())
            due += 1 / self._plan.rate
            await asyncio.sleep(due - loop.time())

    def _manner(self) -> Manner:
        chance = self._dice.random()
        if chance < self._plan.new:
            return Manner.NEW
        if chance < self._plan.new + self._plan.refresh and self._buttons:
            return Manner.REFRESH
        return Manner.KNOWN

    def _start(self, manner: Manner) -> None:
        match manner:
            case Manner.NEW:
                customer = self._asked_for
                self._asked_for += 1
            case Manner.REFRESH:
                customer = self._dice.choice(tuple(self._buttons))
            case Manner.KNOWN:
                customer = self._dice.randrange(self._plan.known)
        question = Question(manner, asyncio.get_running_loop().time())
        self.questions.append(question)
        self._tasks.start(self._ask(question, customer))

    async def _ask(self, question: Question, customer: int) -> None:
        loop = asyncio.get_running_loop()
        mailbox = self._slack.side.mailbox()
        self._mailboxes.append((question, mailbox))
        kind, payload = self._request(question.manner, customer, mailbox)
        body, content_type = encoded(kind, payload)
        try:
            passed = await self._balancer.post(body, signed(body) | {"content-type": content_type})
        except NobodyThere:
            question.outcome, question.kind = Outcome.UNANSWERED, "nobody took it"
            return
        question.acked, question.replica, question.again = loop.time(), passed.replica.name, passed.again
        message = await self._answer(question, passed, mailbox)
        if message is None:
            return
        question.answered = loop.time()
        question.outcome, question.kind = seen(message, customer)
        if question.outcome is Outcome.CARD and customer < self._plan.known:
            self._buttons[customer] = buttons(message)[REFRESH]

    def _request(self, manner: Manner, customer: int, mailbox: Mailbox) -> tuple[str, Payload]:
        user = member_id(self._dice.randrange(self._plan.members))
        if manner is Manner.REFRESH:
            return "interactive", press(self._buttons[customer], mailbox.url, user=user)
        return "slash_commands", command(address_of(customer), mailbox.url, user=user)

    async def _answer(self, question: Question, passed: Passed, mailbox: Mailbox) -> Payload | None:
        """The message with the answer, from the ack or from the response_url."""
        acked = _message(passed)
        if acked is None:
            question.outcome, question.kind = Outcome.UNANSWERED, f"ack of status {passed.status}"
            return None
        if "blocks" in acked:
            return acked
        return await self._promised(question, passed.replica, mailbox)

    async def _promised(self, question: Question, replica: Replica, mailbox: Mailbox) -> Payload | None:
        """What comes to the response_url, from a replica that may be killed in the meantime."""
        waiting = self._tasks.start(mailbox.take(self._plan.patience))
        killed = self._tasks.start(replica.killed.wait())
        await asyncio.wait({waiting, killed}, return_when=asyncio.FIRST_COMPLETED)
        if not waiting.done():
            await asyncio.wait({waiting}, timeout=ON_ITS_WAY)
        killed.cancel()
        if waiting.done() and not waiting.exception():
            return waiting.result()
        waiting.cancel()
        in_time = asyncio.get_running_loop().time() - question.asked <= self._plan.kept_within
        if replica.killed.is_set() and in_time:
            question.outcome = Outcome.LOST
        else:
            question.outcome, question.kind = Outcome.UNANSWERED, "promised, and nothing came"
        return None


def _message(passed: Passed) -> Payload | None:
    """The ack's message, {} if it is empty, None if Slack would show an error."""
    if passed.status != HTTPStatus.OK:
        return None
    message: Payload = orjson.loads(passed.body) if passed.body else {}
    return message
