"""Every way in which Adobe says no → an error of `bot.errors`.

Three shapes: the gateway's `{error_code, message}`, the Profile service's `{message, cause, statusCode}` (an array of them for
429 and 207; numbers are strings), and RFC 7807. Texts are read here and go no further: they may hold a customer's data.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from http import HTTPStatus

import orjson

from bot.errors import (
    LookupFailed,
    NamespaceRefused,
    NoMergePolicy,
    NotFound,
    NotSetUp,
    RequestRefused,
    SourceFailed,
    Throttled,
    TooManyIdentities,
)
from bot.question import Identity

TOKEN_NOT_VALID = "401013"  # noqa: S105 -- the gateway's code for an expired or unknown token
MOST_IDENTITIES = 50
LONGEST_WAIT = 86_400.0
_CLIENT_ERRORS = frozenset(range(400, 500)) - {HTTPStatus.TOO_MANY_REQUESTS}
_TEXTS = ("message", "cause", "title", "detail", "type")
_MOST_TEXT = 4_000

_CODE = re.compile(r"[\w.-]{1,64}", re.ASCII)
_SERVICE_CODE = re.compile(r"\b[A-Z]{3,8}(?:-[A-Z]{2,8})?-\d{3,9}(?:-\d{3})?\b")
_TOO_MANY = re.compile(r"too many related identities|UPS-ACCSDK-1000005", re.IGNORECASE)
_GOT = re.compile(r"got:\s*(\d{1,9})", re.IGNORECASE)
_MOST = re.compile(r"max:\s*(\d{1,9})", re.IGNORECASE)
_NO_POLICY = re.compile(
    r"(?:\bno\b|\bdefault\b|not)[^.]{0,60}\bmerge\s?policy|\bmerge\s?policy[^.]{0,60}(?:\bnot\b|\bdefault\b)", re.IGNORECASE
)
_NO = (
    r"(?:(?:\bnot|n't|\bno longer)(?:\s+\w+){0,2}\s+"
    r"(?:enabled|entitled|provisioned|supported|available|licensed|allowed|authori[sz]ed)|\bunsupported|\bdisabled|\bdeprecated)\b"
)
_CLOSED = re.compile(rf"(?:events?|schema|org|organi[sz]ation)\b[^.]{{0,80}}{_NO}|{_NO}[^.]{{0,80}}\b\w*event", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Fault:
    """What an answer's body says besides its status. `wait` is in seconds."""

    status: int
    code: str | None = None
    text: str = ""
    wait: float | None = None
    readable: bool = True


def refusal(status: int, headers: Mapping[str, str], body: bytes, identity: Identity | None = None) -> LookupFailed:
    """The error that an unsuccessful answer means; `identity` is whom the call was about, if anyone."""
    fault = read_fault(status, body)
    match fault.status:
        case 400:
            return _bad_request(fault, identity)
        case 401 | 403:
            return NotSetUp(fault.status, fault.code)
        case 404:
            return _absent(fault, identity)
        case 422:
            return _unprocessable(fault)
        case 429:
            return Throttled(_first(_retry_after(headers), fault.wait))
        case _:
            return SourceFailed(fault.status)


def events_closed(status: int, body: bytes) -> bool:
    """Whether the organisation has no event look-up, rather than this call having failed."""
    fault = read_fault(status, body)
    if fault.status == HTTPStatus.FORBIDDEN:
        return True
    may_say_so = fault.status in _CLIENT_ERRORS or fault.status == HTTPStatus.NOT_IMPLEMENTED
    return may_say_so and "namespace" not in fault.text.casefold() and _CLOSED.search(fault.text) is not None


def _bad_request(fault: Fault, identity: Identity | None) -> LookupFailed:
    if fault.code and fault.code.isdecimal():
        return NotSetUp(fault.status, fault.code)
    text = fault.text.replace(identity.value, "") if identity and identity.value else fault.text
    if identity and "namespace" in text.casefold():
        return NamespaceRefused(fault.status, identity.namespace)
    return RequestRefused(fault.status)


def _absent(fault: Fault, identity: Identity | None) -> LookupFailed:
    """A 404 of the gateway or of a web server says that the address is wrong, not that nobody is there."""
    if fault.code and fault.code.isdecimal():
        return NotSetUp(fault.status, fault.code)
    return NotFound(identity) if identity and fault.readable else SourceFailed(fault.status)


def _unprocessable(fault: Fault) -> LookupFailed:
    if _TOO_MANY.search(fault.text):
        got, most = _GOT.search(fault.text), _MOST.search(fault.text)
        return TooManyIdentities(int(got[1]) if got else None, int(most[1]) if most else MOST_IDENTITIES)
    return NoMergePolicy() if _NO_POLICY.search(fault.text) else RequestRefused(fault.status)


def read_fault(status: int, body: bytes) -> Fault:
    """Whatever can be made out of a refusal's body. A 207's status is the one inside it."""
    try:
        content = orjson.loads(body) if body.strip() else {}
    except orjson.JSONDecodeError:
        return Fault(status, readable=False)
    parts = [_inner(part) for part in (content if isinstance(content, list) else [content]) if isinstance(part, dict)]
    text = " ".join(str(part[key]) for part in parts for key in _TEXTS if key in part)[:_MOST_TEXT]
    waits = [_seconds(part.get("retryAfterMs"), 1000) for part in parts]
    return Fault(
        status=_partial_status(parts) if status == HTTPStatus.MULTI_STATUS else status,
        code=next((code for part in parts if (code := _code(part))), None) or _service_code(text),
        text=text,
        wait=max((wait for wait in waits if wait is not None), default=None),
    )


def _inner(part: dict[str, object]) -> dict[str, object]:
    error = part.get("error")
    return error if isinstance(error, dict) else part


def _partial_status(parts: list[dict[str, object]]) -> int:
    code = str(parts[0].get("statusCode", "")) if parts else ""
    return int(code) if re.fullmatch(r"[45]\d\d", code) else HTTPStatus.MULTI_STATUS


def _code(part: dict[str, object]) -> str | None:
    code = part.get("error_code")
    return str(code) if isinstance(code, (str, int)) and _CODE.fullmatch(str(code)) else None


def _service_code(text: str) -> str | None:
    found = _SERVICE_CODE.search(text)
    return found[0] if found else None


def _retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds, or a date: measured from the answer's own Date, so that neither clock needs to be right."""
    value = headers.get("retry-after", "")
    return _first(_seconds(value, 1), _span(headers.get("date", ""), value))


def _span(start: str, end: str) -> float | None:
    try:
        return _bounded((parsedate_to_datetime(end) - parsedate_to_datetime(start)).total_seconds())
    except (TypeError, ValueError, OverflowError):
        return None


def _seconds(value: object, per_second: int) -> float | None:
    try:
        number = float(value) / per_second if isinstance(value, (str, int, float)) else math.nan
    except (ValueError, OverflowError):
        return None
    return _bounded(number) if math.isfinite(number) else None


def _bounded(seconds: float) -> float:
    return min(max(seconds, 0.0), LONGEST_WAIT)


def _first(one: float | None, other: float | None) -> float | None:
    return other if one is None else one
