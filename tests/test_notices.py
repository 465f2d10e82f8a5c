"""An error becomes a notice: what happened, what to do, and what can be asked instead."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest

from bot import errors
from bot.errors import CustomerContextError
from bot.notices import notice, seconds
from bot.question import Identity, Question
from formatters.card import Action, Data, Joined, Message, Notice, Number, Value, Words
from formatters.locale import Reader
from formatters.messages import LANGUAGES, placeholders, sentence
from formatters.text import text
from tests.factories import ADA, config
from tests.samples_of_errors import BOB, ERRORS

EMAIL = Words({"en": "e-mail address", "de": "E-Mail-Adresse"})


def told(error: CustomerContextError, reference: str | None = "r3ference") -> Notice:
    return notice(error, config(), lambda question: f"token of {question.identity.value}", reference)


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
