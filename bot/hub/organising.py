"""From the documents that configure a hub to the values that its parts work with. Pure.

Each kind's documents hold what Adobe's API answers for it, but for whose it is (`imsOrg`, `sandbox`). Besides:

- `dataset`, `audience`: `number`, which names them in the tables; it is never shown.
- `schema`: what the Schema Registry keeps, schemas and field groups (`meta:resourceType`).
- `tenant`: one document, `{"tenantId": "demo"}`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TypeVar

from bot.hub.model import (
    EVENT,
    AttributeMerge,
    Audience,
    ComputedAttribute,
    Dataset,
    IdentityDescriptor,
    MergePolicy,
    Namespace,
    Organisation,
    Path,
    Schema,
    Xdm,
)
from bot.hub.schemas.composition import CLASSES, Composition

K = TypeVar("K", bound=str)

TENANT = "tenant"
"""The kind and the id of the document that says whose the hub is."""


def tenant_of(documents: Mapping[K, Mapping[str, Xdm]]) -> str:
    """The tenant's name without underscore; empty in a file that nobody founded."""
    found = {str(kind): each for kind, each in documents.items()}.get(TENANT, {})
    return str(found.get(TENANT, {}).get("tenantId", ""))


def organisation_of(tenant: str, revision: int, documents: Mapping[K, Mapping[str, Xdm]]) -> Organisation:
    """All that `documents` (by kind, then by id) configure. `revision` is the counter's value when they were read."""
    kinds: dict[str, Mapping[str, Xdm]] = {str(kind): each for kind, each in documents.items()}

    def of(kind: str) -> Iterable[Xdm]:
        return kinds.get(kind, {}).values()

    namespaces = tuple(sorted(map(namespace_of, of("namespace")), key=lambda each: each.id))
    return Organisation(
        tenant=tenant,
        revision=revision,
        namespaces=namespaces,
        schemas=_schemas(tuple(of("schema")), tuple(of("descriptor")), namespaces),
        datasets=tuple(sorted(map(dataset_of, of("dataset")), key=lambda each: each.number)),
        merge_policies=tuple(sorted(map(merge_policy_of, of("merge_policy")), key=lambda each: (each.updated, each.id))),
        audiences=tuple(sorted(map(audience_of, of("audience")), key=lambda each: each.number)),
        computed=tuple(computed_attribute_of(tenant, body) for body in of("computed_attribute")),
    )


def namespace_of(body: Xdm) -> Namespace:
    """The namespace that Identity Service answers as `body`."""
    return Namespace(
        id=body["id"],
        code=body["code"],
        id_type=body["idType"],
        name=body["name"],
        custom=body["custom"],
        description=body.get("description", ""),
        created=body.get("createTime", 0),
    )


def namespace_document(namespace: Namespace, now: int) -> Xdm:
    """The namespace as Identity Service answers it ("Identity Namespace"), changed `now` (milliseconds)."""
    return {
        "updateTime": now,
        "code": namespace.code,
        "status": "ACTIVE",
        "createTime": namespace.created or now,
        "description": namespace.description or namespace.name,
        "idType": namespace.id_type,
        "name": namespace.name,
        "id": namespace.id,
        "custom": namespace.custom,
    }


def dataset_of(body: Xdm) -> Dataset:
    """The dataset that Catalog answers as `body`. Both tags are needed: data of one service alone is in no profile."""
    return Dataset(
        number=body["number"],
        id=body["id"],
        name=body["name"],
        schema=body["schemaRef"]["id"],
        enabled=all(_tagged(body, tag) for tag in ("unifiedProfile", "unifiedIdentity")),
        created=body.get("created", 0),
    )


def _tagged(body: Xdm, tag: str) -> bool:
    # Adobe's own samples write "enabled:true" and "enabled: true".
    return any(value.replace(" ", "") == "enabled:true" for value in body.get("tags", {}).get(tag, ()))


def merge_policy_of(body: Xdm) -> MergePolicy:
    """The merge policy that Profile answers as `body`; `updateEpoch` is in seconds there."""
    merge = body["attributeMerge"]
    return MergePolicy(
        id=body["id"],
        name=body.get("name", ""),
        schema=body["schema"]["name"],
        default=body.get("default", False),
        active_on_edge=body.get("isActiveOnEdge", False),
        stitched=body["identityGraph"]["type"] == "pdg",
        attribute_merge=AttributeMerge(merge["type"]),
        order=tuple(merge.get("order", ())),
        version=body.get("version", 1),
        updated=body.get("updateEpoch", 0) * 1000,
    )


