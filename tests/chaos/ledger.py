"""The account of a run: what became of every question. Pure; times are the event loop's."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

ACK_WITHIN = 3.0
"""Seconds after which Slack shows `operation_timeout` in place of an answer."""

QUIET = 1.0
"""Seconds of nothing but full cards that a recovery must be followed by."""


class Manner(StrEnum):
    """How a question is asked."""

    KNOWN = "known"
    """For a customer whom somebody asked for before."""
    NEW = "new"
    """For a customer whom nobody asked for before."""
    REFRESH = "refresh"
    """By the button on a card, which asks the source anew."""


class Outcome(StrEnum):
    """What the asker saw."""

    CARD = "card"
    PARTIAL = "partial"
    """A card that says what is missing."""
    OLD = "old card"
    NOTICE = "notice"
    WRONG = "wrong"
    """Another customer's card, or nothing that anybody could name."""
    UNANSWERED = "unanswered"
    LOST = "lost"
    """Promised by a replica that was killed before it could keep its word: an acknowledged request is not sent again."""


@dataclass(eq=False, slots=True)
class Question:
    """One question. `kind` is a notice's, or says why there is no answer; `replica` took the question, `again` counts the
    replicas that died on it before; `twice` counts answers too many.
    """

    manner: Manner
    asked: float
    replica: str = ""
    again: int = 0
    acked: float | None = None
    answered: float | None = None
    outcome: Outcome | None = None
    kind: str = ""
    twice: int = 0

    @property
    def seconds(self) -> float:
        """How long the asker waited."""
        return 0.0 if self.answered is None else self.answered - self.asked

    @property
    def late(self) -> bool:
        """Whether Slack would have shown `operation_timeout` first."""
        return self.acked is not None and self.acked - self.asked > ACK_WITHIN


@dataclass(frozen=True, slots=True)
class Spell:
    """One fault: when it came, and when it was over, everything that it took away being back.

    Answers asked for from then on must be there within `deadline` seconds; `replica`, if any, is the one that must be seen to
    serve again.
    """

    name: str
    began: float
    ended: float
    deadline: float
    replica: str | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """What became of the questions asked from one fault's beginning until the next one's.

    `reasons` are those of what is unanswered or wrong; `slowest` and `recovery` are in seconds, the latter None if never;
    `busiest` is the most calls that Adobe had in one second.
    """

    name: str
    outcomes: Counter[Outcome]
    notices: Counter[str]
    reasons: Counter[str]
    late: int
    twice: int
    again: int
    slowest: float
    recovery: float | None
    busiest: int

    @property
    def questions(self) -> int:
        """How many were asked."""
        return self.outcomes.total()


def rows(questions: Sequence[Question], spells: Sequence[Spell], calls: Sequence[float]) -> Iterator[Row]:
    """One row for each spell, in order. `calls` says when Adobe was called."""
    for number, spell in enumerate(spells):
        until = spells[number + 1].began if number + 1 < len(spells) else float("inf")
        asked = [each for each in questions if spell.began <= each.asked < until]
        yield row(spell, asked, [each for each in calls if spell.began <= each < until])


def row(spell: Spell, asked: Sequence[Question], calls: Sequence[float]) -> Row:
    """The account of one spell."""
    outcomes = Counter(_outcome(each, spell.deadline) for each in asked)
    return Row(
        name=spell.name,
        outcomes=outcomes,
        notices=Counter(each.kind for each in asked if each.outcome is Outcome.NOTICE),
        reasons=Counter(
            each.kind or "too late" for each in asked if _outcome(each, spell.deadline) in {Outcome.UNANSWERED, Outcome.WRONG}
        ),
        late=sum(each.late for each in asked),
        twice=sum(each.twice for each in asked),
        again=sum(each.again for each in asked),
        slowest=max((each.seconds for each in asked), default=0.0),
        recovery=recovery(spell, asked),
        busiest=max((bisect_left(calls, each + 1.0) - number for number, each in enumerate(calls)), default=0),
    )


def _outcome(question: Question, deadline: float) -> Outcome:
    """Each question has exactly one. An answer that comes too late is none."""
    if question.outcome is None or (question.answered is not None and question.seconds > deadline):
        return Outcome.UNANSWERED
    return question.outcome


def recovery(spell: Spell, asked: Iterable[Question]) -> float | None:
    """Seconds from the end of the fault until all is well: somebody who asked since has the full card of a customer whom nobody
    asked for before, and in the second that follows nobody who asked since gets less than a full card.

    What was asked while the fault lasted says nothing of that, whenever its answer comes.
    """
    since = sorted(
        (each for each in asked if each.asked >= spell.ended and each.answered is not None), key=lambda each: each.answered or 0.0
    )
    troubles = [each.answered or 0.0 for each in since if each.outcome is not Outcome.CARD]
    for each in since:
        at = each.answered or 0.0
        well = each.manner is Manner.NEW and each.outcome is Outcome.CARD and spell.replica in {None, each.replica}
        if well and not any(at <= trouble <= at + QUIET for trouble in troubles):
            return at - spell.ended
    return None
