"""The account of `make chaos`: what each question counts as, when the service has recovered, and what a run must not have."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import orjson
import pytest

from bot import errors, notices
from formatters import blocks
from formatters.form import Form
from formatters.locale import Reader
from tests.chaos import logs
from tests.chaos.customers import MARK, address_of, name_of
from tests.chaos.ledger import Manner, Outcome, Question, Spell, recovery, row, rows
from tests.chaos.report import Account, failures, table
from tests.chaos.seen import seen
from tests.factories import config

SPELL = Spell("storm", began=10.0, ended=16.0, deadline=9.0)


def question(asked: float, answered: float | None = None, outcome: Outcome | None = Outcome.CARD, **more: object) -> Question:
    """A new customer's, acknowledged at once."""
    made = Question(Manner.NEW, asked, acked=asked, answered=answered, outcome=outcome)
    for name, value in more.items():
        setattr(made, name, value)
    return made


def headline(text: str, *more: object) -> dict[str, object]:
    return {"blocks": [{"type": "header", "text": {"type": "plain_text", "text": text}}, *more]}


# What an asker sees


def test_a_card_is_right_if_its_name_is() -> None:
    """A card counts for the customer who was asked for, and for nobody else."""
    card = headline(name_of(7))

    assert seen(card, 7) == (Outcome.CARD, "")
    assert seen(card, 8)[0] is Outcome.WRONG


def test_names_and_addresses_are_everybodys_own() -> None:
    """No two customers share a name or an address, and each has the mark by which it is found in a log."""
    several = range(10_000)

    assert len({name_of(each) for each in several}) == len({address_of(each) for each in several}) == len(several)
    assert all(MARK in address_of(each) and MARK in name_of(each).lower() for each in several)


def test_a_card_may_be_old_or_partial() -> None:
    """Which the catalogue's own words tell."""
    old = headline(name_of(7), "Adobe can't be reached. This is an older copy, fetched a while ago.")
    partial = headline(name_of(7), "Names of audiences are missing: Adobe had an error. Refresh to try again.")

    assert seen(old, 7) == (Outcome.OLD, "")
    assert seen(partial, 7) == (Outcome.PARTIAL, "")


@pytest.mark.parametrize("error", [errors.Throttled(3.0), errors.SourceFailed(503), errors.Broken()], ids=str)
@pytest.mark.parametrize("form", list(Form))
def test_a_notice_is_known_by_its_headline(error: errors.CustomerContextError, form: Form) -> None:
    """In either form."""
    made = notices.notice(error, config(), lambda _question: "", "reference")

    assert (Outcome.NOTICE, error.kind) == seen(blocks.message(made, Reader("en-GB", "Europe/Berlin"), form), 7)


def test_nonsense_is_wrong() -> None:
    """Whatever has no headline is no answer."""
    assert seen({"text": "?"}, 7)[0] is Outcome.WRONG


# The account


def test_each_question_counts_once_where_it_was_asked() -> None:
    """A row has what was asked from its fault's beginning until the next one's."""
    next_one = replace(SPELL, name="hail", began=30.0, ended=36.0)
    asked = [question(at, at + 1) for at in (9.0, 10.0, 29.9, 30.0, 99.0)]

    assert [each.questions for each in rows(asked, [SPELL, next_one], [])] == [2, 2]


def test_an_answer_that_is_too_late_is_none() -> None:
    """Neither is one that never came."""
    asked = [question(11, 20.5), question(12, 20.5), question(13, None, None)]

    assert Counter({Outcome.CARD: 1, Outcome.UNANSWERED: 2}) == row(SPELL, asked, []).outcomes


def test_notices_are_counted_by_kind() -> None:
    """And the slowest answer is told."""
    made = row(SPELL, [question(11, 13, Outcome.NOTICE, kind="busy"), question(12, 13)], [])

    assert (Counter({"busy": 1}), 2.0) == (made.notices, made.slowest)


def test_the_busiest_second_is_any_second() -> None:
    """It needs not begin with the clock's."""
    assert row(SPELL, [], [10.0, 10.7, 11.0, 11.6, 13.0]).busiest == 3


# Recovery


