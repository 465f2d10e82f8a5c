"""An error becomes a notice: what happened, what to do, and what can be asked instead."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from bot import errors
from bot.breaker import State
from bot.errors import CustomerContextError, leaves
from bot.notices import notice, seconds, status, wait
from bot.question import Identity, Question
from bot.status import CacheState, SlackState, Snapshot, SourceState, Trouble
from formatters.blocks import message
from formatters.card import Action, Ago, Data, Joined, Message, Notice, Number, Percent, Value, Words
from formatters.form import Form
from formatters.locale import Reader
from formatters.messages import LANGUAGES, placeholders, sentence
from formatters.text import text
from tests.factories import ADA, config
from tests.limits import violations
from tests.samples_of_errors import BOB, ERRORS

EMAIL = Words({"en": "e-mail address", "de": "E-Mail-Adresse"})


def told(error: CustomerContextError, reference: str | None = "r3ference") -> Notice:
    return notice(error, config(), lambda question: f"token of {question.identity.value}", reference)


def seconds_of(count: int) -> Message:
    return Message("wait.seconds", {"count": Number(Decimal(count))}, count=count)


TYPO = errors.NotFound(Identity("Email", "ada@gmial.com"))


@pytest.mark.parametrize("error", [*ERRORS, TYPO, errors.Throttled()], ids=lambda error: error.kind)
@pytest.mark.parametrize("language", LANGUAGES)
def test_complete(error: CustomerContextError, language: str) -> None:
    """A notice has all that its sentences ask for, and can be shown."""
    made = told(error)
    asked = {name for part in ("title", "text") for _, name in sentence(language, f"notice.{error.kind}.{part}") if name}

    assert made.kind == error.kind
    assert asked <= set(made.values)
    assert not re.search(r"\b(notice|try|help|wait|reason|value)\.[a-z_]", text(made, Reader(language)))
    assert not placeholders(text(made, Reader(language)))


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: error.kind)
def test_reference(error: CustomerContextError) -> None:
    """A reference is told where somebody can do something with it: after a call that failed, or a mistake of ours."""
    promised = isinstance(error, errors.LookupFailed | errors.Broken)

    assert told(error).reference == ("r3ference" if promised else None)
    assert told(error, None).reference is None


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (errors.NotAnIdentity("Ada"), {"typed": Data("Ada")}),
        (
            errors.UnknownNamespace("foo"),
            {
                "alias": Data("foo"),
                "namespaces": Joined(tuple(Data(f"{each.aliases[0]}:") for each in config().namespaces), ", "),
            },
        ),
        (
            errors.ValueNotAccepted("Email", "ada@", "invalid_email"),
            {"value": Data("ada@"), "namespace": EMAIL, "reason": Message("reason.invalid_email")},
        ),
        (errors.NotAllowed("other_workspace"), {"reason": Message("reason.other_workspace")}),
        (errors.NotFound(ADA), {"identity": Data("ada@example.com"), "namespace": EMAIL}),
        (errors.NotFound(Identity("GAID", "1")), {"identity": Data("1"), "namespace": Data("GAID")}),
        (errors.TooManyIdentities(51, 50), {"got": Number(Decimal(51)), "most": Number(Decimal(50))}),
        (
            errors.TooManyIdentities(None, 50),
            {"got": Message("value.more_than", {"number": Number(Decimal(50))}), "most": Number(Decimal(50))},
        ),
        (errors.RequestRefused(422), {"status": Data("422")}),
        (
            errors.NamespaceRefused(400, "GAID"),
            {
                "namespace": Data("GAID"),
                "namespaces": Joined(tuple(Data(each.code) for each in config().namespaces), ", "),
            },
        ),
        (errors.NotSetUp(403, "403025"), {"code": Data("403025")}),
        (errors.NotSetUp(401), {"code": Data("401")}),
        (errors.Throttled(1.2), {"wait": Message("wait.seconds", {"count": Number(Decimal(2))}, count=2)}),
        (errors.Throttled(0), {"wait": Message("wait.soon")}),
        (errors.Throttled(), {"wait": Message("wait.soon")}),
        (errors.AskedTooOften(11.2), {"wait": seconds_of(12)}),
        (errors.Busy(3.1), {"wait": seconds_of(4)}),
        (errors.SourceDown(1.4), {"wait": seconds_of(2)}),
        (errors.BudgetSpent(7_300), {"wait": Message("wait.hours", {"count": Number(Decimal(3))}, count=3)}),
        (errors.NotAllowed("status"), {"reason": Message("reason.status")}),
        (errors.Restarting(), {}),
        (errors.DeadlinePassed(7.2), {"deadline": Number(Decimal(8))}),
        (errors.Unreachable(), {}),
        (errors.SourceFailed(503), {}),
        (errors.NothingAsked(), {}),
    ],
)
def test_values(error: CustomerContextError, expected: dict[str, Value]) -> None:
    """A notice tells what is known of the case, never an error's own text."""
    assert told(error).values == expected


