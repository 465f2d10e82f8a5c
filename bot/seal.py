"""Keys and tokens: what leaves this process, or is kept by it, under a name that says nothing about the customer.

Pure. `APP_KEYS` holds secrets, newest first; HKDF (RFC 5869) derives one key a purpose from each. The newest one seals; all of
them open, so a key is rotated by adding one in front and dropping the last when its tokens may die.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from bot.errors import TokenNotAccepted
from bot.question import Identity, Question

SHORTEST_KEY = 32
"""Characters of an application key."""

_VERSION = 1
_KEY_ID = 4
_NONCE = 12


class SealBroken(Exception):
    """What was sealed can't be opened: by a key that isn't ours (any more), under another name, or changed."""


class Seal:
    """Seals and opens with the keys derived from `app_keys` (newest first, each at least 32 characters)."""

    def __init__(self, app_keys: Sequence[str]) -> None:
        self._tokens = _KeyRing.of(app_keys, "token")
        self._copies = _KeyRing.of(app_keys, "copy")
        self._names = [hmac.new(_derived(key, "cache-key"), digestmod="sha256") for key in app_keys]
        self._bearers = [_derived(key, "admin").hex() for key in app_keys]

    def names(self, *parts: str) -> tuple[str, ...]:
        """Keyed hashes (HMAC-SHA256, hex) of `parts`, one for each application key, the newest key's first.

        Different parts never give the same text to hash.
        """
        text = orjson.dumps(parts)
        return tuple([_hashed(key, text) for key in self._names])

    def name(self, *parts: str) -> str:
        """The first of the `names` of `parts`."""
        return _hashed(self._names[0], orjson.dumps(parts))

    def token(self, question: Question, workspace: str) -> str:
        """What a button carries: the question, readable by this service for this workspace alone.

        It holds neither the asker nor an expiry: who may ask is decided at the click.
        """
        plain = orjson.dumps([_VERSION, question.identity.namespace, question.identity.value, question.card])
        return base64.urlsafe_b64encode(self._tokens.sealed(plain, workspace)).decode()

    def open(self, token: str, workspace: str) -> Question:
        """The question in a button's token.

        Raises:
            TokenNotAccepted: it is not ours, another workspace's, of another version, or its key has been retired.
        """
        try:
            raw = base64.b64decode(token, altchars=b"-_", validate=True)
            version, namespace, value, card = orjson.loads(self._tokens.opened(raw, workspace))
        except (SealBroken, ValueError):  # binascii.Error is one
            raise TokenNotAccepted from None
        if version != _VERSION:
            raise TokenNotAccepted
        return Question(Identity(namespace, value), card)

    def wrap(self, plain: bytes, name: str) -> bytes:
        """`plain` as it is kept outside this process, to be opened under the same `name` alone."""
        return self._copies.sealed(plain, name)

    def unwrap(self, sealed: bytes, name: str) -> bytes:
        """What `wrap` was given.

        Raises:
            SealBroken: it was wrapped under another name, was changed, or its key has been retired.
        """
        return self._copies.opened(sealed, name)

    def bearer(self) -> str:
        """The secret (hex) by which whoever has the newest application key is known at the admin address."""
        return self._bearers[0]

    def accepts_bearer(self, text: str) -> bool:
        """Whether `text` is that secret, or the one of an older key. How long this takes tells nothing about either."""
        given = text.encode(errors="replace")
        return sum(hmac.compare_digest(given, known.encode()) for known in self._bearers) > 0


@dataclass(frozen=True, slots=True)
class _Key:
    id: bytes
    cipher: AESGCM

    @classmethod
    def of(cls, app_key: str, purpose: str) -> Self:
        key = _derived(app_key, purpose)
        return cls(hashlib.sha256(key).digest()[:_KEY_ID], AESGCM(key))


@dataclass(frozen=True, slots=True)
class _KeyRing:
    """The keys for one purpose. AES-GCM: key id, nonce, then the sealed bytes, bound to a text that is not among them."""

    keys: tuple[_Key, ...]

    @classmethod
    def of(cls, app_keys: Sequence[str], purpose: str) -> Self:
        return cls(tuple(_Key.of(each, purpose) for each in app_keys))

    def sealed(self, plain: bytes, bound_to: str) -> bytes:
        newest, nonce = self.keys[0], secrets.token_bytes(_NONCE)
        return newest.id + nonce + newest.cipher.encrypt(nonce, plain, bound_to.encode())

    def opened(self, raw: bytes, bound_to: str) -> bytes:
        nonce, sealed = raw[_KEY_ID : _KEY_ID + _NONCE], raw[_KEY_ID + _NONCE :]
        try:
            cipher = next(key.cipher for key in self.keys if key.id == raw[:_KEY_ID])
            return cipher.decrypt(nonce, sealed, bound_to.encode())
        except (StopIteration, InvalidTag, ValueError):  # a nonce that is too short is a ValueError
            raise SealBroken from None


def _hashed(keyed: hmac.HMAC, text: bytes) -> str:
    # A copy of what has read its key already: `hmac.digest` would have OpenSSL look up the algorithm by name each time.
    hashed = keyed.copy()
    hashed.update(text)
    return hashed.hexdigest()


def _derived(app_key: str, purpose: str) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=f"customer-context:{purpose}".encode()).derive(app_key.encode())
