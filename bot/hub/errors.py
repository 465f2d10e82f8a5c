"""How the hub says no: each of Adobe's error bodies, as one exception that carries it."""

from __future__ import annotations

import secrets
from typing import Any


class Refused(Exception):
    """The call isn't answered. `status` is the HTTP status, `body` what goes out as JSON."""

    def __init__(self, status: int, body: Any) -> None:
        super().__init__(status)
        self.status = status
        self.body = body


def gateway(status: int, code: str, message: str) -> Refused:
    """Adobe's gateway, before any service is reached ("Experience Platform FAQ and troubleshooting guide")."""
    return Refused(status, {"error_code": code, "message": message})


def ims(error: str, description: str) -> Refused:
    """Adobe's identity management: no token for these credentials."""
    return Refused(400, {"error": error, "error_description": description})


def profile(status: int, message: str) -> Refused:
    """Real-Time Customer Profile ("Entities", ResponseErrorContext): even the status is a string."""
    return Refused(status, {"message": message, "statusCode": str(status)})


def not_found() -> Refused:
    """Real-Time Customer Profile: there is no such thing ("Entities", NotFoundError)."""
    return Refused(404, {"statusCode": "404"})


def audiences(status: int, code: str, message: str) -> Refused:
    """The segmentation service ("Audiences")."""
    return Refused(
        status,
        {
            "requestId": request_id(),
            "errors": {str(status): [{"code": code, "message": message}]},
            "type": f"https://ns.adobe.com/aep/errors/{code}",
            "title": message,
            "status": status,
        },
    )


def schema_registry(status: int, code: str, title: str, detail: str) -> Refused:
    """The schema registry ("Schema Registry", errorBasic)."""
    report = {"registryRequestId": request_id(), "detailed-message": detail, "sub-errors": []}
    return Refused(
        status,
        {"type": f"http://ns.adobe.com/aep/errors/{code}", "title": title, "status": status, "report": report, "detail": detail},
    )


def request_id() -> str:
    """A new id, 32 characters, as the segmentation service makes them."""
    return secrets.token_urlsafe(24)