def test_several() -> None:
    """Of several identities each has a button."""
    assert told(errors.SeveralIdentities((Question(ADA), Question(BOB)))).actions == (
        Action("ask:0", Data("ada@example.com"), token="token of ada@example.com"),
        Action("ask:1", Data("bob@example.com"), token="token of bob@example.com"),
    )


@pytest.mark.parametrize("error", [errors.NothingAsked(), errors.NotAnIdentity("x")])
def test_examples(error: CustomerContextError) -> None:
    """Whoever needs help sees an example of each namespace."""
    lists = told(error).lists

    assert lists[0] == Message("help.example", {"namespace": EMAIL, "example": Data("ada@example.com")})
    assert len(lists) == len(config().namespaces)


def test_nobody_found() -> None:
    """After "not found" a likely typo is offered, as words and as a button, and then the other ways to ask."""
    made = told(TYPO)

    assert made.actions[0] == Action("ask:0", Data("ada@gmail.com"), token="token of ada@gmail.com")
    assert made.lists[: len(made.actions)] == tuple(
        Message("try.typo", {"value": action.label}) for action in made.actions if isinstance(action.label, Data)
    )
    assert [each.values["example"] for each in made.lists if isinstance(each, Message) and each.key == "try.other_namespace"] == [
        Data(each.example) for each in config().namespaces if each.code != "Email"
    ]


def test_nobody_found_by_number() -> None:
    """Numbers have no typos that could be guessed."""
    assert told(errors.NotFound(Identity("CRMID", "C-1"))).actions == ()


@pytest.mark.parametrize(("duration", "expected"), [(0, 0), (0.001, 1), (1, 1), (1.5, 2), (59.999, 60)])
def test_seconds(duration: float, expected: int) -> None:
    """A wait that is told is never too short."""
    assert seconds(duration) == Number(Decimal(expected))


@pytest.mark.parametrize(
    ("duration", "unit", "count"),
    [
        (0.001, "seconds", 1),
        (1, "seconds", 1),
        (1.2, "seconds", 2),
        (119.5, "seconds", 120),
        (120, "seconds", 120),
        (120.1, "minutes", 3),
        (180, "minutes", 3),
        (180.1, "minutes", 4),
        (7_200, "minutes", 120),
        (7_200.1, "hours", 3),
        (86_400, "hours", 24),
        (1_000_000, "hours", 278),
    ],
)
def test_wait(duration: float, unit: str, count: int) -> None:
    """A wait is told in the unit people would use, and is never too short."""
    assert wait(duration) == Message(f"wait.{unit}", {"count": Number(Decimal(count))}, count=count)


@pytest.mark.parametrize("duration", [None, 0, 0.0])
def test_no_wait(duration: float | None) -> None:
    """Where nobody knows, it is a moment."""
    assert wait(duration) == Message("wait.soon")


@pytest.mark.parametrize(
    ("language", "duration", "expected"),
    [
        ("en", 1, "in 1 second"),
        ("en", 90, "in 90 seconds"),
        ("en", 600, "in 10 minutes"),
        ("en", 36_000, "in 10 hours"),
        ("de", 1, "in 1 Sekunde"),
        ("de", 600, "in 10 Minuten"),
        ("de", 36_000, "in 10 Stunden"),
    ],
)
def test_wait_in_words(language: str, duration: float, expected: str) -> None:
    """In the reader's language, one or many."""
    assert expected in text(told(errors.AskedTooOften(duration)), Reader(language))


# How the service is

NOON = datetime(2026, 11, 3, 12, 0, tzinfo=UTC)
WELL = Snapshot(
    started=NOON,
    version="4f2a",
    draining=False,
    tasks=3,
    source=SourceState(refuses=False, breaker=State.CLOSED, pace=1.0, wait=0.0, spent=1234, budget=None),
    cache=CacheState(entries=12_345, bytes=67_800_000, redis=State.CLOSED),
    slack=SlackState(transport="http", connected=None, token_rejected=False),
)


def of_source(**changes: Any) -> Snapshot:
    return replace(WELL, source=replace(WELL.source, **changes))


def of_slack(**changes: Any) -> Snapshot:
    return replace(WELL, slack=replace(WELL.slack, **changes))


def keys(snapshot: Snapshot) -> list[str]:
    return [each.key for each in status(snapshot).lists if isinstance(each, Message)]


