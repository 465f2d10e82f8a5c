"""The forms of the Schema Registry's answers: what an Accept header asks for ("Schema Registry API guide", Accept header)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from starlette.requests import Request

from bot.hub import errors
from bot.hub.model import Xdm
from bot.hub.schemas.registry import without

_LOOKUP = re.compile(
    r"application/vnd\.adobe\.x(?:ed|dm)(?P<full>-full)?(?P<text>-notext|-desc)?\+json\s*;\s*version=(?P<version>\d+)"
)
_LIST = re.compile(r"application/vnd\.adobe\.x(?:ed|dm)(?P<id>-id)?\+json\s*")
_DESCRIPTORS = re.compile(r"application/vnd\.adobe\.xdm(?P<paged>-v2)?(?P<form>-id|-link)?\+json\s*")

_LEFT_OUT = {"-notext": frozenset({"title", "description"}), "-desc": frozenset({"title"})}


@dataclass(frozen=True, slots=True)
class Form:
    """How one resource is shown: `full` with its references resolved, and without some of its texts."""

    full: bool
    left_out: frozenset[str]

    def of(self, resource: Xdm) -> Xdm:
        """The resource without the texts that weren't asked for."""
        shown: Xdm = without(resource, self.left_out)
        return shown


def lookup_form(request: Request) -> Form:
    """How one resource is wanted. Raises `Refused` (400) without a version, (404) for a version that there isn't."""
    accept = request.headers.get("accept", "")
    found = _LOOKUP.search(accept)
    if found is None:
        wanted = "A valid Accept value should look like application/vnd.adobe.{xed|xdm}+json; version=1"
        raise _invalid("XDM-1007-400", accept, f"{wanted} (Version should be specified)")
    if found["version"] != "1":
        raise not_found(request.url.path.rpartition("/")[2], found["version"])
    return Form(bool(found["full"]), _LEFT_OUT.get(found["text"], frozenset()))


def wants_summaries(request: Request) -> bool:
    """Whether a list is wanted as summaries (`xed-id`) or as whole resources. Raises `Refused` (400)."""
    accept = request.headers.get("accept", "")
    found = _LIST.fullmatch(accept)
    if found is None:
        raise _invalid("XDM-1006-400", accept, "A valid Accept value should look like application/vnd.adobe.{xed|xdm}+json")
    return bool(found["id"])


@dataclass(frozen=True, slots=True)
class DescriptorsForm:
    """How descriptors are listed: each as its `id`, its `link` or whole (empty), by type or, `paged`, one after the other."""

    of_each: str
    paged: bool


def descriptors_form(request: Request) -> DescriptorsForm:
    """How descriptors are wanted. Raises `Refused` (400)."""
    accept = request.headers.get("accept", "")
    found = _DESCRIPTORS.fullmatch(accept)
    if found is None:
        raise _invalid("XDM-1008-400", accept, "A valid Accept value should look like application/vnd.adobe.xdm-id+json")
    return DescriptorsForm((found["form"] or "").removeprefix("-"), bool(found["paged"]))


def not_found(resource_id: str, version: str = "1") -> errors.Refused:
    """The registry has no such resource."""
    detail = f"Requested resource {resource_id} with version {version} is not found"
    return errors.schema_registry(404, "XDM-1012-404", "Resource Not Found", detail)


def wrong(detail: str) -> errors.Refused:
    """What was sent can't be kept. Inferred: Adobe documents no code for it."""
    return errors.schema_registry(400, "XDM-1400-400", "Invalid resource", f"The request can't be processed: {detail}")


def _invalid(code: str, accept: str, wanted: str) -> errors.Refused:
    detail = f"The supplied Accept header is not valid: {accept} - {wanted}"
    return errors.schema_registry(400, code, "Accept header invalid", detail)
