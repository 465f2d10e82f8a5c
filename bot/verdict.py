"""The verdict: one sentence or a few, from configured rules over a profile.

Pure. Rules that look at time run at the moment the profile was fetched; `valid_until` says when they would turn out otherwise.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from decimal import Decimal

from bot.config import Condition, CustomerConfig
from bot.profiles.model import Profile
from formatters.record import record


@record
class Subject:
    """What a condition looks at: whichever of these the value has."""

    number: Decimal | None = None
    text: str | None = None
    time: datetime | None = None


UNDECIDED = Subject()
"""What may or may not be there, since older events aren't known: no condition holds of it, not even that it is absent."""


def verdict(profile: Profile, config: CustomerConfig, at: datetime) -> tuple[dict[str, str], ...]:
    """The sentences that hold at `at`, each by language; of a group only the first."""
    subjects = _subjects(profile, config)
    said: dict[str, dict[str, str]] = {}
    for rule in config.verdict:
        if rule.group not in said and all(_holds(condition, subjects.get(key), at) for key, condition in rule.when.items()):
            said[rule.group] = rule.say
    return tuple(said.values())


def valid_until(profile: Profile, config: CustomerConfig, after: datetime) -> datetime | None:
    """The first moment after `after` at which time alone may change the verdict; None if it never does."""
    turns = [turn for turn in _turning_points(_subjects(profile, config), config) if turn > after]
    return min(turns, default=None)


def _turning_points(subjects: dict[str, Subject], config: CustomerConfig) -> Iterator[datetime]:
    for rule in config.verdict:
        for key, condition in rule.when.items():
            subject = subjects.get(key)
            if condition.older_than_days is not None and subject is not None and subject.time is not None:
                with suppress(OverflowError):  # after the last day of the calendar: some use 9999-12-31 for "never"
                    yield subject.time + timedelta(days=condition.older_than_days)


def _subjects(profile: Profile, config: CustomerConfig) -> dict[str, Subject]:
    """What the rules ask about, as far as it is known."""
    asked = config.subjects
    subjects = {
        fact.key: Subject(number=fact.number, text=_text(fact.text, fact.yes), time=fact.as_of)
        for fact in profile.facts
        if fact.key in asked
    }
    for score in profile.propensities:
        if score.key in asked:
            subjects[score.key] = Subject(number=score.score, text=score.band, time=score.scored_at)
    for consent in profile.consents:
        if (key := f"consent.{consent.key}") in asked:
            subjects[key] = Subject(text=consent.state.value, time=consent.since)
    subjects["audiences"] = Subject(number=Decimal(len(profile.audiences)))
    subjects["purchases"] = UNDECIDED if profile.recent_only else Subject(number=Decimal(len(profile.purchases)))
    if profile.purchases:
        subjects["last_purchase"] = Subject(number=profile.purchases[0].total, time=profile.purchases[0].time)
    elif profile.recent_only:
        subjects["last_purchase"] = UNDECIDED
    return subjects


def _text(text: str | None, yes: bool | None) -> str | None:
    return text if yes is None else "yes" if yes else "no"


def _holds(condition: Condition, subject: Subject | None, at: datetime) -> bool:
    if subject is UNDECIDED:
        return False
    if subject is None:
        return condition.known is False
    number, text, time = subject.number, subject.text, subject.time
    least, limit, states, days = condition.at_least, condition.below, condition.state, condition.older_than_days
    return (
        (least is None or (number is not None and number >= least))
        and (limit is None or (number is not None and number < limit))
        and condition.band in {None, text}
        and condition.equals in {None, text}
        and (states is None or text in states)
        and (days is None or (time is not None and at - time >= timedelta(days=days)))
        and condition.known is not False
    )
