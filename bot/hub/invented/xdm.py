"""A customer in the words of Adobe's standard field groups; what those have no word for lies under the tenant `_demo`."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from bot.hub.invented.customer import Case, Churn, Consent, Customer, Loyalty, Order, Person, Touch, Visit
from bot.hub.invented.told import rfc3339
from bot.hub.model import Identity, Xdm


def identity_map(*identities: Identity) -> Xdm:
    """`identityMap` ("Identity Map field group"); the first is the primary one."""
    entries: dict[str, list[Xdm]] = {}
    for position, identity in enumerate(identities):
        entry = {"id": identity.value, "authenticatedState": "ambiguous", "primary": position == 0}
        entries.setdefault(identity.namespace, []).append(entry)
    return {"identityMap": entries}


def audit(changed: datetime) -> Xdm:
    """When the source says it was changed ("External Source System Audit Details")."""
    return {"extSourceSystemAudit": {"lastUpdatedDate": rfc3339(changed)}}


def contact(person: Person) -> Xdm:
    """Name, addresses and language ("Demographic Details", "Personal Contact Details", "Work Contact Details")."""
    found = {
        "person": {
            "name": {"firstName": person.first, "lastName": person.last, "fullName": f"{person.first} {person.last}"},
            "birthDate": person.born.isoformat(),
        },
        "personalEmail": {"address": person.email, "primary": True, "status": "active"},
        "homeAddress": {
            "street1": person.street,
            "postalCode": person.city[1],
            "city": person.city[0],
            "countryCode": person.country.code,
        },
        "preferredLanguage": person.language,
        "timeZone": person.country.time_zone,
    }
    if person.work_email:
        found["workEmail"] = {"address": person.work_email, "primary": False, "status": "active"}
    if person.phone:
        found["mobilePhone"] = {"number": person.phone, "primary": True, "status": "active"}
    return found


def account(customer: Customer) -> Xdm:
    """`userAccount` of somebody who has an account ("User Account Details")."""
    if customer.since is None:
        return {}
    details = {"ID": customer.person.crm_id, "status": "active", "startDate": rfc3339(customer.since)}
    return {"userAccount": details | ({"accountType": customer.account_type} if customer.account_type else {})}


def loyalty(membership: Loyalty, loyalty_id: str | None) -> Xdm:
    """`loyalty` ("Loyalty Details")."""
    details: Xdm = {
        "program": "Campfire Club",
        "status": "active",
        "tier": membership.tier,
        "points": membership.points,
        "joinDate": rfc3339(membership.joined),
        # A time in XDM, though a date in life: noon is on that date all around the world.
        "tierExpiryDate": f"{membership.tier_until.isoformat()}T12:00:00Z",
    }
    return {"loyalty": details | ({"loyaltyID": [loyalty_id]} if loyalty_id else {})}


def consents(customer: Customer) -> Xdm:
    """`consents` of somebody who was asked ("Consents and Preferences")."""
    if not customer.consents:
        return {}
    root: Xdm = {"metadata": {"time": rfc3339(max(consent.time for consent in customer.consents.values()))}}
    for path, consent in customer.consents.items():
        _put(root, path, _consent(consent))
    if customer.preferred_channel:
        _put(root, "marketing.preferred", customer.preferred_channel)
    return {"consents": root}


def _put(root: Xdm, path: str, value: Any) -> None:
    *above, last = path.split(".")
    for key in above:
        root = root.setdefault(key, {})
    root[last] = value


def _consent(consent: Consent) -> Xdm:
    given = {"val": consent.val, "time": rfc3339(consent.time)}
    return given | ({"reason": consent.reason} if consent.reason else {})


def newsletter(customer: Customer) -> Xdm:
    """Whether somebody who was asked wants the newsletter."""
    return {"newsletter": customer.consents["marketing.email"].val == "y"} if customer.consents else {}


def lifetime_value(amount: float, currency: str, calculated: datetime) -> Xdm:
    """What the company's own model expects of a customer."""
    return {"lifetimeValue": {"amount": amount, "currency": currency, "calculatedAt": rfc3339(calculated)}}


def churn(scored: Churn) -> Xdm:
    """A propensity as Customer AI gives it: its key names are the organisation's, since Adobe doesn't document them."""
    factors = [{"code": code, "value": value, "importance": importance} for code, value, importance in scored.factors]
    return {"customerAI": {"churn": {"score": scored.score, "scoreDate": rfc3339(scored.time), "influentialFactors": factors}}}


def open_case(case: Case) -> Xdm:
    """A support case, for which XDM has no standard field group."""
    details = {"id": case.id, "subject": case.subject, "openedAt": rfc3339(case.opened), "priority": case.priority}
    return {"support": {"openCase": details}}


def event(event_id: str, time: datetime, event_type: str, detail: Xdm, *identities: Identity) -> Xdm:
    """An experience event of the first of `identities`; `event_id` is the source's own."""
    happened = {"_id": event_id, "timestamp": rfc3339(time), "eventType": event_type}
    return happened | identity_map(*identities) | detail


def purchase(order: Order, currency: str) -> Xdm:
    """What a `commerce.purchases` says ("Commerce Details")."""
    return {
        "commerce": {
            "order": {"purchaseID": order.id, "priceTotal": order.total, "currencyCode": currency},
            "purchases": {"value": 1},
        },
        "productListItems": [
            {
                "SKU": line.product.sku,
                "name": line.product.name,
                "quantity": line.quantity,
                "priceTotal": line.total,
                "currencyCode": currency,
            }
            for line in order.lines
        ],
    }


def touch(touched: Touch) -> Xdm:
    """What a contact says ("Campaign Marketing Details", or Journey Optimizer's "Message tracking")."""
    if touched.event_type.startswith("directMarketing."):
        kind = touched.event_type.removeprefix("directMarketing.")
        return {"directMarketing": {kind: {"value": 1}}, "marketing": {"campaignName": touched.campaign}}
    journey: Xdm = {"messageExecution": {"campaignID": touched.campaign}}
    if touched.event_type == "message.feedback":
        journey["messageDeliveryfeedback"] = {"feedbackStatus": touched.detail}
    else:
        journey["messageInteraction"] = {"interactionType": touched.detail, "isBot": touched.by_robot}
    return {"_experience": {"customerJourneyManagement": journey}}


def visit(visited: Visit) -> Xdm:
    """What a page view says ("Web Details")."""
    name, path, section = visited.page
    return {"web": {"webPageDetails": {"name": name, "URL": f"https://shop.example{path}", "siteSection": section}}}
