"""What the invented organisation has configured: namespaces, merge policies and datasets."""

from __future__ import annotations

import uuid

from bot.hub.records import MergePolicy, Namespace

NAMESPACES = (
    Namespace(4, "ECID", "COOKIE", "ECID"),
    Namespace(6, "Email", "EMAIL", "Email"),
    Namespace(7, "Phone", "PHONE", "Phone"),
    Namespace(10_714_201, "CRMID", "CROSS_DEVICE", "CRM ID", custom=True),
    Namespace(10_714_202, "Loyalty", "CROSS_DEVICE", "Campfire Club number", custom=True),
)

CRM_RECORDS, MODEL_SCORES, SHOP_EVENTS = "66f0a1b2c3d4e5f601020304", "66f0a1b2c3d4e5f601020305", "66f0a1b2c3d4e5f601020306"
"""Dataset ids."""


def made_id(name: str) -> str:
    """An id in Adobe's form, always the same for the same name."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"https://hub.example/{name}"))


MERGE_POLICIES = (
    MergePolicy(made_id("policies/default"), "Default, newest value wins", default=True),
    MergePolicy(made_id("policies/edge"), "Edge, newest value wins", active_on_edge=True),
    MergePolicy(made_id("policies/account"), "Accounts", schema="_xdm.context.account", default=True),
)
