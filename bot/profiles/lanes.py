"""Who goes first among those who wait: lanes strictly, and within a lane people in turn.

Within a lane this is start-time fair queueing (Goyal, Vin and Cheng, 1996): each turn begins, in the lane's virtual time, where
its person's turn before it ends, or now if that has ended. Of those that begin together the first to come goes first.
"""

from __future__ import annotations

import asyncio
from bisect import bisect_left, insort
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count
from typing import NamedTuple

from bot.question import Lane, Rank


class Place(NamedTuple):
    """A place in the queue; the smaller goes first. `number` counts those who came."""

    lane: Lane
    start: float
    number: int


@dataclass(eq=False, slots=True)
class Waiter:
    """Waits at `place`, on behalf of `person`, for as many permits as it `needs`; `done` tells how that ended."""

    place: Place
    person: str
    needs: int
    done: asyncio.Future[None]


@dataclass(slots=True)
class _Person:
    """Known while they wait: where the next turn of theirs would begin, and how many of them wait."""

    finish: float = 0.0
    waiting: int = 0


@dataclass(slots=True)
class _Lane:
    now: float = 0.0
    needs: int = 0
    queue: list[Waiter] = field(default_factory=list)
    people: dict[str, _Person] = field(default_factory=dict)


def _order(waiter: Waiter) -> Place:
    return waiter.place


class Lanes:
    """All who wait."""

    def __init__(self) -> None:
        self._lanes = tuple(_Lane() for _ in Lane)
        self._numbers = count()

    def __len__(self) -> int:
        return sum(len(lane.queue) for lane in self._lanes)

    def __iter__(self) -> Iterator[Waiter]:
        """In order, the first first."""
        return (waiter for lane in self._lanes for waiter in lane.queue)

    @property
    def people(self) -> int:
        """Of how many people something is remembered."""
        return sum(len(lane.people) for lane in self._lanes)

    def place(self, rank: Rank) -> Place:
        """The place of somebody who comes now."""
        lane = self._lanes[rank.lane]
        person = lane.people.get(rank.person)
        return Place(rank.lane, lane.now if person is None else max(lane.now, person.finish), next(self._numbers))

    def first(self) -> Waiter | None:
        """Who gets the next permit."""
        for lane in self._lanes:
            if lane.queue:
                return lane.queue[0]
        return None

    def ahead_of(self, place: Place) -> int:
        """How many permits those need who are before `place`."""
        lane = self._lanes[place.lane]
        at = bisect_left(lane.queue, place, key=_order)
        better = sum(each.needs for each in self._lanes[: place.lane])
        return better + lane.needs - sum(waiter.needs for waiter in lane.queue[at:])

    def needs(self) -> list[int]:
        """How many permits those need who wait in each lane, and in the lanes before it."""
        total = 0
        return [total := total + lane.needs for lane in self._lanes]

    def add(self, waiter: Waiter) -> None:
        """Let it wait at its place."""
        lane = self._lanes[waiter.place.lane]
        insort(lane.queue, waiter, key=_order)
        lane.needs += waiter.needs
        person = lane.people.setdefault(waiter.person, _Person())
        person.finish = max(person.finish, waiter.place.start + waiter.needs)
        person.waiting += 1

    def remove(self, waiter: Waiter) -> None:
        """Let it wait no more; nothing happens if it doesn't."""
        lane = self._lanes[waiter.place.lane]
        at = bisect_left(lane.queue, waiter.place, key=_order)
        while at < len(lane.queue) and lane.queue[at].place == waiter.place:
            if lane.queue[at] is waiter:
                del lane.queue[at]
                lane.needs -= waiter.needs
                self._left(lane, waiter.person)
                return
            at += 1

    def give(self) -> Waiter | None:
        """Give one permit to the first, which leaves when it has all that it needs."""
        waiter = self.first()
        if waiter is None:
            return None
        lane = self._lanes[waiter.place.lane]
        lane.now = max(lane.now, waiter.place.start)
        if waiter.needs == 1:
            self.remove(waiter)
        else:
            lane.needs -= 1
        waiter.needs -= 1
        return waiter

    def _left(self, lane: _Lane, name: str) -> None:
        person = lane.people[name]
        person.waiting -= 1
        if not person.waiting:
            del lane.people[name]
