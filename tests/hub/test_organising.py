from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bot.hub.database import documents
from bot.hub.database.connection import Database, transaction
from bot.hub.founding import STANDARD_NAMESPACES, found
from bot.hub.model import EVENT, PROFILE, AttributeMerge, IdentityDescriptor, MergePolicy
from bot.hub.organising import merge_policy_document, merge_policy_of, organisation_of
from tests.hub.schemas.documents import CONTEXT, EVENTS, PROFILES, dataset, descriptor, label, namespace, schema

CONFIGURED: dict[str, dict[str, Any]] = {
    "schema": {PROFILES: schema(PROFILES, "profile", "profile-person-details"), EVENTS: schema(EVENTS, "experienceevent")},
    "namespace": {"7": namespace(7, "Phone", "PHONE"), "6": namespace(6, "Email", "EMAIL")},
    "dataset": {"b": dataset(2, EVENTS, enabled=False), "a": dataset(1, PROFILES)},
}


def test_schemas() -> None:
    """A schema's class, fields and identities are read from its document and its descriptors; namespaces go by code or id."""
    described = (descriptor("/personalEmail/address", "6", primary=True), descriptor("/_demo/id", "Phone"))
    profiles, events = organisation_of("demo", 3, CONFIGURED | {"descriptor": {each["@id"]: each for each in described}}).schemas

    assert (profiles.event, events.event) == (False, True)
    assert profiles.identities == (
        IdentityDescriptor(("personalEmail", "address"), "Email", primary=True),
        IdentityDescriptor(("_demo", "id"), "Phone", primary=False),
    )
    assert events.identities == ()
    assert profiles.properties["person"]["properties"]["birthDate"]["format"] == "date"


def test_required() -> None:
    """What any part of a schema requires at the top is required of its records."""
    group = {
        "$id": "g",
        "meta:resourceType": "fieldgroups",
        "title": "G",
        "properties": {"_demo": {"type": "object"}},
        "required": ["_demo"],
    }
    whole = schema(PROFILES, "profile")
    whole["allOf"].append({"$ref": "g"})
    organisation = organisation_of("demo", 1, {"schema": {"g": group, PROFILES: whole}})

    assert organisation.schemas[0].document["required"] == ["_demo"]


def test_labels() -> None:
    """Labels gather by path; one of a field group holds in each schema that is composed of it, and C12 hides the field."""
    given = (
        label("/person/birthDate", "I2", "C12"),
        label(["/person/birthDate", "/person/gender"], "S1"),
        label("/person/taxId", "C12", source=f"{CONTEXT}profile-person-details"),
        label("/web", "C12", source=f"{CONTEXT}experienceevent-web"),
    )
    organisation = organisation_of("demo", 3, CONFIGURED | {"descriptor": {each["@id"]: each for each in given}})

    assert organisation.schemas[0].labels == {
        ("person", "birthDate"): frozenset({"I2", "C12", "S1"}),
        ("person", "gender"): frozenset({"S1"}),
        ("person", "taxId"): frozenset({"C12"}),
    }
    assert organisation.hidden(event=False) == {("person", "birthDate"), ("person", "taxId")}
    assert organisation.hidden(event=True) == frozenset()


def test_datasets() -> None:
    """Datasets come in the order of their numbers, and are enabled if both tags say so, with or without a space."""
    spaced = {"tags": {"unifiedProfile": ["enabled: true", "isUpsert: true"], "unifiedIdentity": ["enabled: true"]}}
    half = {"tags": {"unifiedProfile": ["enabled:true"]}}
    more = {"c": dataset(3, PROFILES) | spaced, "d": dataset(4, PROFILES) | half}
    datasets = organisation_of("demo", 3, CONFIGURED | {"dataset": CONFIGURED["dataset"] | more}).datasets

    assert [(each.number, each.enabled) for each in datasets] == [(1, True), (2, False), (3, True), (4, False)]


@pytest.mark.parametrize(
    "policy",
    [
        MergePolicy("1", "Newest", default=True, updated=5_000),
        MergePolicy(
            "2", "CRM first", stitched=False, attribute_merge=AttributeMerge.DATASET_PRECEDENCE, order=("a", "b"), version=4
        ),
        MergePolicy("3", "Edge", schema="_xdm.context.account", active_on_edge=True),
    ],
)
def test_merge_policies(policy: MergePolicy) -> None:
    """A merge policy survives being written as Adobe's document."""
    assert merge_policy_of(merge_policy_document(policy)) == policy


def test_defaults() -> None:
    """The default policy is found by its schema class."""
    policies = (MergePolicy("1", "A"), MergePolicy("2", "B", default=True))
    organisation = organisation_of("demo", 1, {"merge_policy": {each.id: merge_policy_document(each) for each in policies}})

    assert organisation.default_merge_policy(PROFILE) == policies[1]
    assert organisation.default_merge_policy(EVENT) is None


def test_audiences() -> None:
    """An audience with an expression is evaluated here, one without has its members from its own namespace."""
    audiences = {
        "1": {
            "number": 1,
            "id": "1",
            "name": "Own",
            "expression": {"type": "PQL", "value": 'homeAddress.city = "Berlin"'},
            "namespace": "ups",
        },
        "2": {"number": 2, "id": "2", "name": "Theirs", "namespace": "AAM"},
    }
    own, theirs = organisation_of("demo", 1, {"audience": audiences}).audiences

    assert (own.external, own.source, own.expression) == (False, "ups", 'homeAddress.city = "Berlin"')
    assert (theirs.external, theirs.source) == (True, "AAM")


def test_founding(tmp_path: Path) -> None:
    """An empty file gets its tenant and Adobe's namespaces; a second time changes nothing."""
    database = Database.open(tmp_path / "hub.db")
    connection = database.writer()
    with transaction(connection):
        found(connection, "demo", 1_000)
    organisation = database.organisation()
    with transaction(connection):
        found(connection, "other", 2_000)
        again = documents.revision(connection)
    connection.close()

    assert organisation.tenant == "demo"
    assert [each.id for each in organisation.namespaces] == [each.id for each in STANDARD_NAMESPACES]
    assert organisation.namespace("EMAIL") == organisation.namespace_numbered(6)
    assert organisation.default_merge_policy(PROFILE) is None
    assert again == organisation.revision
    database.close()
