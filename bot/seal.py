"""Keys and tokens: what leaves this process, or is kept by it, under a name that says nothing about the customer.

Pure. `APP_KEYS` holds secrets, newest first; HKDF (RFC 5869) derives one key a purpose from each. The newest one seals; all of
them open, so a key is rotated by adding one in front and dropping the last when its tokens may die.
"""

from __future__ import annotations

import base64
import binascii
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


@dataclass(frozen=True, slots=True)
class _TokenKey:
    id: bytes
    cipher: AESGCM

    @classmethod
    def of(cls, app_key: str) -> Self:
        key = _derived(app_key, "token")
        return cls(hashlib.sha256(key).digest()[:_KEY_ID], AESGCM(key))


class Seal:
    """Seals and opens with the keys derived from `app_keys` (newest first, each at least 32 characters)."""

    def __init__(self, app_keys: Sequence[str]) -> None:
        self._tokens = [_TokenKey.of(key) for key in app_keys]
        self._cache = _derived(app_keys[0], "cache-key")

    def cache_key(self, *parts: str) -> str:
        """A keyed hash (HMAC-SHA256, hex) of `parts`; different parts never give the same text to hash."""
        return hmac.digest(self._cache, orjson.dumps(parts), "sha256").hex()

    def token(self, question: Question, workspace: str) -> str:
        """What a button carries: the question, readable by this service for this workspace alone.

        It holds neither the asker nor an expiry: who may ask is decided at the click.
        """
        newest = self._tokens[0]
        plain = orjson.dumps([_VERSION, question.identity.namespace, question.identity.value, question.card])
        nonce = secrets.token_bytes(_NONCE)
        sealed = newest.cipher.encrypt(nonce, plain, workspace.encode())
        return base64.urlsafe_b64encode(newest.id + nonce + sealed).decode()

    def open(self, token: str, workspace: str) -> Question:
        """The question in a button's token.

        Raises:
            TokenNotAccepted: it is not ours, another workspace's, of another version, or its key has been retired.
        """
        try:
            raw = base64.b64decode(token, altchars=b"-_", validate=True)
            cipher = next(key.cipher for key in self._tokens if key.id == raw[:_KEY_ID])
            nonce, sealed = raw[_KEY_ID : _KEY_ID + _NONCE], raw[_KEY_ID + _NONCE :]
            version, namespace, value, card = orjson.loads(cipher.decrypt(nonce, sealed, workspace.encode()))
        except (binascii.Error, StopIteration, InvalidTag, ValueError):
            raise TokenNotAccepted from None
        if version != _VERSION:
            raise TokenNotAccepted
        return Question(Identity(namespace, value), card)


def _derived(app_key: str, purpose: str) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=f"customer-context:{purpose}".encode()).derive(app_key.encode())
