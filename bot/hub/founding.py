"""What an empty hub starts with: whose it is, and Adobe's own namespaces."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

from bot.hub.database import documents
from bot.hub.database.documents import Kind
from bot.hub.model import Namespace, Xdm
from bot.hub.organising import TENANT, namespace_document

STANDARD_NAMESPACES = (
    Namespace(0, "CORE", "COOKIE", "Adobe Audience Manager UUID"),
    Namespace(4, "ECID", "COOKIE", "ECID"),
    Namespace(6, "Email", "EMAIL", "Email"),
    Namespace(7, "Phone", "PHONE", "Phone"),
    Namespace(8, "WAID", "DEVICE", "Windows AID"),
    Namespace(9, "TNTID", "COOKIE", "Adobe Target ID"),
    Namespace(411, "AdCloud", "COOKIE", "Adobe Advertising Cloud ID"),
    Namespace(20914, "GAID", "DEVICE", "Google Ad ID"),
    Namespace(20915, "IDFA", "DEVICE", "Apple ID for Advertisers"),
)
"""Those that every organisation has, with Adobe's ids ("Privacy Service API guide appendix", standard identity namespaces)."""


def found(connection: sqlite3.Connection, tenant: str, now: int) -> None:
    """Make the file that of `tenant` (without underscore), inside the caller's transaction. `now` is in milliseconds.

    What is there already stays as it is, so it can be done again. There is no merge policy yet: until one is made the default of
    its schema class, look-ups that name none are refused, as with Adobe.
    """
    for kind, identifier, body in _documents(tenant, now):
        if documents.get(connection, kind, identifier) is None:
            documents.put(connection, kind, identifier, body, now=now)


def _documents(tenant: str, now: int) -> Iterator[tuple[Kind, str, Xdm]]:
    yield Kind.TENANT, TENANT, {"tenantId": tenant}
    for namespace in STANDARD_NAMESPACES:
        yield Kind.NAMESPACE, str(namespace.id), namespace_document(namespace, now)
