from __future__ import annotations

from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.hub.model import Identity, Organisation
from bot.hub.rejects import Rejected
from bot.hub.schemas.preparing import LARGEST_EVENT, Preparing

NOW = 1_790_000_000_000

PROFILE: dict[str, Any] = {
    "identityMap": {"CRMID": [{"id": "C-1", "primary": True}], "email": [{"id": " Ada@Example.com "}]},
    "person": {"name": {"firstName": "Ada"}, "birthDate": "1984-12-10"},
}
EVENT: dict[str, Any] = {
    "_id": "e-1",
    "timestamp": "2026-01-15T10:11:12.123+01:00",
    "eventType": "commerce.purchases",
    "identityMap": {"Email": [{"id": "ada@example.com", "primary": True}]},
    "commerce": {"order": {"priceTotal": 149.9, "currencyCode": "EUR"}, "purchases": {"value": 1}},
    "productListItems": [{"SKU": "OUT-1001", "quantity": 1}],
}


def profile(organisation: Organisation, **changes: Any) -> Any:
    return Preparing(organisation).record(organisation.datasets[0], orjson.dumps(PROFILE | changes), now=NOW)


def event(organisation: Organisation, **changes: Any) -> Any:
    return Preparing(organisation).record(organisation.datasets[1], orjson.dumps(EVENT | changes), now=NOW)


def rejection(make: Any, organisation: Organisation, **changes: Any) -> tuple[str, str]:
    with pytest.raises(Rejected) as rejected:
        make(organisation, **changes)
    return rejected.value.path, rejected.value.reason


def test_profile(organisation: Organisation) -> None:
    """A profile record is of the moment it came; its identities are normalised, the primary one first."""
    record = profile(organisation)

    assert (record.dataset, record.event, record.time, record.id) == (1, False, NOW, "")
    assert record.identities == (Identity("CRMID", "C-1"), Identity("Email", "ada@example.com"))
    assert orjson.loads(record.body) == PROFILE


def test_event(organisation: Organisation) -> None:
    """An event is of the moment it happened, in milliseconds, whatever its offset."""
    record = event(organisation)

    assert (record.dataset, record.event, record.id) == (2, True, "e-1")
    assert record.time == 1_768_468_272_123
    assert record.identities == (Identity("Email", "ada@example.com"),)


def test_parsed(organisation: Organisation) -> None:
    """A record may come parsed: it is the same record."""
    preparing = Preparing(organisation)
    dataset = organisation.datasets[1]

    assert preparing.record(dataset, EVENT, now=NOW) == preparing.record(dataset, orjson.dumps(EVENT), now=NOW)


def test_audit_time(organisation: Organisation) -> None:
    """A profile record that says when its source changed it last is of that moment."""
    record = profile(organisation, extSourceSystemAudit={"lastUpdatedDate": "1970-01-01T00:00:01Z"})

    assert record.time == 1_000


def test_descriptors(organisation: Organisation) -> None:
    """Fields that are described as identities name the person as the map does, those of things nobody."""
    fields = {"_demo": {"customer": "C-7", "shop": "S-1"}, "personalEmail": {"address": "ADA@example.com"}, "identityMap": {}}
    record = profile(organisation, **fields)

    assert record.identities == (Identity("CRMID", "C-7"), Identity("Email", "ada@example.com"))


def test_map_before_descriptor(organisation: Organisation) -> None:
    """What the map marks as primary is, even if a primary descriptor has a value too."""
    marked = {"Phone": [{"id": "+49 30 23125123", "primary": True}]}
    record = profile(organisation, identityMap=marked, _demo={"customer": "C-7"})

    assert record.identities == (Identity("Phone", "+493023125123"), Identity("CRMID", "C-7"))


def test_only_identity(organisation: Organisation) -> None:
    """The only identity is primary without being marked; marked twice it is still one."""
    once = event(organisation, identityMap={"Email": [{"id": "ada@example.com"}]})
    twice = event(organisation, identityMap={"Email": [{"id": each, "primary": True} for each in ("a@b.example", "A@b.example")]})

    assert once.identities == (Identity("Email", "ada@example.com"),)
    assert twice.identities == (Identity("Email", "a@b.example"),)


@pytest.mark.parametrize(
    ("changes", "path", "reason"),
    [
        ({"person": {"nickname": "Enchantress"}}, "person.nickname", "is no field of the schema"),
        ({"colour": "red"}, "colour", "is no field of the schema"),
        ({"person": {"name": {"firstName": 7}}}, "person.name.firstName", "isn't of type string"),
        ({"person": {"name": None}}, "person.name", "isn't of type object"),
        ({"person": {"birthDate": "10.12.1984"}}, "person.birthDate", "isn't in the format date"),
        ({"person": {"birthMonth": 13}}, "person.birthMonth", "is more than 12"),
        ({"homeAddress": {"countryCode": "Germany"}}, "homeAddress.countryCode", "doesn't match ^[A-Z]{2}$"),
        ({"identityMap": {"Fax": [{"id": "x"}]}}, "identityMap.Fax.0.id", "is of a namespace that isn't registered"),
        ({"identityMap": {"Email": [{"id": "  "}]}}, "identityMap.Email.0.id", "is empty, so it names nobody"),
        ({"identityMap": {"Email": [{"id": "ada"}]}}, "identityMap.Email.0.id", "isn't an e-mail address"),
        ({"identityMap": {}}, "_demo.customer", "names nobody: a record needs at least one identity"),
        ({"identityMap": {"Shop": [{"id": "S-1"}]}}, "_demo.customer", "names nobody: a record needs at least one identity"),
        (
            {"identityMap": {"Email": [{"id": "a@b.example"}, {"id": "c@d.example"}]}},
            "_demo.customer",
            "doesn't say which of the identities is primary",
        ),
        (
            {"identityMap": {"Email": [{"id": "a@b.example", "primary": True}, {"id": "c@d.example", "primary": True}]}},
            "identityMap",
            "marks several identities as primary: a record has one",
        ),
        ({"identityMap": {}, "personalEmail": {"address": "x"}}, "personalEmail.address", "isn't an e-mail address"),
    ],
)
def test_rejected_profile(organisation: Organisation, changes: dict[str, Any], path: str, reason: str) -> None:
    """A profile record that isn't valid is rejected with where and why."""
    assert rejection(profile, organisation, **changes) == (path, reason)


