"""Audiences as the segmentation service describes them: from what a call sends to the document that is kept and shown. Pure.

Adobe's `segmentation.yaml` (PlatformGeneratedAudience, ExternallyGeneratedAudience, SegmentDefinition).
"""

from __future__ import annotations

from typing import Any

from bot.hub.malformed import Malformed
from bot.hub.model import PROFILE, Xdm
from bot.hub.segments import rules
from bot.hub.segments.expressions import stated
from bot.hub.segments.pql import parsed
from bot.hub.segments.syntax import Unreadable

OWN, EXTERNAL = "SegmentDefinition", "ExternalSegment"
"""The `type` of an audience that the hub evaluates, and of one whose members are supplied from outside."""

_EXTERNAL_TYPES = (EXTERNAL, "ExternalAudience")
_NAMESPACE = "AEPSegments"
_STATES = ("published",)
_UNION = {
    "meta:resourceType": "unions",
    "meta:containerId": "tenant",
    "$ref": "https://ns.adobe.com/xdm/context/profile__union",
}
_DEFINITION = (
    "id",
    "schema",
    "profileInstanceId",
    "name",
    "description",
    "expression",
    "mergePolicyId",
    "evaluationInfo",
    "payloadSchema",
    "dataGovernancePolicy",
    "creationTime",
    "updateEpoch",
    "updateTime",
)
"""The part of an audience that is its segment definition."""


def is_external(document: Xdm) -> bool:
    """Whether the members of the audience are supplied from outside."""
    return document.get("type") in _EXTERNAL_TYPES


def described(body: Any, *, default_policy: str | None) -> Xdm:
    """What a body says of an audience, without what the service itself gives it (`named`). Raises Malformed."""
    if not isinstance(body, dict):
        raise Malformed("an audience is a JSON object")
    for name in ("name", "description", "profileInstanceId"):
        if not isinstance(body.get(name, ""), str):
            raise Malformed(f"{name} is a text")
    if not body.get("name", "").strip():
        raise Malformed("name is required")
    state = body.get("lifecycleState", body.get("lifecycle", "published"))
    if state not in _STATES:
        # Inferred: Adobe's drafts and archived audiences aren't evaluated, and all of the hub's are.
        raise Malformed("lifecycleState is published: the hub keeps no drafts and no archive")
    labels = body.get("labels", [])
    if not isinstance(labels, list) or not all(isinstance(label, str) for label in labels):
        raise Malformed('labels is an array of texts, such as ["core/C1"]')
    common = {"name": body["name"], "description": body.get("description", ""), "lifecycleState": "published", "labels": labels}
    return common | (_external(body) if is_external(body) else _own(body, default_policy))


def named(described_: Xdm, before: Xdm | None, *, id: str, number: int, now: int) -> Xdm:  # noqa: A002 - Adobe's name for it
    """The document of an audience, new or changed at `now` (ms), without whose it is."""
    created = before["creationTime"] if before else now
    return {
        "id": id,
        "number": number,
        "audienceId": id,
        **described_,
        "isSystem": False,
        "saveSegmentMembership": True,
        "creationTime": created,
        "createEpoch": created // 1000,
        "updateTime": now,
        "updateEpoch": now // 1000,
        "_etag": f'"{number:x}-{now:x}"',
    }


def definition(document: Xdm) -> Xdm:
    """The segment definition of an audience that the hub evaluates."""
    return {name: document[name] for name in _DEFINITION if document.get(name) is not None}


def _own(body: Xdm, default_policy: str | None) -> Xdm:
    if body.get("type", OWN) != OWN:
        raise Malformed(f"type is {OWN} or {EXTERNAL}")
    schema = body.get("schema", {"name": PROFILE})
    if not isinstance(schema, dict) or schema.get("name") != PROFILE:
        raise Malformed(f"schema.name is {PROFILE}: the hub evaluates profiles")
    policy = body.get("mergePolicyId", default_policy)
    if not isinstance(policy, str | None):
        raise Malformed("mergePolicyId is the id of a merge policy")
    return {
        "schema": {"name": PROFILE},
        "profileInstanceId": body.get("profileInstanceId", "ups"),
        "expression": _expression(body.get("expression")),
        "mergePolicyId": policy,
        "evaluationInfo": _evaluation(body.get("evaluationInfo")),
        "dataGovernancePolicy": {"excludeOptOut": True},
        "dependents": [],
        "definedOn": [_UNION],
        "dependencies": [],
        "type": OWN,
        "state": "enabled",
        "overridePerformanceWarnings": False,
        "namespace": _NAMESPACE,
        "originName": "REAL_TIME_CUSTOMER_PROFILE",
        **({"payloadSchema": body["payloadSchema"]} if "payloadSchema" in body else {}),
    }


def _external(body: Xdm) -> Xdm:
    for name in ("audienceId", "namespace"):
        if not isinstance(body.get(name), str) or not body[name].strip():
            raise Malformed(f"{name} is required for an audience from outside, and a text")
    if body["namespace"] in {_NAMESPACE, "ups"}:
        raise Malformed(f"namespace {body['namespace']} is that of audiences which the hub evaluates")
    kept = ("datasetId", "audienceMeta", "linkedAudienceRef", "sourceId", "ttlInDays")
    return {
        "audienceId": body["audienceId"],
        "type": EXTERNAL,
        "namespace": body["namespace"],
        "originName": body.get("originName", "CUSTOM_UPLOAD"),
        **{name: body[name] for name in kept if name in body},
    }


def _expression(expression: Any) -> Xdm:
    told = stated(expression)
    try:
        rules.condition(parsed(told["value"]), 0)
    except Unreadable as error:
        raise Malformed(f"expression can't be evaluated: {error}") from None
    return told


def _evaluation(info: Any) -> Xdm:
    """How Adobe would evaluate it: in batches unless something else is asked for. The hub does all three."""
    info = {"batch": {"enabled": True}} if info is None else info
    try:
        return {
            kind: {"enabled": bool(info.get(kind, {}).get("enabled", False))} for kind in ("batch", "continuous", "synchronous")
        }
    except AttributeError:
        raise Malformed('evaluationInfo is {"batch": {"enabled": true}, "continuous": …, "synchronous": …}') from None
