"""Keys and tokens say nothing about a customer, and are of use to this service alone."""

from __future__ import annotations

import base64
import hashlib

import orjson
import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import TokenNotAccepted
from bot.normalise import LONGEST_VALUE
from bot.question import Identity, Question
from bot.seal import Seal, SealBroken
from tests.factories import KEYS, QUESTION

TEAM = "T0001"
NEW, OLD = KEYS
TOKEN = Seal((OLD,)).token(QUESTION, TEAM)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]))


@pytest.fixture
def seal() -> Seal:
    return Seal((OLD,))


@given(st.builds(Question, st.builds(Identity, TEXTS, TEXTS), TEXTS), TEXTS)
def test_round_trip(question: Question, workspace: str) -> None:
    """What was sealed is opened as it was, in the same workspace."""
    one = Seal((OLD,))

    assert one.open(one.token(question, workspace), workspace) == question


def test_refresh_stays_out(seal: Seal) -> None:
    """A token names a customer and a card; whether to ask anew is the button's business."""
    assert seal.open(seal.token(Question(QUESTION.identity, "compact", refresh=True), TEAM), TEAM) == Question(
        QUESTION.identity, "compact"
    )


def test_other_workspace(seal: Seal) -> None:
    """A token is of no use in another workspace."""
    with pytest.raises(TokenNotAccepted):
        seal.open(TOKEN, "T0002")


def test_rotation() -> None:
    """After a key is added in front, old tokens open; after the old one is dropped, they don't."""
    assert Seal((NEW, OLD)).open(TOKEN, TEAM) == QUESTION
    assert Seal((NEW,)).open(Seal((NEW, OLD)).token(QUESTION, TEAM), TEAM) == QUESTION
    with pytest.raises(TokenNotAccepted):
        Seal((NEW,)).open(TOKEN, TEAM)


@given(st.integers(0, len(base64.urlsafe_b64decode(TOKEN)) - 1), st.integers(1, 255))
def test_tampering(position: int, change: int) -> None:
    """No byte of a token can be changed."""
    raw = bytearray(base64.urlsafe_b64decode(TOKEN))
    raw[position] ^= change

    with pytest.raises(TokenNotAccepted):
        Seal((OLD,)).open(base64.urlsafe_b64encode(raw).decode(), TEAM)


@given(
    st.one_of(
        st.text(),
        st.binary().map(lambda raw: base64.urlsafe_b64encode(raw).decode()),
        st.integers(0, 200).map(lambda end: TOKEN[:end]),
    )
)
def test_no_token(text: str) -> None:
    """Text that isn't a token, or is a part of one, isn't accepted."""
    if text == TOKEN:
        return
    with pytest.raises(TokenNotAccepted):
        Seal((OLD,)).open(text, TEAM)


@pytest.mark.parametrize("content", [[2, "Email", "ada@example.com", "standard"], [2, "whatever"], {"version": 2}])
def test_other_version(seal: Seal, content: object) -> None:
    """A token of another version isn't accepted, whatever it holds."""
    with pytest.raises(TokenNotAccepted):
        seal.open(sealed(seal, content), TEAM)


def sealed(seal: Seal, content: object) -> str:
    """As another version of this service would seal it, with the same keys."""
    key = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"customer-context:token").derive(OLD.encode())
    nonce = b"n" * 12
    raw = hashlib.sha256(key).digest()[:4] + nonce + AESGCM(key).encrypt(nonce, orjson.dumps(content), TEAM.encode())
    return base64.urlsafe_b64encode(raw).decode()


@pytest.mark.parametrize("character", ["x", "語", "🦊", '"', "\\"])
def test_length(seal: Seal, character: str) -> None:
    """The longest value makes a token that Slack takes: 2,000 characters."""
    value = character * (LONGEST_VALUE // len(character.encode()))

    assert len(seal.token(Question(Identity("Loyalty", value), "a_card_with_quite_a_long_name"), TEAM)) <= 2000


def test_opaque(seal: Seal) -> None:
    """A token shows nothing of what it holds, and the same question never has the same one twice."""
    raw = base64.urlsafe_b64decode(TOKEN)

    assert not any(part in raw or part in TOKEN.encode() for part in (b"ada", b"example", b"Email", b"standard"))
    assert seal.token(QUESTION, TEAM) != TOKEN


@given(st.lists(TEXTS), st.lists(TEXTS))
def test_names(some: list[str], others: list[str]) -> None:
    """The same parts have the same names; other parts, or the same text split otherwise, have others."""
    one = Seal((OLD,))

    assert (one.names(*some) == one.names(*others)) is (some == others)


def test_names_split(seal: Seal) -> None:
    """Where one part ends and the next begins makes a difference."""
    splits = [("ab", "c"), ("a", "bc"), ("abc",), ("abc", ""), ("", "abc"), ('a","b', "c"), ("a", "b", "c")]

    assert len({seal.names(*parts) for parts in splits}) == len(splits)


def test_names_of_all_keys(seal: Seal) -> None:
    """There is a name for each key, the newest key's first, so replicas with one key in common have a name in common."""
    both = Seal((NEW, OLD)).names("a")

    assert both == (*Seal((NEW,)).names("a"), *seal.names("a"))
    assert len(set(both)) == 2


@given(st.binary(), TEXTS)
def test_wrap(plain: bytes, name: str) -> None:
    """What was wrapped is unwrapped as it was, under the same name."""
    one = Seal((OLD,))

    assert one.unwrap(one.wrap(plain, name), name) == plain


def test_wrapped_elsewhere(seal: Seal) -> None:
    """What was wrapped under one name is of no use under another, nor is a token any use as a copy."""
    with pytest.raises(SealBroken):
        seal.unwrap(seal.wrap(b"plain", "here"), "there")
    with pytest.raises(SealBroken):
        seal.unwrap(base64.urlsafe_b64decode(TOKEN), TEAM)


def test_wrap_rotation(seal: Seal) -> None:
    """After a key is added in front, old copies unwrap; after the old one is dropped, they don't."""
    old = seal.wrap(b"plain", "here")

    assert Seal((NEW, OLD)).unwrap(old, "here") == b"plain"
    assert Seal((NEW,)).unwrap(Seal((NEW, OLD)).wrap(b"plain", "here"), "here") == b"plain"
    with pytest.raises(SealBroken):
        Seal((NEW,)).unwrap(old, "here")


@given(st.data())
def test_wrap_tampering(data: st.DataObject) -> None:
    """No byte of what is wrapped can be changed, left out, or be something else."""
    one = Seal((OLD,))
    raw = bytearray(one.wrap(b"plain", "here"))
    raw[data.draw(st.integers(0, len(raw) - 1))] ^= data.draw(st.integers(1, 255))
    for broken in (bytes(raw), raw[: data.draw(st.integers(0, len(raw) - 1))], data.draw(st.binary())):
        with pytest.raises(SealBroken):
            one.unwrap(bytes(broken), "here")


def test_bearer() -> None:
    """The newest key gives the secret, and that of every key is accepted; other text isn't."""
    rotated = Seal((NEW, OLD))

    assert (rotated.bearer(), len(rotated.bearer())) == (Seal((NEW,)).bearer(), 64)
    assert [rotated.accepts_bearer(Seal((key,)).bearer()) for key in KEYS] == [True, True]
    assert [Seal((NEW,)).accepts_bearer(text) for text in (Seal((OLD,)).bearer(), "", NEW, "é", "\ud800")] == [False] * 5