@pytest.mark.parametrize(
    ("changes", "path", "reason"),
    [
        ({"_id": ""}, "_id", "is missing: without it an event can't be told from itself sent again"),
        ({"timestamp": "yesterday"}, "timestamp", "isn't in the format date-time"),
        ({"timestamp": "2026-06-30T23:59:60Z"}, "timestamp", "isn't a time like 2026-03-05T09:30:00Z (RFC 3339)"),
        ({"productListItems": [{"quantity": 1}, {"quantity": -1}]}, "productListItems.1.quantity", "is less than 0"),
        ({"commerce": {"order": {"orderType": "gift"}}}, "commerce.order.orderType", "isn't one of checkout or instant_purchase"),
        ({"eventType": "x" * LARGEST_EVENT}, "", "is larger than 10 KB"),
    ],
)
def test_rejected_event(organisation: Organisation, changes: dict[str, Any], path: str, reason: str) -> None:
    """An event that isn't valid is rejected with where and why."""
    assert rejection(event, organisation, **changes) == (path, reason)


def test_event_without_time(organisation: Organisation) -> None:
    """An event without a time is rejected."""
    untimed = {key: value for key, value in EVENT.items() if key != "timestamp"}
    with pytest.raises(Rejected) as rejected:
        Preparing(organisation).record(organisation.datasets[1], untimed, now=NOW)

    assert rejected.value.path == "timestamp"


@pytest.mark.parametrize("raw", [b"", b"{", b'{"a": NaN}', b"[]", b'"text"', b"\xff", b"7"])
def test_no_object(organisation: Organisation, raw: bytes) -> None:
    """What isn't a JSON object is rejected as a whole."""
    with pytest.raises(Rejected) as rejected:
        Preparing(organisation).record(organisation.datasets[0], raw, now=NOW)

    assert rejected.value.path == ""
    assert rejected.value.reason.startswith("isn't")


@pytest.mark.parametrize("value", [object(), 2**70, {1: "a"}, "\ud800"])
def test_no_json(organisation: Organisation, value: Any) -> None:
    """A parsed record with a value that JSON has no form for is rejected, not stored in parts."""
    with pytest.raises(Rejected) as rejected:
        Preparing(organisation).record(organisation.datasets[0], {**PROFILE, "person": value}, now=NOW)

    assert rejected.value.reason == "holds a value that JSON has no form for, or a number beyond 64 bits"


def test_reasons_hold_no_value(organisation: Organisation) -> None:
    """Whatever is wrong with a record, nothing of its values is told."""
    secret = "ada@example.com 1984"
    wrong = (
        {"person": {"birthDate": secret}},
        {"homeAddress": {"countryCode": secret}},
        {"identityMap": {"Phone": [{"id": secret}]}},
    )

    for changes in wrong:
        assert secret not in " ".join(rejection(profile, organisation, **changes))


def test_paths_hold_no_address(organisation: Organisation) -> None:
    """A key that is no field's name isn't repeated: in a map it may be somebody's address or number."""
    entry = [{"id": "ada@example.com"}]

    assert rejection(profile, organisation, identityMap={"ada@example.com": entry})[0] == "identityMap.*.0.id"
    assert rejection(profile, organisation, segmentMembership={"ups": {"+493023125123": 7}})[0] == "segmentMembership.ups.*"
    assert rejection(profile, organisation, segmentMembership={"7": {"049": {"colour": 1}}})[0] == "segmentMembership.*.*.colour"
    assert rejection(profile, organisation, **{"Ada Lovelace": 7})[0] == "*"


def test_namespace_id(organisation: Organisation) -> None:
    """The map's keys may be ids of namespaces."""
    record = event(organisation, identityMap={"6": [{"id": "ada@example.com"}]})

    assert record.identities == (Identity("Email", "ada@example.com"),)


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False)
    | st.text(max_size=5)
    | st.sampled_from(["Email", "a@b.example"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["id", "primary", "Email", "6", "address"]), inner, max_size=3)
    ),
    max_leaves=8,
)
FIELDS = st.sampled_from(["_id", "timestamp", "identityMap", "_demo", "personalEmail", "extSourceSystemAudit", "person", "x"])


@given(changes=st.dictionaries(FIELDS, JSON, max_size=3), of_events=st.booleans())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_anything(organisation: Organisation, changes: dict[str, Any], of_events: bool) -> None:
    """Whatever comes is a record or is rejected."""
    try:
        record = (event if of_events else profile)(organisation, **changes)
    except Rejected:
        return

    assert record.identities
    assert orjson.loads(record.body) == orjson.loads(orjson.dumps((EVENT if of_events else PROFILE) | changes))


def test_schema_gone(organisation: Organisation) -> None:
    """A dataset whose schema isn't there takes nothing, and says so."""
    homeless = Organisation("demo", datasets=organisation.datasets)
    with pytest.raises(Rejected, match="whose schema isn't in the registry"):
        Preparing(homeless).record(homeless.datasets[0], PROFILE, now=NOW)
