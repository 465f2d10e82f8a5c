"""Unions: what the profiles, and the events, of the organisation may have ("Unions endpoint")."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.requests import Request
from starlette.routing import Route

from bot.hub.answers import Json
from bot.hub.api.accepting import lookup_form, not_found, wants_summaries
from bot.hub.api.owner import owner
from bot.hub.api.services import HubServices
from bot.hub.model import Xdm
from bot.hub.schemas.composition import CLASSES
from bot.hub.schemas.registry import alt_id, summary
from bot.hub.schemas.standard import standard_resources
from bot.hub.schemas.union import in_union, union_properties

_PATH = "/foundation/schemaregistry/tenant/unions"


def routes(hub: HubServices) -> list[Route]:
    """The union of each class, below `/data`."""
    unions = Unions(hub)
    return [Route(_PATH, unions.listed), Route(f"{_PATH}/{{union_id:path}}", unions.get)]


@dataclass(frozen=True)
class Unions:
    """One for each class."""

    hub: HubServices

    async def listed(self, request: Request) -> Json:
        """All of them."""
        unions = [self._union(class_id) for class_id in CLASSES]
        return Json({"results": [summary(each) for each in unions] if wants_summaries(request) else unions})

    async def get(self, request: Request) -> Json:
        """One, with the properties of all its schemas."""
        form = lookup_form(request)
        asked = request.path_params["union_id"]
        for class_id in CLASSES:
            if asked in {f"{class_id}__union", alt_id(f"{class_id}__union")}:
                return Json(form.of(self._union(class_id) | {"properties": union_properties(self.hub.organisation, class_id)}))
        raise not_found(asked)

    def _union(self, class_id: str) -> Xdm:
        organisation = self.hub.organisation
        schemas = [each for each in organisation.schemas if in_union(each, organisation)]
        parts = {part["$ref"] for each in schemas for part in each.document["allOf"] if "$ref" in part}
        return {
            "$id": f"{class_id}__union",
            "meta:altId": alt_id(f"{class_id}__union"),
            "meta:resourceType": "unions",
            "version": "1.0",
            "title": standard_resources()[class_id]["title"],
            "type": "object",
            "allOf": [{"$ref": part} for part in sorted(parts)],
            "meta:extends": [each.id for each in schemas],
            "meta:xdmType": "object",
            "meta:class": class_id,
            **owner(self.hub),
        }
