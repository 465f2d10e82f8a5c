"""`GET /data/core/ups/access/entities`: one profile, or a page of its events (Adobe's "Entities endpoint")."""

from __future__ import annotations

import re
from dataclasses import dataclass

from starlette.requests import Request

from bot.hub import errors
from bot.hub.answers import Json
from bot.hub.experience import page
from bot.hub.fields import prune
from bot.hub.query import Asked, Query, read
from bot.hub.records import PROFILE, MergePolicy, Record, Xdm, rfc3339
from bot.hub.store import Store

MOST_IDENTITIES = 50
"""Adobe's "Guardrails for Real-Time Customer Profile": a larger identity graph can't be looked up."""

_XID = re.compile(r"[A-Z][\w-]{11,}")


@dataclass(frozen=True)
class Entities:
    """Look-ups in the store."""

    store: Store

    async def get(self, request: Request) -> Json:
        """The profile keyed by its XID, or a page of events. Raises `Refused`: 400, 404, 422."""
        query = read(request.query_params)
        policy = self._policy(query.merge_policy)
        record = self._record(query.asked)
        if len(record.identities) > MOST_IDENTITIES:
            too_many = f"Too many related identities. Got: {len(record.identities)}, max: {MOST_IDENTITIES}"
            raise errors.profile(422, f"UPS-ACCSDK-1000005:{too_many}")
        if query.window is None:
            return Json({record.xid: _profile(record, query, policy)})
        return Json(page(record, query.window, query.keep, request.query_params))

    def _policy(self, policy_id: str | None) -> MergePolicy:
        if policy_id is None:
            policy = self.store.default_merge_policy(PROFILE)
            refusal = f"No default merge policy is configured for schema {PROFILE}"
        else:
            policy = self.store.merge_policy(policy_id)
            refusal = f"Merge policy {policy_id} was not found for schema {PROFILE}"
        if policy is None or policy.schema != PROFILE:
            raise errors.profile(422, refusal)
        return policy

    def _record(self, asked: Asked) -> Record:
        record = self._by_xid(asked.value) if asked.namespace is None else self._by_identity(asked.namespace, asked.value)
        if record is None:
            raise errors.not_found()
        return record

    def _by_xid(self, value: str) -> Record | None:
        if not _XID.fullmatch(value):
            raise errors.profile(400, "entityId is not an XID, so its namespace (entityIdNS) is required")
        return self.store.find_xid(value)

    def _by_identity(self, code: str, value: str) -> Record | None:
        namespace = self.store.namespace(code)
        if namespace is None:
            raise errors.profile(400, f"Invalid namespace code: {code}")
        return self.store.find(namespace, value)


def _profile(record: Record, query: Query, policy: MergePolicy) -> Xdm:
    return {
        "entityId": record.xid,
        "mergePolicy": {"id": policy.id},
        "sources": record.sources,
        "identityGraph": [identity.xid for identity in record.identities],
        "requestedIdentity": _requested(query.asked),
        "entity": prune(record.entity, query.keep),
        "lastModifiedAt": rfc3339(record.modified),
    }


def _requested(asked: Asked) -> Xdm:
    if asked.namespace is None:
        return {"entityId": asked.value}
    # Adobe answers codes in lower case, whatever was asked.
    return {"entityId": asked.value, "entityIdNS": {"code": asked.namespace.lower()}}
