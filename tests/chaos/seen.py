"""What an asker sees: a message → its outcome. The words are the catalogue's, in English, which every member reads here."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

from bot import errors
from bot.profiles.model import Part, Why
from formatters import messages
from tests.chaos.customers import name_of
from tests.chaos.ledger import Outcome
from tests.slack_side import Payload, title, words


def seen(message: Payload, customer: int) -> tuple[Outcome, str]:
    """What this is to somebody who asked for `customer`, and the kind if it is a notice."""
    headline = title(message)
    if kind := _notices().get(headline):
        return Outcome.NOTICE, kind
    if headline != name_of(customer):
        return Outcome.WRONG, "another's card" if headline else "no card"
    shown = words(message)
    if _sentence("banner.old_copy") in shown:
        return Outcome.OLD, ""
    return (Outcome.PARTIAL if any(each in shown for each in _missing()) else Outcome.CARD), ""


@cache
def _notices() -> dict[str, str]:
    """Kind by headline."""
    return {_sentence(f"notice.{kind}.title"): kind for kind in _kinds(errors.CustomerContextError)}


def _kinds(error: type[errors.CustomerContextError]) -> Iterator[str]:
    if "kind" in vars(error):
        yield error.kind
    for each in error.__subclasses__():
        yield from _kinds(each)


@cache
def _missing() -> tuple[str, ...]:
    keys = ("events.replaced", *(f"{part}.{why}" for part in Part for why in Why))
    return tuple(_sentence(f"missing.{key}") for key in keys)


def _sentence(key: str) -> str:
    """A sentence of the catalogue, up to its first placeholder."""
    return messages.sentence("en", key)[0][0]
