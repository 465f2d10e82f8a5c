"""A memory cache that keeps within its bound."""

from __future__ import annotations

import asyncio
from collections import OrderedDict

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from bot.memory import BoundedMemory


def heavy(value: object) -> int:
    return len(str(value))


@pytest.fixture
def memory() -> BoundedMemory:
    return BoundedMemory(most=10, weigh=heavy)


async def kept(memory: BoundedMemory, keys: str = "abcdef") -> str:
    """The keys that have a value; asking changes no order, since all are asked in order."""
    return "".join([key for key in keys if await memory.get(key) is not None])


async def test_keeps(memory: BoundedMemory) -> None:
    """What was set is there, and nothing else."""
    await memory.set("a", "value")

    assert (await memory.get("a"), await memory.get("b"), memory.weight) == ("value", None, 5)


async def test_least_recently_used(memory: BoundedMemory) -> None:
    """Once it is full, what was used least recently leaves; being asked for is a use."""
    for key in "abc":
        await memory.set(key, "xxx")
    await memory.get("a")
    await memory.set("d", "xxx")

    assert (await kept(memory), memory.weight) == ("acd", 9)


async def test_several_leave(memory: BoundedMemory) -> None:
    """As many leave as have to."""
    for key in "abc":
        await memory.set(key, "xxx")
    await memory.set("d", "xxxxx")

    assert (await kept(memory), memory.weight) == ("cd", 8)


async def test_too_heavy(memory: BoundedMemory) -> None:
    """A value that alone is too heavy isn't kept, nor is the one it was to replace."""
    await memory.set("a", "x")
    await memory.set("a", "x" * 11)

    assert (await kept(memory), memory.weight) == ("", 0)


async def test_replace(memory: BoundedMemory) -> None:
    """A replaced value weighs no more."""
    await memory.set("a", "xxxx")
    await memory.set("b", "xxxx")
    await memory.set("a", "xx")

    assert (await memory.get("a"), memory.weight) == ("xx", 6)


async def test_reweigh(memory: BoundedMemory) -> None:
    """What has become heavier pushes out others, as it would if it were set anew; what isn't there isn't weighed."""
    grown = ["x"]
    memory = BoundedMemory(most=10, weigh=lambda value: len("".join(value)) if isinstance(value, list) else 1)
    await memory.set("a", grown)
    for key in "bc":
        await memory.set(key, "x")
    grown.append("x" * 8)
    await memory.reweigh("a")
    await memory.reweigh("d")

    assert (await kept(memory), memory.weight) == ("ac", 10)


@pytest.mark.looptime
async def test_reweighed_in_time(memory: BoundedMemory) -> None:
    """To be weighed again gives no more time."""
    await memory.set("a", "x", ttl=5)
    await asyncio.sleep(3)
    await memory.reweigh("a")
    await asyncio.sleep(3)

    assert (await kept(memory), memory.weight) == ("", 0)


async def test_delete(memory: BoundedMemory) -> None:
    """A deleted value weighs no more; deleting what isn't there does nothing."""
    await memory.set("a", "xxxx")

    assert (await memory.delete("a"), await memory.delete("a")) == (1, 0)
    assert (await kept(memory), memory.weight) == ("", 0)


async def test_clear(memory: BoundedMemory) -> None:
    """Everything can be forgotten, or what has a prefix."""
    await memory.set("a1", "x")
    await memory.set("a2", "x")
    await memory.set("b1", "x")
    await memory.clear("a")

    assert (await memory.get("b1"), memory.weight) == ("x", 1)
    assert await memory.clear()
    assert memory.weight == 0


async def test_discard(memory: BoundedMemory) -> None:
    """What is unwanted goes, wherever it is, and how much that was is told; the rest stays in its order."""
    for key, value in {"a": "xx", "b": "yy", "c": "xxx"}.items():
        await memory.set(key, value, ttl=5)

    assert await memory.discard(lambda value: "x" in str(value)) == 2
    assert (await kept(memory), memory.weight, len(memory)) == ("b", 2, 1)
    assert await memory.discard(lambda value: "x" in str(value)) == 0


async def test_looking_through_is_no_use(memory: BoundedMemory) -> None:
    """Being looked at on the way through doesn't make a value recently used."""
    for key in "abc":
        await memory.set(key, "xxx")
    await memory.discard(lambda _value: False)
    await memory.set("d", "xxx")

    assert await kept(memory) == "bcd"


async def test_counts_by_default() -> None:
    """Without a scale every value weighs one."""
    memory = BoundedMemory(most=2)
    for key in "abc":
        await memory.set(key, object())

    assert (await kept(memory), memory.weight) == ("bc", 2)


@pytest.mark.looptime
async def test_expiry(memory: BoundedMemory) -> None:
    """A value whose time is over is gone, and weighs nothing."""
    await memory.set("a", "xxx", ttl=5)
    await memory.set("b", "xxx", ttl=15)
    await asyncio.sleep(10)

    assert (await kept(memory), memory.weight) == ("b", 3)


@pytest.mark.looptime
@pytest.mark.parametrize("how", ["replaced", "deleted", "cleared", "discarded", "pushed out"])
async def test_old_timers(memory: BoundedMemory, how: str) -> None:
    """The time of a value that is gone does not end its successor."""
    await memory.set("a", "x", ttl=5)
    match how:
        case "deleted":
            await memory.delete("a")
        case "cleared":
            await memory.clear()
        case "discarded":
            await memory.discard(lambda _value: True)
        case "pushed out":
            await memory.set("b", "x" * 10)
    await memory.set("a", "xx", ttl=20)
    await asyncio.sleep(10)

    assert (await memory.get("a"), memory.weight) == ("xx", 2)
    await asyncio.sleep(15)
    assert (await memory.get("a"), memory.weight) == (None, 0)


class AgainstAModel(RuleBasedStateMachine):
    """Whatever is done in whatever order, the memory holds what an ordered dict with a bound would hold."""

    keys = st.sampled_from("abcde")
    values = st.text("x", min_size=1, max_size=12)

    @initialize()
    def start(self) -> None:
        self.memory = BoundedMemory(most=10, weigh=heavy)
        self.model = OrderedDict[str, str]()

    @rule(key=keys, value=values)
    def put(self, key: str, value: str) -> None:
        asyncio.run(self.memory.set(key, value))
        self.model.pop(key, None)
        self.model[key] = value
        while sum(map(len, self.model.values())) > 10:
            self.model.popitem(last=False)

    @rule(key=keys)
    def ask(self, key: str) -> None:
        if key in self.model:
            self.model.move_to_end(key)

        assert asyncio.run(self.memory.get(key)) == self.model.get(key)

    @rule(key=keys)
    def drop(self, key: str) -> None:
        asyncio.run(self.memory.delete(key))
        self.model.pop(key, None)

    @rule(prefix=st.sampled_from(["", "a", "b"]))
    def clear(self, prefix: str) -> None:
        asyncio.run(self.memory.clear(prefix or None))
        for key in [key for key in self.model if key.startswith(prefix)]:
            del self.model[key]

    @rule(least=st.integers(1, 12))
    def discard(self, least: int) -> None:
        unwanted = [key for key, value in self.model.items() if len(value) >= least]
        for key in unwanted:
            del self.model[key]

        assert asyncio.run(self.memory.discard(lambda value: heavy(value) >= least)) == len(unwanted)

    @invariant()
    def weighs_the_same(self) -> None:
        assert self.memory.weight == sum(map(len, self.model.values())) <= 10


TestAgainstAModel = AgainstAModel.TestCase
TestAgainstAModel.settings = settings(max_examples=30, stateful_step_count=30, deadline=None)
