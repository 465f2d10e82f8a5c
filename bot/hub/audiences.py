"""`POST /data/core/ups/audiences/bulk-get`: the definitions behind the ids of a segment membership ("Audiences endpoint")."""

from __future__ import annotations

from dataclasses import dataclass

import orjson
from starlette.requests import Request

from bot.hub import errors
from bot.hub.answers import Json
from bot.hub.gateway import tenant
from bot.hub.ims import Credentials
from bot.hub.records import PROFILE, Audience, Xdm, milliseconds
from bot.hub.store import Store

MOST_IDS = 100


@dataclass(frozen=True)
class Audiences:
    """Audience definitions by id."""

    store: Store
    credentials: Credentials

    async def bulk_get(self, request: Request) -> Json:
        """207 with `results` by id, a missing one as `errors.404`. Raises `Refused`: 400 (wrong body), 404 (all are missing)."""
        ids = _ids(await request.body())
        found = {audience_id: self.store.audience(audience_id) for audience_id in ids}
        if not any(found.values()):
            raise errors.audiences(404, "UPAPI-113000-404", f"The entity {','.join(ids)} is not found.")
        results = {key: self._definition(audience) if audience else _missing() for key, audience in found.items()}
        return Json({"results": results}, 207)

    def _definition(self, audience: Audience) -> Xdm:
        created = milliseconds(self.store.created)
        return {
            "id": audience.id,
            "audienceId": audience.id,
            "schema": {"name": PROFILE},
            **tenant(self.credentials),
            "name": audience.name,
            "description": audience.description,
            "expression": {"type": "PQL", "format": "pql/text", "value": audience.expression},
            "mergePolicyId": audience.merge_policy,
            "evaluationInfo": {"batch": {"enabled": True}, "continuous": {"enabled": False}, "synchronous": {"enabled": False}},
            "dataGovernancePolicy": {"excludeOptOut": True},
            "creationTime": created,
            "createEpoch": created // 1000,
            "updateTime": created,
            "updateEpoch": created // 1000,
            "dependents": [],
            "dependencies": [],
            "type": "SegmentDefinition",
            "state": "enabled",
            "lifecycleState": "published",
            "namespace": "AEPSegments",
            "isSystem": False,
            "saveSegmentMembership": True,
            "originName": "REAL_TIME_CUSTOMER_PROFILE",
        }


def _ids(body: bytes) -> list[str]:
    try:
        ids = [str(item["id"]) for item in orjson.loads(body)["ids"]]
    except (orjson.JSONDecodeError, KeyError, TypeError):
        raise errors.audiences(400, "UPAPI-113001-400", "The request body is invalid.") from None
    if not 0 < len(ids) <= MOST_IDS:
        message = f"The number of requested IDs is invalid. Cannot be 0 or exceed {MOST_IDS}."
        raise errors.audiences(400, "UPAPI-113015-400", message)
    return ids


def _missing() -> Xdm:
    return {"requestId": errors.request_id(), "errors": {"404": [{"code": 404, "message": "Not found."}]}}
