"""Error → `Notice`: what to say instead of a card.

Pure. The sentences are the catalogue's, by the error's kind; here stands only what they are told about the case at hand.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from itertools import chain
from typing import Any

from bot import errors
from bot.config import CustomerConfig
from bot.question import Identity, Question
from bot.reading import likely_typos
from bot.status import Snapshot
from formatters.card import Action, Ago, Data, Joined, Message, Notice, Number, Percent, Value, Words

Values = Mapping[str, Value]


def notice(
    error: errors.CustomerContextError, config: CustomerConfig, token: Callable[[Question], str], reference: str | None
) -> Notice:
    """The notice for `error`; `token` seals the questions that its buttons ask."""
    values = _VALUES.get(type(error))
    return Notice(
        kind=error.kind,
        values=values(error, config) if values else {},
        lists=tuple(_lists(error, config)),
        actions=tuple(
            Action(f"ask:{index}", Data(each.identity.value), token=token(each))
            for index, each in enumerate(_offers(error, config))
        ),
        reference=reference if isinstance(error, errors.LookupFailed | errors.Broken) else None,
    )


def status(snapshot: Snapshot) -> Notice:
    """How the service is, for those who look after it."""
    values: Values = {"since": Ago(snapshot.started), "version": Data(snapshot.version), "tasks": _number(snapshot.tasks)}
    return Notice(kind="status", values=values, lists=tuple(_conditions(snapshot)))


def _conditions(snapshot: Snapshot) -> Iterable[Value]:
    source, cache, slack = snapshot.source, snapshot.cache, snapshot.slack
    yield Message(f"status.source.{'refuses' if source.refuses else source.breaker}")
    yield Message("status.pace", {"pace": Percent(Decimal(str(round(source.pace, 2))))})
    match source.budget, source.left:
        case int(budget), int(left):
            yield Message("status.budget", {"spent": _number(source.spent), "budget": _number(budget), "left": _number(left)})
        case _:
            yield Message("status.spent", {"spent": _number(source.spent)})
    yield Message("status.cache", {"entries": _number(cache.entries), "megabytes": _number(round(cache.bytes / 1e6))})
    yield Message(f"status.redis.{cache.redis or 'off'}")
    if slack.token_rejected:
        yield Message("status.slack.rejected")
    if slack.connected is False:
        yield Message("status.slack.disconnected")
    for each in source.troubles:
        kind = Message(f"notice.{each.kind}.title")
        yield Message("status.trouble", {"kind": kind, "times": _number(each.count), "when": Ago(each.last)})
    for each in slack.troubles:
        yield Message("status.undelivered", {"kind": Data(each.kind), "times": _number(each.count), "when": Ago(each.last)})


def _number(count: int) -> Number:
    return Number(Decimal(count))


def _offers(error: errors.CustomerContextError, config: CustomerConfig) -> tuple[Question, ...]:
    match error:
        case errors.SeveralIdentities():
            return error.questions
        case errors.NotFound():
            return tuple(Question(each) for each in likely_typos(error.identity, config))
    return ()


def _lists(error: errors.CustomerContextError, config: CustomerConfig) -> Iterable[Value]:
    match error:
        case errors.NothingAsked() | errors.NotAnIdentity():
            return (
                Message("help.example", {"namespace": Words(each.label), "example": Data(each.example)})
                for each in config.namespaces
            )
        case errors.NotFound():
            typos = (Message("try.typo", {"value": Data(each.value)}) for each in likely_typos(error.identity, config))
            return chain(typos, _other_namespaces(error.identity, config))
    return ()


def _other_namespaces(asked: Identity, config: CustomerConfig) -> Iterable[Value]:
    return (
        Message("try.other_namespace", {"namespace": Words(each.label), "example": Data(each.example)})
        for each in config.namespaces
        if each.code != asked.namespace
    )


def _label(code: str, config: CustomerConfig) -> Value:
    namespace = config.namespace(code)
    return Words(namespace.label) if namespace else Data(code)


def _aliases(config: CustomerConfig) -> Value:
    return Joined(tuple(Data(f"{each.aliases[0]}:") for each in config.namespaces), ", ")


def _codes(config: CustomerConfig) -> Value:
    return Joined(tuple(Data(each.code) for each in config.namespaces), ", ")


def wait(duration: float | None) -> Message:
    """How long to wait, in the unit people would use, rounded up; "in a moment" where nobody knows."""
    if not duration:
        return Message("wait.soon")
    unit, length = next((unit, length) for unit, length, most in _UNITS if duration <= most)
    count = math.ceil(duration / length)
    return Message(f"wait.{unit}", {"count": Number(Decimal(count))}, count=count)


_UNITS = (("seconds", 1, 120), ("minutes", 60, 7_200), ("hours", 3_600, math.inf))


def seconds(duration: float) -> Number:
    """A duration in whole seconds, rounded up: a wait that is told must not be too short."""
    return Number(Decimal(math.ceil(duration)))


_VALUES: dict[type[errors.CustomerContextError], Callable[[Any, CustomerConfig], Values]] = {
    errors.NotAnIdentity: lambda error, _config: {"typed": Data(error.typed)},
    errors.UnknownNamespace: lambda error, config: {"alias": Data(error.alias), "namespaces": _aliases(config)},
    errors.ValueNotAccepted: lambda error, config: {
        "value": Data(error.value),
        "namespace": _label(error.namespace, config),
        "reason": Message(f"reason.{error.reason}"),
    },
    errors.NotAllowed: lambda error, _config: {"reason": Message(f"reason.{error.reason}")},
    errors.NotFound: lambda error, config: {
        "identity": Data(error.identity.value),
        "namespace": _label(error.identity.namespace, config),
    },
    errors.TooManyIdentities: lambda error, _config: {
        "got": Number(Decimal(error.got)) if error.got else Message("value.more_than", {"number": Number(Decimal(error.most))}),
        "most": Number(Decimal(error.most)),
    },
    errors.RequestRefused: lambda error, _config: {"status": Data(str(error.status))},
    errors.NamespaceRefused: lambda error, config: {"namespace": Data(error.namespace), "namespaces": _codes(config)},
    errors.NotSetUp: lambda error, _config: {"code": Data(error.code or str(error.status))},
    errors.AskedTooOften: lambda error, _config: {"wait": wait(error.retry_after)},
    errors.Throttled: lambda error, _config: {"wait": wait(error.retry_after)},
    errors.Busy: lambda error, _config: {"wait": wait(error.retry_after)},
    errors.BudgetSpent: lambda error, _config: {"wait": wait(error.retry_after)},
    errors.SourceDown: lambda error, _config: {"wait": wait(error.retry_after)},
    errors.DeadlinePassed: lambda error, _config: {"deadline": seconds(error.deadline)},
}
