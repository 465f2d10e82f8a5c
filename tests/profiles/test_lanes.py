"""Who goes first among those who wait."""

from __future__ import annotations

import asyncio

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from bot.profiles.lanes import Lanes, Waiter
from bot.question import Lane, Rank


class AgainstAList(RuleBasedStateMachine):
    """Whoever comes, leaves, moves and is served: the lanes say what a plain list would, and remember only who waits."""

    ranks = st.builds(Rank, lane=st.sampled_from(Lane), person=st.sampled_from("abc"))

    @initialize()
    def start(self) -> None:
        self.loop = asyncio.new_event_loop()
        self.lanes = Lanes()
        self.model: list[Waiter] = []

    def teardown(self) -> None:
        self.loop.close()

    @rule(rank=ranks, needs=st.integers(1, 4))
    def comes(self, rank: Rank, needs: int) -> None:
        place = self.lanes.place(rank)
        own = [waiter.place.start for waiter in self.model if (waiter.place.lane, waiter.person) == (rank.lane, rank.person)]
        assert all(place.start > start for start in own)

        waiter = Waiter(place, rank.person, needs, self.loop.create_future())
        self.lanes.add(waiter)
        self.model.append(waiter)

    @precondition(lambda self: self.model)
    @rule(chosen=st.integers(0), again=st.booleans())
    def leaves(self, chosen: int, again: bool) -> None:
        waiter = self.model.pop(chosen % len(self.model))
        self.lanes.remove(waiter)
        if again:
            self.lanes.remove(waiter)

    @precondition(lambda self: self.model)
    @rule(chosen=st.integers(0), rank=ranks)
    def moves(self, chosen: int, rank: Rank) -> None:
        waiter = self.model[chosen % len(self.model)]
        self.lanes.remove(waiter)
        waiter.place, waiter.person = self.lanes.place(rank), rank.person
        self.lanes.add(waiter)

    @rule()
    def is_served(self) -> None:
        first = min(self.model, key=lambda waiter: waiter.place, default=None)
        needed = first.needs if first else 0

        assert self.lanes.give() is first
        if first:
            assert first.needs == needed - 1
            if not first.needs:
                self.model.remove(first)

    @invariant()
    def is_the_list_in_order(self) -> None:
        ordered = sorted(self.model, key=lambda waiter: waiter.place)

        assert list(self.lanes) == ordered
        assert (self.lanes.first(), len(self.lanes)) == (ordered[0] if ordered else None, len(ordered))
        assert [self.lanes.ahead_of(waiter.place) for waiter in ordered] == [
            sum(before.needs for before in ordered[:at]) for at in range(len(ordered))
        ]
        assert self.lanes.needs() == [sum(waiter.needs for waiter in ordered if waiter.place.lane <= lane) for lane in Lane]
        assert self.lanes.people == len({(waiter.place.lane, waiter.person) for waiter in self.model})


TestAgainstAList = AgainstAList.TestCase
TestAgainstAList.settings = settings(max_examples=50, stateful_step_count=30, deadline=None)
