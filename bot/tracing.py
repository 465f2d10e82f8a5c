"""Traces: what one answer spends its time on. The core knows `Trace` alone, which costs next to nothing where nobody records."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Protocol, Self

Value = str | int | float | None


class Span(Protocol):
    """A piece of work with a name, a beginning and an end."""

    def tell(self, **attributes: Value) -> None:
        """Add what is known by now; None is left out."""
        ...


class Trace(Protocol):
    """Makes spans: `with trace("answer", door=door) as span`. Within the block, other spans are parts of this one.

    An exception that leaves the block marks the span as failed, with its kind or type.
    """

    def __call__(self, name: str, /, **attributes: Value) -> AbstractContextManager[Span]:
        """A span that lasts as long as the block."""
        ...


class _Nothing:
    """A span that nobody records."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        pass

    def tell(self, **attributes: Value) -> None:
        pass


_NOTHING = _Nothing()


def untraced(_name: str, /, **_attributes: Value) -> AbstractContextManager[Span]:
    """Record nothing."""
    return _NOTHING
