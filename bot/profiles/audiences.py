"""The names of audiences, which are asked for by id and change rarely."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from bot.profiles.catalogue import MOST_AUDIENCES
from bot.profiles.ports import Turn


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of one id until `expires`; `name` None means that the source has none."""

    name: str | None
    expires: float


class AudienceNames:
    """Keeps names by id, at most `most` of them (Adobe allows 4,000 audiences a sandbox).

    Args:
        ask: gives the names of ids, leaving out whom it doesn't know.
        clock: monotonic, in seconds.
        fresh: seconds for which a name is kept.
        unknown_fresh: seconds for which it is kept that there is no name.
    """

    def __init__(
        self,
        ask: Callable[[Sequence[str], Turn], Awaitable[Mapping[str, str]]],
        *,
        clock: Callable[[], float],
        fresh: float = 6 * 3600.0,
        unknown_fresh: float = 600.0,
        most: int = 10_000,
    ) -> None:
        self._ask = ask
        self._clock = clock
        self._fresh = fresh
        self._unknown_fresh = unknown_fresh
        self._most = most
        self._kept: dict[str, Known] = {}

    def at_hand(self, ids: Iterable[str]) -> dict[str, str]:
        """The names among `ids` that need no asking."""
        return {each: known.name for each in ids if (known := self._known(each)) and known.name is not None}

    def wanted(self, ids: Iterable[str]) -> list[str]:
        """Those among `ids` that need asking."""
        return [each for each in ids if self._known(each) is None]

    async def fetch(self, ids: Iterable[str], turn: Turn) -> None:
        """Ask for what is not at hand, some at a time: what has come is kept, even if the caller's patience ends before the rest.

        Raises:
            LookupFailed: the names could not be had.
        """
        wanted = self.wanted(ids)
        for start in range(0, len(wanted), MOST_AUDIENCES):
            some = wanted[start : start + MOST_AUDIENCES]
            names = await self._ask(some, turn)
            for each in some:
                self._keep(each, names.get(each))

    def _known(self, audience: str) -> Known | None:
        known = self._kept.get(audience)
        return known if known and self._clock() < known.expires else None

    def _keep(self, audience: str, name: str | None) -> None:
        """The oldest makes room."""
        self._kept.pop(audience, None)
        if len(self._kept) >= self._most:
            del self._kept[next(iter(self._kept))]
        self._kept[audience] = Known(name, self._clock() + (self._unknown_fresh if name is None else self._fresh))
