"""Records of invented people."""

from __future__ import annotations

import orjson

from bot.hub.model import Identity, Record

NOW = 1_772_703_000_000
CRM_DATA, WEB_DATA, SHOP_DATA = 1, 2, 3


def crm(value: str) -> Identity:
    return Identity("CRMID", value)


def email(value: str) -> Identity:
    return Identity("Email", value)


def ecid(value: str) -> Identity:
    return Identity("ECID", value)


def profile(*identities: Identity, dataset: int = CRM_DATA, time: int = 1, named: str = "", city: str = "Berlin") -> Record:
    return Record(dataset, False, time, named, identities, orjson.dumps({"homeAddress": {"city": city}}))


def event(*identities: Identity, named: str, dataset: int = WEB_DATA, time: int = 1, page: str = "home") -> Record:
    return Record(dataset, True, time, named, identities, orjson.dumps({"web": {"webPageDetails": {"name": page}}}))
