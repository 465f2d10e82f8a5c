"""What goes to and fro between an inlet and the process that stores: questions and answers as bytes. Pure."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import orjson

from bot.hub.ingestion.submission import ACCEPTED, Outcome, Submission

_LENGTH = struct.Struct(">I")


@dataclass(frozen=True, slots=True)
class Question:
    """Store these, and if `settle` do all that is due before answering. `number` finds whoever waits for the answer."""

    number: int
    submissions: Sequence[Submission] = field(default=(), repr=False)
    settle: bool = False


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of the question `number`; without `outcomes` nothing is known to be stored."""

    number: int
    outcomes: Sequence[Outcome] | None


def asked(question: Question) -> bytes:
    """A frame that asks it: the lengths of the records, then the records as they are."""
    head = orjson.dumps(
        {
            "number": question.number,
            "settle": question.settle,
            "records": [(each.dataset, len(each.body), each.listed) for each in question.submissions],
        }
    )
    return _framed(_LENGTH.pack(len(head)) + head + b"".join(each.body for each in question.submissions))


def question_in(frame: bytes) -> Question:
    """The question that `asked` put into a frame."""
    (length,) = _LENGTH.unpack_from(frame)
    position = _LENGTH.size + length
    head = orjson.loads(frame[_LENGTH.size : position])
    submissions = []
    for dataset, size, listed in head["records"]:
        submissions.append(Submission(dataset, frame[position : position + size], listed))
        position += size
    return Question(head["number"], submissions, head["settle"])


def answered(answer: Answer) -> bytes:
    """A frame that answers it: how many there were, and those that were refused."""
    outcomes = answer.outcomes
    refused = [(place, each.path, each.reason) for place, each in enumerate(outcomes or ()) if not each.accepted]
    count = None if outcomes is None else len(outcomes)
    return _framed(orjson.dumps({"number": answer.number, "count": count, "refused": refused}))


def answer_in(frame: bytes) -> Answer:
    """The answer that `answered` put into a frame."""
    head = orjson.loads(frame)
    if head["count"] is None:
        return Answer(head["number"], None)
    outcomes = [ACCEPTED] * head["count"]
    for place, path, reason in head["refused"]:
        outcomes[place] = Outcome(accepted=False, path=path, reason=reason)
    return Answer(head["number"], outcomes)


class Frames:
    """Frames out of a stream of bytes, however it is cut."""

    def __init__(self) -> None:
        self._rest = bytearray()

    def feed(self, data: bytes) -> Iterator[bytes]:
        """The frames that `data` completes, without their lengths."""
        self._rest += data
        while len(self._rest) >= _LENGTH.size:
            end = _LENGTH.size + _LENGTH.unpack_from(self._rest)[0]
            if len(self._rest) < end:
                return
            frame = bytes(self._rest[_LENGTH.size : end])
            del self._rest[:end]
            yield frame


def _framed(content: bytes) -> bytes:
    return _LENGTH.pack(len(content)) + content
