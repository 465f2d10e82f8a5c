"""A phrase: words in the reader's language, with Slack's own clocks among them.

Plain text, mrkdwn and rich text are three views of it. It is cut before it is escaped, so no cut goes through an entity or date.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

from formatters.mrkdwn import ELLIPSIS, cut, escape, width
from formatters.record import record


@record
class Clock:
    """A distance from now, which Slack keeps true as the message ages; `fallback` is the date for all other readers.

    Facts: https://docs.slack.dev/messaging/formatting-message-text#date-formatting
    """

    timestamp: int
    fallback: str

    def __str__(self) -> str:
        return self.fallback

    def __html__(self) -> str:
        return f"<!date^{self.timestamp}^{{ago}}|{escape(self.fallback)}>"


Piece = str | Clock


@record
class Phrase:
    """`str()` is its plain text; `__html__`, by which Jinja2 and MarkupSafe ask for markup, is its mrkdwn."""

    pieces: tuple[Piece, ...]

    @classmethod
    def of(cls, pieces: Collection[Piece]) -> Phrase:
        """Neighbouring strings become one; nothing at all becomes a dash, since Slack refuses empty text."""
        try:
            text = "".join(pieces)  # type: ignore[arg-type]
        except TypeError:  # a clock is among them, which is rare
            return cls._with_clocks(pieces)
        return cls((text,)) if text and not text.isspace() else NOTHING

    @classmethod
    def _with_clocks(cls, pieces: Iterable[Piece]) -> Phrase:
        merged: list[Piece] = []
        for piece in pieces:
            if isinstance(piece, str) and merged and isinstance(merged[-1], str):
                merged[-1] += piece
            elif piece:
                merged.append(piece)
        return cls(tuple(merged))

    @classmethod
    def text(cls, text: str) -> Phrase:
        """A phrase without a clock."""
        return cls((text,)) if text and not text.isspace() else NOTHING

    @classmethod
    def join(cls, separator: str, phrases: Iterable[Phrase]) -> Phrase:
        """Phrases one after the other."""
        pieces: list[Piece] = []
        for phrase in phrases:
            pieces.append(separator)
            pieces += phrase.pieces
        return cls.of(pieces[1:])

    @property
    def has_clock(self) -> bool:
        """Whether it tells more in markup than in plain text."""
        return any(isinstance(piece, Clock) for piece in self.pieces)

    def __str__(self) -> str:
        pieces = self.pieces
        return str(pieces[0]) if len(pieces) == 1 else "".join(map(str, pieces))

    def __html__(self) -> str:
        pieces = self.pieces
        return _markup(pieces[0]) if len(pieces) == 1 else "".join(map(_markup, pieces))

    def cut(self, most: int) -> Phrase:
        """At most `most` characters of it, even when escaped; a clock stays whole or goes."""
        pieces = self.pieces
        if len(pieces) == 1 and (5 * len(text := str(pieces[0])) <= most or width(text) <= most):
            return self
        room, kept = most, list[Piece]()
        for piece in pieces:
            needed = width(str(piece))
            if needed > room:
                return Phrase.of(_closed(kept, piece, room))
            kept.append(piece)
            room -= needed
        return self


def _markup(piece: Piece) -> str:
    return escape(piece) if isinstance(piece, str) else piece.__html__()


def _closed(kept: list[Piece], piece: Piece, room: int) -> list[Piece]:
    """What is kept, ended with an ellipsis; `piece` is the first that does not fit."""
    if isinstance(piece, str) and room > len(ELLIPSIS):
        return [*kept, cut(piece, room)]
    if room:
        return [*kept, ELLIPSIS]
    *before, last = kept
    return [*before, cut(last, width(last) - 1) if isinstance(last, str) else ELLIPSIS]


NOTHING = Phrase(("–",))
