"""What replicas share of the answers."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest
from structlog.testing import capture_logs

from bot.errors import Busy, DeadlinePassed, LookupFailed, NotFound, leaves
from bot.profiles.ports import Copy
from bot.seal import Seal
from bot.shared.copies import FAILURES, RedisCopies
from tests.factories import ADA, KEYS
from tests.redis_server import RedisServer
from tests.samples_of_errors import ERRORS
from tests.shared.replicas import Connect, eventually

NEW, OLD = KEYS
SEAL, ROTATED = Seal((OLD,)), Seal((NEW, OLD))
NAMES, MARKS = SEAL.names("ada"), SEAL.names("xid")
FAILED = [error for error in ERRORS if isinstance(error, LookupFailed) and not isinstance(error, NotFound)]


def copy(**changes: object) -> Copy:
    now = time.time()
    one = Copy(b'{"name": "Ada"}', now - 1, now, now + 60.5, now + 600, now + 86_400, MARKS)
    return replace(one, **changes)  # type: ignore[arg-type]


async def replica(connect: Connect, seal: Seal = SEAL, schema: str = "this one") -> RedisCopies:
    return RedisCopies(await connect(), seal, schema=schema, clock=time.time)


async def test_shared(connect: Connect) -> None:
    """What one replica keeps, another one finds, as it was."""
    one, other = await replica(connect), await replica(connect)
    kept = copy()
    await one.put(NAMES, kept)

    assert await other.get(NAMES) == kept
    assert await other.get(SEAL.names("bob")) is None


async def test_nobody(connect: Connect) -> None:
    """That nobody has an identity is kept as well, and isn't the same as an empty profile."""
    one = await replica(connect)
    for kept in (copy(profile=None, marks=()), copy(profile=b""), copy(profile=b"\n\n")):
        await one.put(NAMES, kept)

        assert await one.get(NAMES) == kept


async def test_another_release(connect: Connect) -> None:
    """While releases run beside each other, neither finds copies of what looks otherwise; failures look the same in both."""
    one, other = await replica(connect), await replica(connect, schema="another one")
    await one.put(NAMES, copy())
    assert await other.get(NAMES) is None

    await one.fail(NAMES, Busy(retry_after=1), 60)
    assert isinstance(await other.get(NAMES), Busy)


async def test_expiry(connect: Connect, redis: RedisServer) -> None:
    """Everything in Redis has an end; what marks copies lives as long as the longest of them."""
    one = await replica(connect)
    now = time.time()
    await one.put(NAMES, copy(expires=now + 1000))
    await one.put(SEAL.names("other identity"), copy(expires=now + 100))
    await one.fail(SEAL.names("bob"), Busy(retry_after=1), 10)
    kept = redis.kept()
    (marked,) = (ttl for key, ttl in kept.items() if "marked" in key)

    assert len(kept) == 4
    assert 990 < marked <= 1001
    assert all(0 < ttl <= 1001 for ttl in kept.values())
    assert all(key.startswith("cc:") for key in kept)


async def test_over(connect: Connect, redis: RedisServer) -> None:
    """What has no life left isn't kept."""
    one = await replica(connect)
    await one.put(NAMES, copy(expires=time.time() - 1))
    await one.fail(NAMES, Busy(retry_after=1), 0)

    assert redis.kept() == {}


async def test_short_life(connect: Connect) -> None:
    """A copy is gone when its time is over."""
    one = await replica(connect)
    await one.put(NAMES, copy(expires=time.time() + 0.03))

    await eventually(lambda: gone(one))


async def gone(copies: RedisCopies) -> bool:
    return await copies.get(NAMES) is None


async def test_sealed(connect: Connect, redis: RedisServer) -> None:
    """Redis sees neither customer nor kind of failure."""
    one = await replica(connect)
    await one.put(NAMES, copy())
    await one.fail(NAMES, DeadlinePassed(deadline=8), 10)
    with redis.client() as behind:
        behind.connection_pool.connection_kwargs["decode_responses"] = False
        seen = b"".join(behind.dump(key) for key in behind.keys("cc:copy:[af]*"))

    assert len(seen) > 100
    assert not any(part in seen for part in (b"Ada", b"name", b"deadline"))


@pytest.mark.parametrize("error", FAILED, ids=lambda error: error.kind)
async def test_failures(connect: Connect, error: LookupFailed) -> None:
    """A failure is shared as it was, with the reference of the flight that met it."""
    one, other = await replica(connect), await replica(connect)
    error.flight = "abcdefgh"
    await one.fail(NAMES, error, 60)
    shared = await other.get(NAMES)

    assert (type(shared), vars(shared)) == (type(error), vars(error))


def test_all_failures() -> None:
    """Every way in which a look-up fails can be shared, except that nobody was found, which is an answer."""
    assert set(FAILURES.values()) == {leaf for leaf in leaves(LookupFailed) if leaf is not NotFound}


async def test_not_found_is_no_failure(connect: Connect, redis: RedisServer) -> None:
    """That nobody was found is shared as a copy, or not at all."""
    await (await replica(connect)).fail(NAMES, NotFound(identity=ADA), 60)

    assert redis.kept() == {}


async def test_copy_before_failure(connect: Connect) -> None:
    """Where there is a copy, a failure says nothing."""
    one = await replica(connect)
    kept = copy()
    await one.put(NAMES, kept)
    await one.fail(NAMES, Busy(retry_after=1), 60)

    assert await one.get(NAMES) == kept