def test_recovery_is_the_first_new_card_after_the_end() -> None:
    """It counts from the fault's end; what was asked before that tells nothing, nor does a card that was known."""
    known = question(16.5, 16.6, manner=Manner.KNOWN)

    assert recovery(SPELL, [question(15.9, 16.1), known, question(17.0, 17.5)]) == 1.5


def test_recovery_is_followed_by_a_quiet_second() -> None:
    """A card between notices is none; a notice to somebody who asked during the fault disturbs nothing."""
    before = question(15.0, 19.0, Outcome.NOTICE)
    after = question(17.0, 18.0, Outcome.NOTICE)

    assert recovery(SPELL, [before, question(17.0, 17.5), after, question(18.0, 18.5)]) == 2.5


def test_no_recovery_is_none() -> None:
    """Without a new customer's card nobody can say."""
    assert recovery(SPELL, [question(17.0, 17.5, Outcome.OLD)]) is None


def test_a_replica_has_recovered_when_it_serves() -> None:
    """Another one's card does not show that it does."""
    asked = [question(17.0, 17.5, replica="B"), question(18.0, 18.5, replica="A")]

    assert recovery(replace(SPELL, replica="A"), asked) == 2.5


# What must not be


def account(asked: list[Question], *lines: bytes, troubles: tuple[str, ...] = ()) -> Account:
    calm = Spell("nothing yet", 0.0, 0.0, 9.0)
    return Account(row(calm, [], []), list(rows(asked, [SPELL], [])), logs.read(lines), troubles, {}, 1.0)


GOOD = question(16.5, 16.6)
LINE = orjson.dumps({"event": "answered", "level": "info"})


@pytest.mark.parametrize(("killed", "lost", "told"), [(True, 3, 0), (True, 4, 1), (False, 1, 1)])
@pytest.mark.parametrize("asked", [9.5, 10.5])
def test_losses_are_bounded(killed: bool, lost: int, told: int, asked: float) -> None:
    """Lost may be what a replica owed when it was killed, whether it was asked for just before or after, and nothing else."""
    calm = Spell("nothing yet", 0.0, 0.0, 9.0)
    questions = [GOOD, *(question(asked, None, Outcome.LOST) for _ in range(lost))]
    whole = list(rows(questions, [calm, SPELL], []))
    deadly = frozenset({SPELL.name}) if killed else frozenset()
    run = Account(whole[0], whole[1:], logs.read([]), (), {}, 1.0, deadly, promised=3)

    assert len(failures(run)) == told


def test_a_good_run_has_no_failures() -> None:
    """Cards, old cards and notices are all answers."""
    asked = [GOOD, question(11, 12, Outcome.OLD), question(11, 12, Outcome.NOTICE, kind="busy")]

    assert failures(account(asked, LINE)) == []


@pytest.mark.parametrize(
    ("bad", "told"),
    [
        (account([GOOD, question(11, None, None)]), "1 unanswered"),
        (account([GOOD, question(11, 12, Outcome.WRONG, kind="another's card")]), "1 wrong (1 × another's card)"),
        (account([GOOD, question(11, 12, twice=1)]), "1 answers too many"),
        (account([GOOD, question(11, 15, acked=14.5)]), "1 acks came after Slack had given up"),
        (account([question(16.5, 22.0)]), "recovery took 6.0 s"),
        (account([]), "no recovery was seen"),
        (account([GOOD], troubles=("Replica B ended by itself.",)), "Replica B ended by itself."),
        (account([GOOD], b'{"event": "broken", "level": "error", "exception": "KeyError"}'), "1 × broken exception=KeyError"),
        (
            account([GOOD], f'{{"event": "a", "level": "info", "x": "{address_of(1)}"}}'.encode()),
            "1 log lines hold personal data",
        ),
        (account([GOOD], b"Traceback (most recent call last):\n"), "1 log lines are no events, e.g. 'Traceback"),
    ],
    ids=["unanswered", "wrong", "twice", "late ack", "slow", "never", "died", "error", "personal", "traceback"],
)
def test_what_must_not_be_is_told(bad: Account, told: str) -> None:
    """Each is a sentence that says where and how often."""
    assert len(failures(bad)) == 1
    assert told in failures(bad)[0]


def test_the_table_has_a_line_for_each_fault() -> None:
    """Beside the head, what came before the first one, and the sums."""
    assert len(table(account([GOOD])).splitlines()) == 4