def merge_policy_document(policy: MergePolicy) -> Xdm:
    """The merge policy as Profile answers it, without whose it is ("Merge policies endpoint")."""
    merge: Xdm = {"type": policy.attribute_merge.value}
    if policy.attribute_merge is AttributeMerge.DATASET_PRECEDENCE:
        merge["order"] = list(policy.order)
    return {
        "id": policy.id,
        "name": policy.name,
        "schema": {"name": policy.schema},
        "version": policy.version,
        "identityGraph": {"type": "pdg" if policy.stitched else "none"},
        "attributeMerge": merge,
        "isActiveOnEdge": policy.active_on_edge,
        "default": policy.default,
        "updateEpoch": policy.updated // 1000,
    }


def audience_of(body: Xdm) -> Audience:
    """The audience that Segmentation answers as `body`; without an expression its members come from outside."""
    expression = body.get("expression") or {}
    value = expression if isinstance(expression, str) else expression.get("value", "")
    return Audience(
        number=body["number"],
        id=body["id"],
        name=body["name"],
        description=body.get("description") or "",
        expression=value,
        merge_policy=body.get("mergePolicyId"),
        external=not value,
        source="ups" if value else body.get("namespace", "ups"),
        created=body.get("creationTime", 0),
        updated=body.get("updateTime") or body.get("creationTime", 0),
    )


def computed_attribute_of(tenant: str, body: Xdm) -> ComputedAttribute:
    """The computed attribute that Profile answers as `body`."""
    return ComputedAttribute(
        id=body["id"],
        name=body["name"],
        expression=body["expression"]["value"],
        path=(f"_{tenant}", "SystemComputedAttributes", body["name"]),
        created=body.get("createEpoch", 0),
        updated=body.get("updateEpoch", 0),
        document=body,
    )


def _schemas(resources: tuple[Xdm, ...], descriptors: tuple[Xdm, ...], namespaces: tuple[Namespace, ...]) -> tuple[Schema, ...]:
    composition = Composition(resources)
    codes = {str(namespace.id): namespace.code for namespace in namespaces}
    return tuple(
        _schema(body, composition, [each for each in descriptors if each["xdm:sourceSchema"] in _sources(body)], codes)
        for body in resources
        if body.get("meta:resourceType") == "schemas"
    )


def _schema(body: Xdm, composition: Composition, descriptors: list[Xdm], codes: Mapping[str, str]) -> Schema:
    composed = composition.of(body)
    return Schema(
        id=body["$id"],
        title=body["title"],
        event=CLASSES[composed.class_id] == EVENT,
        properties=composed.properties,
        identities=tuple(
            IdentityDescriptor(
                paths_of(each)[0],
                codes.get(str(each["xdm:namespace"]), str(each["xdm:namespace"])),
                bool(each.get("xdm:isPrimary", False)),
            )
            for each in descriptors
            if each["@type"] == "xdm:descriptorIdentity" and each["xdm:sourceSchema"] == body["$id"]
        ),
        labels=_labels(descriptors),
        document=body | {"required": list(composed.required)} if composed.required else body,
    )


def _sources(body: Xdm) -> set[str]:
    """What a descriptor of this schema's fields may name: a label of a class or a field group holds wherever that is used."""
    return {body["$id"], *(part["$ref"] for part in body["allOf"] if "$ref" in part)}


def _labels(descriptors: list[Xdm]) -> dict[Path, frozenset[str]]:
    labels: dict[Path, frozenset[str]] = {}
    for each in descriptors:
        if each["@type"] == "xdm:descriptorLabel":
            for path in paths_of(each):
                labels[path] = labels.get(path, frozenset()) | frozenset(each["xdm:labels"])
    return labels


def paths_of(descriptor: Xdm) -> list[Path]:
    """The paths in a record that a descriptor speaks of: `xdm:sourceProperty` is one ("/personalEmail/address") or several."""
    source = descriptor["xdm:sourceProperty"]
    return [tuple(each.strip("/").split("/")) for each in (source if isinstance(source, list) else [source])]
