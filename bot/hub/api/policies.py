"""Merge policies: `/data/core/ups/config/mergePolicies` ("Merge policies endpoint"; Adobe's `profile.yaml`)."""

from __future__ import annotations

import sqlite3
import uuid
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bot.hub import errors
from bot.hub.answers import Json
from bot.hub.api.incoming import parsed, parsed_object, telling, whole
from bot.hub.api.services import HubServices
from bot.hub.database import documents
from bot.hub.database.documents import Kind
from bot.hub.gateway import tenant
from bot.hub.malformed import Malformed
from bot.hub.model import AttributeMerge, MergePolicy, Xdm
from bot.hub.organising import merge_policy_document, merge_policy_of
from bot.hub.patching import patched

_PATH = "/core/ups/config/mergePolicies"

SCHEMA_CLASSES = ("_xdm.context.profile", "_xdm.context.account", "_xdm.context.opportunity")
MOST_ASKED = 100


def routes(hub: HubServices) -> list[Route]:
    """Merge policies' paths, below `/data`."""
    policies = Policies(hub)
    one = f"{_PATH}/{{policy_id}}"
    return telling(
        partial(errors.profile, 400),
        [
            Route(_PATH, policies.listed),
            Route(_PATH, policies.post, methods=["POST"]),
            Route(f"{_PATH}/bulk-get", policies.bulk_get, methods=["POST"]),
            Route(one, policies.get),
            Route(one, policies.put, methods=["PUT"]),
            Route(one, policies.patch, methods=["PATCH"]),
            Route(one, policies.delete, methods=["DELETE"]),
        ],
    )


@dataclass(frozen=True)
class Policies:
    """Those of the organisation. At most one of a schema class is the default: the last that is made so.

    When profiles look otherwise under what changed, everybody is evaluated again: audiences follow.
    """

    hub: HubServices

    async def listed(self, request: Request) -> Json:
        """Some of them: by `schema.name` and `default`, `limit` of them from `start` on, in the order in which they were made."""
        params = request.query_params
        start, limit = whole(request, "start") or 0, whole(request, "limit", least=1)
        found = [
            each
            for each in self._all(self.hub.connection)
            if params.get("schema.name") in {None, each["schema"]["name"]}
            and params.get("default", str(each["default"])).lower() == str(each["default"]).lower()
        ]
        end = len(found) if limit is None else start + limit
        children = [self._shown(each) for each in found[start:end]]
        following = [("start", str(end)), *((name, value) for name, value in params.multi_items() if name != "start")]
        more = children and end < len(found)
        return Json(
            {
                "_page": {"totalCount": len(found), "pageSize": len(children)},
                "children": children,
                "_links": {"next": {"href": f"@/mergePolicies?{urlencode(following)}" if more else ""}},
            }
        )

    async def get(self, request: Request) -> Json:
        """One, by its id."""
        return Json(self._shown(_found(self.hub.connection, request)))

    async def bulk_get(self, request: Request) -> Json:
        """Several by their ids: 207, with an error in the place of each that there isn't."""
        ids = _ids((await parsed_object(request)).get("ids"))
        return Json({"results": {each: self._result(each) for each in ids}}, 207)

    async def post(self, request: Request) -> Json:
        """A new one."""
        body = await parsed_object(request)

        def create(connection: sqlite3.Connection) -> Xdm:
            number = documents.next_number(connection, Kind.MERGE_POLICY)
            name = f"{self.hub.organisation.tenant}/mergePolicies/{number}"
            return self._kept(connection, body, str(uuid.uuid5(uuid.NAMESPACE_URL, name)), before=None)

        return Json(self._shown(await self.hub.change(create)))

    async def put(self, request: Request) -> Json:
        """The whole of it anew: the version grows."""
        body = await parsed_object(request)
        return await self._replaced(request, lambda _before: body)

    async def patch(self, request: Request) -> Json:
        """Parts of it, by JSON Patch. Adobe writes paths with dots, `/identityGraph.type`; slashes will do as well."""
        operations = await parsed(request)
        if isinstance(operations, list):
            operations = [_slashed(each) for each in operations]
        return await self._replaced(request, lambda before: patched(before, operations))

    async def delete(self, request: Request) -> Response:
        """Nothing of it: 200. Without a default look-ups that name no policy are refused."""

        def remove(connection: sqlite3.Connection) -> None:
            documents.remove(connection, Kind.MERGE_POLICY, _found(connection, request)["id"])
            self.hub.evaluate_again(connection)

        await self.hub.change(remove)
        return Response(status_code=200)

    async def _replaced(self, request: Request, change: Callable[[Xdm], Any]) -> Json:
        def replace_it(connection: sqlite3.Connection) -> Xdm:
            before = _found(connection, request)
            return self._kept(connection, change(before), before["id"], before=merge_policy_of(before))

        return Json(self._shown(await self.hub.change(replace_it)))

    def _kept(self, connection: sqlite3.Connection, body: Any, policy_id: str, *, before: MergePolicy | None) -> Xdm:
        version = before.version + 1 if before else 1
        policy = replace(
            _read(body, documents.all(connection, Kind.DATASET)), id=policy_id, version=version, updated=self.hub.now
        )
        if policy.default:
            self._only_default(connection, policy)
        document = merge_policy_document(policy)
        documents.put(connection, Kind.MERGE_POLICY, policy_id, document, now=self.hub.now)
        if policy.default if before is None else _view(before) != _view(policy):
            self.hub.evaluate_again(connection)
        return document

    def _only_default(self, connection: sqlite3.Connection, policy: MergePolicy) -> None:
        for other in map(merge_policy_of, self._all(connection)):
            if other.default and other.schema == policy.schema and other.id != policy.id:
                document = merge_policy_document(replace(other, default=False))
                documents.put(connection, Kind.MERGE_POLICY, other.id, document, now=self.hub.now)

    def _all(self, connection: sqlite3.Connection) -> list[Xdm]:
        return list(documents.all(connection, Kind.MERGE_POLICY).values())

    def _result(self, policy_id: str) -> Xdm:
        document = documents.get(self.hub.connection, Kind.MERGE_POLICY, policy_id)
        if document is None:
            return {"requestId": errors.request_id(), "errors": {"404": [{"code": 404, "message": "Not found."}]}}
        return self._shown(document)

    def _shown(self, document: Xdm) -> Xdm:
        return document | tenant(self.hub.credentials)