def test_status() -> None:
    """Those who look after the service see since when it runs, what Adobe, memory and Redis do, and what was spent."""
    assert status(WELL) == Notice(
        kind="status",
        values={"since": Ago(NOON), "version": Data("4f2a"), "tasks": Number(Decimal(3))},
        lists=(
            Message("status.source.closed"),
            Message("status.pace", {"pace": Percent(Decimal("1.0"))}),
            Message("status.spent", {"spent": Number(Decimal(1234))}),
            Message("status.cache", {"entries": Number(Decimal(12_345)), "megabytes": Number(Decimal(68))}),
            Message("status.redis.closed"),
        ),
    )


@pytest.mark.parametrize(
    ("snapshot", "expected"),
    [
        (of_source(breaker=State.OPEN), "status.source.open"),
        (of_source(breaker=State.HALF_OPEN), "status.source.half_open"),
        (of_source(refuses=True), "status.source.refuses"),
        (of_source(refuses=True, breaker=State.OPEN), "status.source.refuses"),
        (of_source(budget=10_000), "status.budget"),
        (replace(WELL, cache=replace(WELL.cache, redis=None)), "status.redis.off"),
        *((replace(WELL, cache=replace(WELL.cache, redis=state)), f"status.redis.{state}") for state in State),
        (of_slack(token_rejected=True), "status.slack.rejected"),
        (of_slack(transport="socket", connected=False), "status.slack.disconnected"),
    ],
)
def test_condition(snapshot: Snapshot, expected: str) -> None:
    """Each condition has its sentence, beside the others."""
    told = keys(snapshot)

    assert expected in told
    assert len([key for key in told if key.startswith("status.source.")]) == 1
    assert len([key for key in told if key.startswith("status.redis.")]) == 1
    assert len({"status.spent", "status.budget"} & set(told)) == 1


@pytest.mark.parametrize("connected", [True, None])
def test_slack_is_fine(connected: bool | None) -> None:
    """Where Slack is as it should be, nothing is said of it."""
    assert keys(of_slack(connected=connected)) == keys(WELL)


@pytest.mark.parametrize(("spent", "left"), [(1_234, 8_766), (10_500, 0)])
def test_budget(spent: int, left: int) -> None:
    """Of a budget is told what was spent, what there is, and what is left of it: nothing, if more was spent."""
    [told] = [
        each
        for each in status(of_source(spent=spent, budget=10_000)).lists
        if isinstance(each, Message) and each.key == "status.budget"
    ]

    assert told.values == {"spent": Number(Decimal(spent)), "budget": Number(Decimal(10_000)), "left": Number(Decimal(left))}


def test_troubles() -> None:
    """Of the last errors their headline, number and time are told; what became of messages to Slack by its kind."""
    snapshot = replace(
        of_source(troubles=(Trouble("throttled", 7, NOON), Trouble("unreachable", 1, NOON))),
        slack=replace(WELL.slack, troubles=(Trouble("failed", 2, NOON),)),
    )

    assert status(snapshot).lists[-3:] == (
        Message(
            "status.trouble",
            {"kind": Message("notice.throttled.title"), "times": Number(Decimal(7)), "when": Ago(NOON)},
        ),
        Message(
            "status.trouble",
            {"kind": Message("notice.unreachable.title"), "times": Number(Decimal(1)), "when": Ago(NOON)},
        ),
        Message("status.undelivered", {"kind": Data("failed"), "times": Number(Decimal(2)), "when": Ago(NOON)}),
    )


FAILURES = [kind.kind for kind in leaves(errors.LookupFailed)]
EVERYTHING_AT_ONCE = replace(
    of_source(
        refuses=True,
        pace=0.123,
        budget=10_000,
        troubles=tuple(Trouble(kind, number, NOON) for number, kind in enumerate(FAILURES)),
    ),
    cache=CacheState(entries=0, bytes=0, redis=State.OPEN),
    slack=SlackState("socket", connected=False, token_rejected=True, troubles=(Trouble("unknown", 1, NOON),)),
)


@pytest.mark.parametrize("snapshot", [WELL, EVERYTHING_AT_ONCE, *(of_source(breaker=state) for state in State)])
@pytest.mark.parametrize("language", LANGUAGES)
def test_status_in_words(snapshot: Snapshot, language: str) -> None:
    """However things are, it can be said in each language, and shown within Slack's limits."""
    shown = text(status(snapshot), Reader(language))

    assert not re.search(r"\b(notice|status|wait|value)\.[a-z_]", shown)
    assert not placeholders(shown)
    for form in Form:
        assert violations(message(status(snapshot), Reader(language), form)) == []
