"""What is asked and answered between processes comes out as it went in, however the stream is cut."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as some

from bot.hub.ingestion.frames import Answer, Frames, Question, answer_in, answered, asked, question_in
from bot.hub.ingestion.submission import ACCEPTED, Outcome, Submission

submissions = some.builds(Submission, some.text(), some.binary(), some.booleans())
questions = some.builds(Question, some.integers(0, 2**53), some.lists(submissions), some.booleans())
outcomes = some.just(ACCEPTED) | some.builds(Outcome, some.just(False), some.text(), some.text())
answers = some.builds(Answer, some.integers(0, 2**53), some.none() | some.lists(outcomes))


def pieces(stream: bytes, cuts: list[int]) -> list[bytes]:
    """The stream, cut at these places."""
    places = sorted({0, len(stream), *(cut % (len(stream) + 1) for cut in cuts)})
    return [stream[begin:end] for begin, end in pairwise(places)]


@given(some.lists(questions), some.lists(some.integers(0, 10_000)))
def test_questions(given_ones: list[Question], cuts: list[int]) -> None:
    """Questions arrive whole and in their order."""
    frames = Frames()
    stream = b"".join(map(asked, given_ones))
    arrived = [question_in(frame) for piece in pieces(stream, cuts) for frame in frames.feed(piece)]

    assert given_ones == arrived


@given(some.lists(answers), some.lists(some.integers(0, 10_000)))
def test_answers(given_ones: list[Answer], cuts: list[int]) -> None:
    """Answers arrive whole and in their order."""
    frames = Frames()
    stream = b"".join(map(answered, given_ones))
    arrived = [answer_in(frame) for piece in pieces(stream, cuts) for frame in frames.feed(piece)]

    assert given_ones == arrived