def _view(policy: MergePolicy) -> tuple[object, ...]:
    """What of a policy decides how profiles look, and to whom."""
    return policy.schema, policy.default, policy.stitched, policy.attribute_merge, policy.order


def _read(body: Any, datasets: dict[str, Xdm]) -> MergePolicy:
    """The policy that `body` describes, without what the service itself gives it. Raises Malformed."""
    if not isinstance(body, dict):
        raise Malformed("a merge policy is a JSON object")
    schema = _chosen(body, "schema", "name", SCHEMA_CLASSES)
    graph = _chosen(body, "identityGraph", "type", ("pdg", "none"))
    merge = AttributeMerge(_chosen(body, "attributeMerge", "type", tuple(AttributeMerge)))
    for name in ("default", "isActiveOnEdge"):
        if not isinstance(body.get(name, False), bool):
            raise Malformed(f"{name} is true or false")
    if not isinstance(body.get("name", ""), str):
        raise Malformed("name is a text")
    return MergePolicy(
        id="",
        name=body.get("name", ""),
        schema=schema,
        default=body.get("default", False),
        active_on_edge=body.get("isActiveOnEdge", False),
        stitched=graph == "pdg",
        attribute_merge=merge,
        order=_order(body["attributeMerge"].get("order"), datasets) if merge is AttributeMerge.DATASET_PRECEDENCE else (),
    )


def _chosen(body: Xdm, name: str, key: str, choices: tuple[str, ...]) -> str:
    part = body.get(name)
    value = part.get(key) if isinstance(part, dict) else None
    if value not in choices:
        raise Malformed(f"{name}.{key} is required, and one of {', '.join(choices)}")
    return str(value)


def _order(order: Any, datasets: dict[str, Xdm]) -> tuple[str, ...]:
    if not isinstance(order, list) or not order or len({str(each) for each in order}) != len(order):
        raise Malformed("attributeMerge.order is required for dataSetPrecedence: ids of datasets, each once, the first wins")
    if strange := [str(each) for each in order if str(each) not in datasets]:
        raise Malformed(f"attributeMerge.order names datasets that there aren't: {', '.join(strange)}")
    return tuple(map(str, order))


def _slashed(operation: Any) -> Any:
    if isinstance(operation, dict) and isinstance(operation.get("path"), str):
        return operation | {"path": operation["path"].replace(".", "/")}
    return operation


def _ids(asked: Any) -> list[str]:
    ids = [each.get("id") if isinstance(each, dict) else None for each in asked] if isinstance(asked, list) else []
    if not 0 < len(ids) <= MOST_ASKED or not all(isinstance(each, str) for each in ids):
        raise errors.profile(400, f'ids is required: 1 to {MOST_ASKED} objects such as {{"id": …}}')
    return [str(each) for each in ids]


def _found(connection: sqlite3.Connection, request: Request) -> Xdm:
    document = documents.get(connection, Kind.MERGE_POLICY, request.path_params["policy_id"])
    if document is None:
        raise errors.not_found()
    return document
