"""Segment jobs: `/data/core/ups/segment/jobs` ("Segment jobs API endpoint"; Adobe's `segmentation.yaml`)."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bot.hub.answers import Json
from bot.hub.api.incoming import parsed, telling
from bot.hub.api.segmentation import asked_ids, following, invalid, missing, page, refused
from bot.hub.api.services import HubServices
from bot.hub.database import documents
from bot.hub.database.documents import Kind
from bot.hub.gateway import tenant
from bot.hub.malformed import Malformed
from bot.hub.model import PROFILE, Xdm
from bot.hub.segments import jobs
from bot.hub.segments.describing import is_external

_PATH = "/core/ups/segment/jobs"
_USUAL = 100


def routes(hub: HubServices) -> list[Route]:
    """Jobs' paths, below `/data`."""
    service = Jobs(hub)
    one = f"{_PATH}/{{job_id}}"
    return telling(
        invalid,
        [
            Route(_PATH, service.listed),
            Route(_PATH, service.post, methods=["POST"]),
            Route(f"{_PATH}/bulk-get", service.bulk_get, methods=["POST"]),
            Route(one, service.get),
            Route(one, service.delete, methods=["DELETE"]),
        ],
    )


@dataclass(frozen=True)
class Jobs:
    """Evaluations of everybody, which the process that evaluates carries out."""

    hub: HubServices

    async def listed(self, request: Request) -> Json:
        """Some of them: by `status`, sorted, `limit` of them from `start` on."""
        status = request.query_params.get("status")
        found = [each for each in jobs.listed(self.hub.connection) if status in {None, each["status"]}]
        part = page(request, found, sort="creationTime:desc", limit=_USUAL)
        link = "" if not part.following else following(request, "/segment/jobs", part.following)
        return Json(
            {
                "_page": {"totalCount": part.total, "pageSize": len(part.items)},
                "children": [self._shown(each) for each in part.items],
                "_links": {"next": {"href": link}},
            }
        )

    async def get(self, request: Request) -> Json:
        """One of them."""
        return Json(self._shown(_found(self.hub.connection, request)))

    async def bulk_get(self, request: Request) -> Json:
        """207 with `results` by id, an error in the place of each that there isn't."""
        ids = await asked_ids(request)
        found = {each: jobs.found(self.hub.connection, each) for each in ids}
        return Json({"results": {each: self._shown(job) if job else missing() for each, job in found.items()}}, 207)

    async def post(self, request: Request) -> Json:
        """A new one, for the definitions that the array in the body names. It evaluates all of them, which takes no longer."""
        asked = _asked(await parsed(request))

        def queue(connection: sqlite3.Connection) -> Xdm:
            segments = [_segment(connection, each) for each in asked]
            return jobs.queue(connection, segments, source="api", now=self.hub.now)

        return Json(self._shown(await self.hub.change(queue)))

    async def delete(self, request: Request) -> Response:
        """It needn't be carried out any more: 204."""
        await self.hub.change(lambda connection: jobs.cancel(connection, _found(connection, request), now=self.hub.now))
        return Response(status_code=204)

    def _shown(self, job: Xdm) -> Xdm:
        path = f"/segment/jobs/{job['id']}"
        links = {"cancel": {"href": path, "method": "DELETE"}, "checkStatus": {"href": path, "method": "GET"}}
        return job | {"schema": {"name": PROFILE}, "_links": links} | tenant(self.hub.credentials)


def _asked(body: Any) -> list[str]:
    ids = [each.get("segmentId") for each in body if isinstance(each, dict)] if isinstance(body, list) else []
    if not ids or len(ids) != len(body) or not all(isinstance(each, str) for each in ids):
        raise Malformed('A segment job is an array of objects such as {"segmentId": …}')
    return [str(each) for each in ids]


def _segment(connection: sqlite3.Connection, segment_id: str) -> Xdm:
    document = documents.get(connection, Kind.AUDIENCE, segment_id)
    if document is None or is_external(document):
        raise Malformed(f"There is no segment definition {segment_id}")
    policy = document.get("mergePolicyId")
    segment = {"id": segment_id, "expression": document["expression"]}
    return {"segmentId": segment_id, "segment": segment | ({"mergePolicyId": policy} if policy else {})}


def _found(connection: sqlite3.Connection, request: Request) -> Xdm:
    job = jobs.found(connection, request.path_params["job_id"])
    if job is None:
        raise refused(404, "UPAPI-113304-404", f"The segment job {request.path_params['job_id']} is not found.")
    return job