async def test_drop(connect: Connect, redis: RedisServer) -> None:
    """A name takes its copy and its failure along, a mark every copy that has it."""
    one, other = await replica(connect), await replica(connect)
    await one.put(NAMES, copy())
    await one.put(SEAL.names("second identity"), copy())
    await one.put(SEAL.names("bob"), copy(marks=SEAL.names("his")))
    await one.fail(NAMES, Busy(retry_after=1), 60)
    await other.drop(NAMES, MARKS)
    kept = [await one.get(SEAL.names(name)) is not None for name in ("ada", "second identity", "bob")]

    assert kept == [False, False, True]
    assert len(redis.kept()) == 2


async def test_drop_all(connect: Connect, redis: RedisServer) -> None:
    """All copies can be dropped, however many there are, and nothing else is."""
    one = await replica(connect)
    with redis.client() as behind:
        behind.set("cc:lease:here", "x", ex=60)
        behind.set("somebody else's", "x", ex=60)
    for number in range(1200):
        await one.put(SEAL.names(str(number)), copy())
    await one.fail(NAMES, Busy(retry_after=1), 60)
    await one.drop_all()

    assert list(redis.kept()) == ["cc:lease:here", "somebody else's"]


async def test_moved(connect: Connect, redis: RedisServer) -> None:
    """An entry that was moved to another key is refused there, told of once, and gone."""
    one = await replica(connect)
    bob = SEAL.names("bob")
    await one.put(NAMES, copy())
    with redis.client() as behind:
        behind.copy(f"cc:copy:at:{NAMES[0]}", f"cc:copy:at:{bob[0]}")
        behind.copy(f"cc:copy:at:{NAMES[0]}", f"cc:copy:failed:{bob[0]}")
    with capture_logs() as events:
        assert [await one.get(bob) for _ in range(3)] == [None] * 3

    assert events == [{"event": "copy_refused", "log_level": "warning"}] * 2
    assert isinstance(await one.get(NAMES), Copy)


@pytest.mark.parametrize(
    "plain",
    [b'[99,"of another version"]', b'[1,"no_such_kind",{},null]', b'[1,"busy",{"other":1},null]', b'[1,"not_found",{},null]'],
)
async def test_unknown(connect: Connect, redis: RedisServer, plain: bytes) -> None:
    """What another version of this service has sealed, and this one doesn't know, isn't there."""
    one = await replica(connect)
    key = f"cc:copy:failed:{NAMES[0]}"
    with redis.client() as behind:
        behind.set(key, SEAL.wrap(plain, key))
        behind.set(f"cc:copy:at:{NAMES[0]}", SEAL.wrap(b"[99]\n", f"cc:copy:at:{NAMES[0]}"))
    with capture_logs() as events:
        assert await one.get(NAMES) is None

    assert events == []


async def test_rotation(connect: Connect) -> None:
    """A replica that has a new key finds what was kept with the old one, and the newer copy if there are two."""
    old, rotated = await replica(connect), await replica(connect, ROTATED)
    kept = copy()
    await old.put(NAMES, kept)
    assert await rotated.get(ROTATED.names("ada")) == kept

    newer = copy(fetched=time.time() + 5)
    await rotated.put(ROTATED.names("ada"), newer)
    assert (await rotated.get(ROTATED.names("ada")), await old.get(NAMES)) == (newer, kept)

    newest = copy(fetched=time.time() + 10)
    await old.put(NAMES, newest)
    assert await rotated.get(ROTATED.names("ada")) == newest


@pytest.mark.parametrize("marked", [True, False])
@pytest.mark.parametrize("by", [SEAL, ROTATED])
async def test_drop_while_rotating(connect: Connect, redis: RedisServer, by: Seal, marked: bool) -> None:
    """A replica that doesn't know the new key yet drops what was kept with it, and the other way round."""
    for seal in (SEAL, ROTATED):
        marks = seal.names("xid") if marked else ()
        await (await replica(connect, seal)).put(seal.names("ada"), copy(marks=marks))
    await (await replica(connect, by)).drop(by.names("ada"), by.names("xid"))

    assert not [key for key in redis.kept() if key.startswith("cc:copy:at")]


async def test_flush(connect: Connect, redis: RedisServer) -> None:
    """Once Redis has forgotten everything, copies are kept anew."""
    one = await replica(connect)
    await one.put(NAMES, copy())
    await one.drop(NAMES, ())
    redis.flush()
    with redis.client() as behind:
        behind.script_flush()
    assert await one.get(NAMES) is None

    await one.put(NAMES, kept := copy())
    await one.drop(SEAL.names("bob"), ())
    assert await one.get(NAMES) == kept


async def test_away(connect: Connect, redis: RedisServer) -> None:
    """While Redis is away nothing is shared, and nothing fails; afterwards it is again."""
    one = await replica(connect)
    await one.put(NAMES, copy())
    redis.stop()
    await one.put(NAMES, copy())
    await one.fail(NAMES, Busy(retry_after=1), 60)
    await one.drop(NAMES, MARKS)
    await one.drop_all()
    assert await one.get(NAMES) is None

    redis.start()
    kept = copy()

    async def is_shared() -> bool:
        await one.put(NAMES, kept)
        return await one.get(NAMES) == kept

    await eventually(is_shared)
