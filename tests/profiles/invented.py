"""Invented customers, answers and configurations, as Adobe would word them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

import orjson

from bot import customer_file
from bot.config import CustomerConfig
from bot.profiles.model import Profile
from bot.profiles.wire import Account, Answer, Json, RawProfile
from bot.profiles.xdm import Mapper
from bot.question import Identity
from tests.factories import config

ROOT = Path(__file__).parents[2]
ADA = Identity("Email", "ada@example.com")
ADA_XID = "BVaQinvented0ada"
BOB_XID = "BVaQinvented0bob"
ACCOUNT = Account("ORG@AdobeOrg", "prod", "key-1", merge_policy="policy-1")


def answer(content: object, status: int = 200, headers: Mapping[str, str] | None = None) -> Answer:
    return Answer(status, headers or {}, content if isinstance(content, bytes) else orjson.dumps(content))


def entry(value: str = ADA.value, **changes: object) -> Json:
    return {
        "entityId": ADA_XID,
        "sources": ["5e7a31"],
        "requestedIdentity": {"entityId": value, "entityIdNS": {"code": "email"}},
        "entity": {"identityMap": {"email": [{"id": value, "primary": True}]}, "person": {"name": {"firstName": "Ada"}}},
        "lastModifiedAt": "2026-03-01T09:30:00Z",
    } | changes


def without_request(value: str) -> Json:
    return {key: part for key, part in entry(value).items() if key != "requestedIdentity"}


def event(time: str = "2026-03-02T10:00:00Z", kind: str = "commerce.purchases", **entity: object) -> Json:
    return {"timestamp": 1, "entity": {"_id": time, "timestamp": time, "eventType": kind} | entity}


@cache
def default_config() -> CustomerConfig:
    """The packaged configuration alone."""
    return customer_file.load()


def read(
    entity: dict[str, object],
    events: Sequence[object] | None = (),
    names: Mapping[str, str] | None = None,
    mapping: CustomerConfig | None = None,
) -> Profile:
    return Mapper(mapping or config()).profile(ADA, RawProfile(ADA_XID, entity), events, names or {})


def configured(section: str, *rules: dict[str, object]) -> CustomerConfig:
    content = default_config().model_dump() | {
        section: rules,
        "verdict": [],
        "cards": {"standard": {"fields": [], "sections": []}},
    }
    return CustomerConfig.model_validate(content)


def with_arrays() -> CustomerConfig:
    content = config().model_dump()
    content["profile"]["purchases"]["instead_of_events"] = {
        "path": "_demo.orders",
        "time": "at",
        "order_id": "id",
        "total": "sum.amount",
        "currency": "sum.currency",
        "item_names": "what",
    }
    content["profile"]["interactions"]["instead_of_events"] = {
        "path": "_demo.touches",
        "time": "at",
        "kind": "how",
        "campaign": "why",
    }
    return CustomerConfig.model_validate(content)
