"""One of each error, with an invented customer in every field that may hold one."""

from __future__ import annotations

from bot import errors
from bot.errors import CustomerContextError
from bot.question import Identity, Question
from tests.factories import ADA

BOB = Identity("Email", "bob@example.com")

ERRORS: tuple[CustomerContextError, ...] = (
    errors.NothingAsked(),
    errors.NotAnIdentity(typed="ada lovelace"),
    errors.PersonMentioned(),
    errors.UnknownNamespace(alias="foo"),
    errors.SeveralIdentities(questions=(Question(ADA), Question(BOB))),
    errors.ValueNotAccepted(namespace="Email", value="ada@", reason="invalid_email"),
    errors.TokenNotAccepted(),
    errors.NotAllowed(reason="other_workspace"),
    errors.AskedTooOften(retry_after=11.2),
    errors.Restarting(),
    errors.NotFound(identity=ADA),
    errors.TooManyIdentities(got=51, most=50),
    errors.NoMergePolicy(),
    errors.RequestRefused(status=400),
    errors.NamespaceRefused(status=400, namespace="Email"),
    errors.NotSetUp(status=403, code="403025"),
    errors.Throttled(retry_after=2.5),
    errors.Busy(retry_after=3.1),
    errors.BudgetSpent(retry_after=7_300),
    errors.SourceDown(retry_after=1.4),
    errors.SourceFailed(status=503),
    errors.Unreachable(),
    errors.DeadlinePassed(deadline=7.2),
    errors.Broken(),
)
