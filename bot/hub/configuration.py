"""What the organisation has configured: merge policies, namespaces and the union schema."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import urlencode

from starlette.datastructures import QueryParams
from starlette.requests import Request

from bot.hub import errors
from bot.hub.answers import Json
from bot.hub.gateway import tenant
from bot.hub.ims import Credentials
from bot.hub.query import whole_number
from bot.hub.records import MergePolicy, Namespace, Xdm, milliseconds
from bot.hub.store import Store

_VERSIONED = re.compile(r"application/vnd\.adobe\.\S*(?:xed|xdm)\S*\+json\s*;\s*version=1\b")


@dataclass(frozen=True)
class Configuration:
    """The read-only configuration endpoints."""

    store: Store
    credentials: Credentials

    async def merge_policies(self, request: Request) -> Json:
        """`GET …/config/mergePolicies`, by `schema.name`, `limit` of them from `start` on ("Merge policies endpoint")."""
        schema = request.query_params.get("schema.name")
        policies = [policy for policy in self.store.merge_policies if schema in {None, policy.schema}]
        start = whole_number(request.query_params, "start") or 0
        end = start + (whole_number(request.query_params, "limit") or len(policies))
        children = [self._merge_policy(policy) for policy in policies[start:end]]
        more = children and end < len(policies)
        return Json(
            {
                "_page": {"totalCount": len(policies), "pageSize": len(children)},
                "children": children,
                "_links": {"next": {"href": _next(request.query_params, end) if more else ""}},
            }
        )

    async def merge_policy(self, request: Request) -> Json:
        """`GET …/config/mergePolicies/{id}`."""
        policy = self.store.merge_policy(request.path_params["policy_id"])
        if policy is None:
            raise errors.not_found()
        return Json(self._merge_policy(policy))

    async def namespaces(self, _request: Request) -> Json:
        """`GET /data/core/idnamespace/identities`: an array ("Identity Namespace")."""
        created = milliseconds(self.store.created)
        return Json([_namespace(namespace, created) for namespace in self.store.namespaces])

    async def union(self, request: Request) -> Json:
        """`GET …/unions/_xdm.context.profile__union`: a JSON Schema ("Unions endpoint"). Wants a version in Accept, else 400."""
        accept = request.headers.get("accept", "")
        if not _VERSIONED.search(accept):
            wanted = "A valid Accept value should look like application/vnd.adobe.{xed|xdm}+json; version=1"
            detail = f"The supplied Accept header is not valid: {accept} - {wanted} (Version should be specified)"
            raise errors.schema_registry(400, "XDM-1007-400", "Accept header invalid", detail)
        return Json(self._union())

    def _merge_policy(self, policy: MergePolicy) -> Xdm:
        return {
            "id": policy.id,
            "name": policy.name,
            **tenant(self.credentials),
            "schema": {"name": policy.schema},
            "version": 1,
            "identityGraph": {"type": "pdg"},
            "attributeMerge": {"type": "timestampOrdered"},
            "isActiveOnEdge": policy.active_on_edge,
            "default": policy.default,
            "updateEpoch": milliseconds(self.store.created) // 1000,
        }

    def _union(self) -> Xdm:
        return {
            "$id": "https://ns.adobe.com/xdm/context/profile__union",
            "meta:altId": "_xdm.context.profile__union",
            "meta:resourceType": "unions",
            "version": "1.0",
            "title": "XDM Individual Profile",
            "type": "object",
            "properties": self.store.union,
            "imsOrg": self.credentials.org_id,
            "meta:xdmType": "object",
            "meta:class": "https://ns.adobe.com/xdm/context/profile",
            "meta:sandboxId": tenant(self.credentials)["sandbox"]["sandboxId"],
            "meta:sandboxType": "development",
        }


def _namespace(namespace: Namespace, created: int) -> Xdm:
    return {
        "updateTime": created,
        "code": namespace.code,
        "status": "ACTIVE",
        "createTime": created,
        "description": namespace.name,
        "idType": namespace.id_type,
        "name": namespace.name,
        "id": namespace.id,
        "custom": namespace.custom,
    }


def _next(params: QueryParams, start: int) -> str:
    asked = [(name, value) for name, value in params.multi_items() if name != "start"]
    return "@/mergePolicies?" + urlencode([("start", start), *asked])
