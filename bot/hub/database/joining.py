"""Which sets of numbers are one, when some of them are found to belong together. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable


class Joins:
    """Disjoint sets (union-find). Every number is alone until it is joined."""

    def __init__(self) -> None:
        """Nothing is joined."""
        self._above: dict[int, int] = {}

    def join(self, numbers: Iterable[int]) -> None:
        """From now on these are one set, with all that were joined to any of them."""
        roots = {self._root(number) for number in numbers}
        least = min(roots)
        for root in roots:
            self._above[root] = least

    def sets(self) -> Collection[set[int]]:
        """The sets of more than one number."""
        members: defaultdict[int, set[int]] = defaultdict(set)
        for number in self._above:
            members[self._root(number)].add(number)
        return [each for each in members.values() if len(each) > 1]

    def _root(self, number: int) -> int:
        while (above := self._above.get(number, number)) != number:
            self._above[number] = number = self._above.get(above, above)
        return number
