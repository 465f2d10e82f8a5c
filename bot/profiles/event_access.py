"""Whether the organisation has event look-up at all: Adobe sells it with one edition only, and enables it on demand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from bot.profiles.model import Why
from bot.profiles.wire import Json


@dataclass(frozen=True, slots=True)
class Events:
    """Events, or why there are none; `complete` if there are no others."""

    children: tuple[Json, ...] | None = None
    complete: bool = False
    why: Why | None = None


class EventAccess:
    """Remembers that the organisation has no event look-up, once two different customers' events were refused.

    One customer's may be refused for that customer's sake. Another `customer.yml` clears the memory.
    """

    def __init__(self, *, clock: Callable[[], float], refused_for: float) -> None:
        self._clock = clock
        self._refused_for = refused_for
        self._version = ""
        self._refused: set[str] = set()
        self._closed_until = float("-inf")

    def open(self, version: str) -> bool:
        """Whether asking makes sense; `version` is the configuration's."""
        if version != self._version:
            self._version, self._closed_until = version, float("-inf")
            self._refused.clear()
        return self._clock() >= self._closed_until

    def note(self, xid: str, events: Events) -> None:
        """Learn from what came of one customer's events. While closed there is nothing to learn: nobody was asked."""
        if self._clock() < self._closed_until:
            return
        if events.children is not None:
            self._refused.clear()
        elif events.why is Why.NOT_ENABLED:
            self._refused.add(xid)
        if len(self._refused) > 1:
            self._refused.clear()
            self._closed_until = self._clock() + self._refused_for
