"""Dice that fall the same way each time."""

from __future__ import annotations

from random import Random


class Dice(Random):
    """Seeded by a key of its own, so that no customer's throw changes another's. Nothing secret may come of it."""

    def happens(self, probability: float) -> bool:
        """Whether something of that probability (0 to 1) comes true."""
        return self.random() < probability


def dice(*key: object) -> Dice:
    """Dice for this key."""
    return Dice("/".join(map(str, key)))
