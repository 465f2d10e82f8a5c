"""How the edge says no: RFC 7807, with Adobe's codes ("Troubleshooting" and "Authentication" of the Edge Network API)."""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Sequence

from starlette.requests import Request
from starlette.responses import Response

from bot.hub.answers import Json
from bot.hub.model import Xdm

_TYPE = "https://ns.adobe.com/aep/errors"


class Problem(Exception):
    """The call isn't answered. `code` is Adobe's, and ends with the HTTP status: "EXEG-0003-400"."""

    def __init__(self, code: str, title: str, detail: str, errors: Sequence[str] = ()) -> None:
        super().__init__(code)
        self.code = code
        self.title = title
        self.detail = detail
        self.errors = errors

    @property
    def status(self) -> int:
        """The HTTP status."""
        return int(self.code.rpartition("-")[2])


def unauthorised(code: str, detail: str) -> Problem:
    """Codes 0500 to 0503 differ in why the call isn't authorised, and have one title."""
    return Problem(code, "Invalid authorization token", detail)


def unprocessable(*errors: str) -> Problem:
    """What was sent can't be understood. Adobe documents this code for consents; for other bodies it is inferred."""
    detail = "Invalid request (report attached). Please check your input and try again."
    return Problem("EXEG-0104-422", "Unprocessable Entity", detail, errors)


async def told(request: Request, error: Exception) -> Response:
    """A `Problem`, wherever it was raised, is the answer."""
    assert isinstance(error, Problem)  # noqa: S101  Starlette types every handler alike
    body = {
        "type": f"{_TYPE}/{error.code}",
        "status": error.status,
        "title": error.title,
        "detail": error.detail,
        "report": _report(request, error),
    }
    return Json(body, error.status, {"content-type": "application/problem+json"})


def _report(request: Request, error: Problem) -> Xdm:
    report: Xdm = {"requestId": request_id(request)}
    if config := config_id(request):
        report["configId"] = config
    if org_id := request.headers.get("x-gw-ims-org-id"):
        report["orgId"] = org_id
    if error.errors:
        report["errors"] = list(error.errors)
    return report


def request_id(request: Request) -> str:
    """A new id; what the caller supplied begins it, 16 random hex digits end it (`requestId` in Adobe's OpenAPI file)."""
    supplied = request.query_params.get("requestId") or request.headers.get("x-request-id")
    return f"{supplied}-{secrets.token_hex(8)}" if supplied else str(uuid.uuid4())


def config_id(request: Request) -> str | None:
    """The datastream's id: Adobe's guides spell the parameter dataStreamId, its OpenAPI file datastreamId."""
    return request.query_params.get("dataStreamId") or request.query_params.get("datastreamId")
