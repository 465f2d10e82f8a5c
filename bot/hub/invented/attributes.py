"""A customer's attributes as XDM, in Adobe's standard field groups; what those don't have lies under the tenant `_demo`."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from bot.hub.invented.customer import Case, Churn, Consent, Customer, Loyalty, Person
from bot.hub.invented.segments import memberships
from bot.hub.records import Xdm, rfc3339

_CODES = {"Email": "email", "Phone": "phone", "ECID": "ecid"}
"""Adobe answers the codes of its own namespaces in lower case, custom ones as they were made."""


def entity(customer: Customer, now: datetime) -> Xdm:
    """All attributes. A block that the customer doesn't have is left out."""
    return _without_none(
        {
            "identityMap": _identity_map(customer.person),
            **_contact(customer.person),
            "loyalty": customer.loyalty and _loyalty(customer.loyalty, customer.person.loyalty_id),
            "userAccount": _account(customer),
            "consents": _consents(customer),
            "segmentMembership": _segments(customer, now),
            "_demo": _tenant(customer, now) or None,
        }
    )


def _without_none(block: Xdm) -> Xdm:
    return {key: value for key, value in block.items() if value is not None}


def _identity_map(person: Person) -> Xdm:
    identities: dict[str, list[Xdm]] = {}
    for position, identity in enumerate(person.identities):
        entry = {"id": identity.value, "primary": position == 0, "authenticatedState": "ambiguous"}
        identities.setdefault(_CODES.get(identity.namespace, identity.namespace), []).append(entry)
    return identities


def _contact(person: Person) -> Xdm:
    return {
        "person": {
            "name": {"firstName": person.first, "lastName": person.last, "fullName": f"{person.first} {person.last}"},
            "birthDate": person.born.isoformat(),
        },
        "personalEmail": {"address": person.email, "primary": True, "status": "active"},
        "workEmail": person.work_email and {"address": person.work_email, "primary": False, "status": "active"},
        "mobilePhone": person.phone and {"number": person.phone, "primary": True, "status": "active"},
        "homeAddress": {
            "street1": person.street,
            "postalCode": person.city[1],
            "city": person.city[0],
            "countryCode": person.country.code,
        },
        "preferredLanguage": person.language,
        "timeZone": person.country.time_zone,
    }


def _loyalty(loyalty: Loyalty, loyalty_id: str | None) -> Xdm:
    return {
        "loyaltyID": [loyalty_id],
        "program": "Campfire Club",
        "status": "active",
        "tier": loyalty.tier,
        "points": loyalty.points,
        "joinDate": rfc3339(loyalty.joined),
        "tierExpiryDate": loyalty.tier_until.isoformat(),
    }


def _account(customer: Customer) -> Xdm | None:
    if customer.since is None or customer.account_type is None:
        return None
    return {
        "ID": customer.person.crm_id,
        "status": "active",
        "accountType": customer.account_type,
        "startDate": rfc3339(customer.since),
    }


def _consents(customer: Customer) -> Xdm | None:
    if not customer.consents:
        return None
    root: Xdm = {"metadata": {"time": rfc3339(max(consent.time for consent in customer.consents.values()))}}
    for path, consent in customer.consents.items():
        _put(root, path, _consent(consent))
    if customer.preferred_channel:
        _put(root, "marketing.preferred", customer.preferred_channel)
    return root


def _put(root: Xdm, path: str, value: Any) -> None:
    *above, last = path.split(".")
    for key in above:
        root = root.setdefault(key, {})
    root[last] = value


def _consent(consent: Consent) -> Xdm:
    return _without_none({"val": consent.val, "time": rfc3339(consent.time), "reason": consent.reason})


def _segments(customer: Customer, now: datetime) -> Xdm | None:
    found = memberships(customer, now)
    if not found:
        return None
    return {"ups": {m.audience: {"status": m.status, "lastQualificationTime": rfc3339(m.since)} for m in found}}


def _tenant(customer: Customer, now: datetime) -> Xdm:
    return _without_none(
        {
            "lifetimeValue": None if customer.value is None else _value(customer, now),
            "customerAI": customer.churn and {"churn": _churn(customer.churn)},
            "support": customer.case and {"openCase": _case(customer.case)},
            "SystemComputedAttributes": {"ordersCount": len(customer.orders)} if customer.since else None,
            "preferences": _preferences(customer),
        }
    )


def _value(customer: Customer, now: datetime) -> Xdm:
    # The nightly run of the company's own model.
    calculated = now.replace(hour=2, minute=15, second=0, microsecond=0)
    return {
        "amount": customer.value,
        "currency": customer.value_currency,
        "calculatedAt": rfc3339(min(calculated, now)),
    }


def _churn(churn: Churn) -> Xdm:
    factors = [{"code": code, "value": value, "importance": importance} for code, value, importance in churn.factors]
    return {"score": churn.score, "scoreDate": rfc3339(churn.time), "influentialFactors": factors}


def _case(case: Case) -> Xdm:
    return {"id": case.id, "subject": case.subject, "openedAt": rfc3339(case.opened), "priority": case.priority}


def _preferences(customer: Customer) -> Xdm | None:
    if not customer.consents:
        return None
    return _without_none({"newsletter": customer.consents["marketing.email"].val == "y", "discount": customer.discount})
