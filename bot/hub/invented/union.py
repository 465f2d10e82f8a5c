"""The union schema of the invented organisation: every path that its profiles use, with a type and a title."""

from __future__ import annotations

from bot.hub.records import Xdm

_ITEM = "[]"
_ANY_KEY = "*"

_DATE = {"type": "string", "format": "date"}
_TIME = {"type": "string", "format": "date-time"}
_TEXT = {"type": "string"}
_NUMBER = {"type": "number"}
_WHOLE = {"type": "integer"}
_YES_NO = {"type": "boolean"}

_CONSENTS = (
    "marketing.email",
    "marketing.sms",
    "marketing.push",
    "marketing.call",
    "marketing.postalMail",
    "marketing.whatsApp",
    "marketing.any",
    "collect",
    "share",
    "personalize.content",
)

_PATHS: tuple[tuple[str, Xdm, str], ...] = (
    ("identityMap.*.[].id", _TEXT, "Identifier"),
    ("identityMap.*.[].primary", _YES_NO, "Primary"),
    ("identityMap.*.[].authenticatedState", _TEXT, "Authenticated state"),
    ("person.name.firstName", _TEXT, "First name"),
    ("person.name.middleName", _TEXT, "Middle name"),
    ("person.name.lastName", _TEXT, "Last name"),
    ("person.name.fullName", _TEXT, "Full name"),
    ("person.birthDate", _DATE, "Birth date"),
    ("personalEmail.address", _TEXT, "Address"),
    ("personalEmail.primary", _YES_NO, "Primary"),
    ("personalEmail.status", _TEXT, "Status"),
    ("workEmail.address", _TEXT, "Address"),
    ("workEmail.primary", _YES_NO, "Primary"),
    ("workEmail.status", _TEXT, "Status"),
    ("mobilePhone.number", _TEXT, "Number"),
    ("mobilePhone.primary", _YES_NO, "Primary"),
    ("mobilePhone.status", _TEXT, "Status"),
    ("homePhone.number", _TEXT, "Number"),
    ("workPhone.number", _TEXT, "Number"),
    ("homeAddress.street1", _TEXT, "Street 1"),
    ("homeAddress.postalCode", _TEXT, "Postal code"),
    ("homeAddress.city", _TEXT, "City"),
    ("homeAddress.countryCode", _TEXT, "Country code"),
    ("preferredLanguage", _TEXT, "Language"),
    ("timeZone", _TEXT, "Time zone"),
    ("loyalty.loyaltyID.[]", _TEXT, "Program ID"),
    ("loyalty.program", _TEXT, "Program"),
    ("loyalty.status", _TEXT, "Status"),
    ("loyalty.tier", _TEXT, "Tier"),
    ("loyalty.points", _NUMBER, "Points"),
    ("loyalty.joinDate", _TIME, "Join date"),
    ("loyalty.tierExpiryDate", _DATE, "Tier expiry date"),
    ("userAccount.ID", _TEXT, "Account ID"),
    ("userAccount.status", _TEXT, "Status"),
    ("userAccount.accountType", _TEXT, "Account type"),
    ("userAccount.startDate", _TIME, "Start date"),
    ("consents.metadata.time", _TIME, "Consent preference date"),
    ("consents.marketing.preferred", _TEXT, "Preferred marketing channel"),
    *((f"consents.{consent}.val", _TEXT, "Choice value") for consent in _CONSENTS),
    *((f"consents.{consent}.time", _TIME, "Consent date") for consent in _CONSENTS),
    *((f"consents.{consent}.reason", _TEXT, "Reason") for consent in _CONSENTS),
    ("segmentMembership.*.*.status", _TEXT, "Status"),
    ("segmentMembership.*.*.lastQualificationTime", _TIME, "Last qualification time"),
    ("_demo.lifetimeValue.amount", _NUMBER, "Lifetime value"),
    ("_demo.lifetimeValue.currency", _TEXT, "Currency of the lifetime value"),
    ("_demo.lifetimeValue.calculatedAt", _TIME, "Lifetime value calculated at"),
    ("_demo.customerAI.churn.score", _NUMBER, "Churn score"),
    ("_demo.customerAI.churn.scoreDate", _TIME, "Churn score date"),
    ("_demo.customerAI.churn.influentialFactors.[].code", _TEXT, "Code"),
    ("_demo.customerAI.churn.influentialFactors.[].value", _TEXT, "Value"),
    ("_demo.customerAI.churn.influentialFactors.[].importance", _NUMBER, "Importance"),
    ("_demo.support.openCase.id", _TEXT, "Case number"),
    ("_demo.support.openCase.subject", _TEXT, "Subject"),
    ("_demo.support.openCase.openedAt", _TIME, "Opened at"),
    ("_demo.support.openCase.priority", _TEXT, "Priority"),
    ("_demo.SystemComputedAttributes.ordersCount", _WHOLE, "Orders"),
    ("_demo.preferences.newsletter", _YES_NO, "Newsletter"),
    ("_demo.preferences.discount", _NUMBER, "Discount"),
)
"""Path (`[]` an item of an array, `*` any key of a map), JSON Schema type, title."""


def union() -> Xdm:
    """The `properties` of the union schema, as JSON Schema."""
    root: Xdm = {"type": "object"}
    for path, kind, title in _PATHS:
        _node(root, path).update(kind, title=title)
    properties: Xdm = root["properties"]
    return properties


def _node(node: Xdm, path: str) -> Xdm:
    for key in path.split("."):
        node = _below(node, key)
    return node


def _below(node: Xdm, key: str) -> Xdm:
    """The schema of what lies under `key`; `node` becomes whatever can have something under it."""
    child: Xdm
    if key == _ITEM:
        node["type"] = "array"
        child = node.setdefault("items", {})
    elif key == _ANY_KEY:
        node["type"] = "object"
        child = node.setdefault("additionalProperties", {})
    else:
        node["type"] = "object"
        child = node.setdefault("properties", {}).setdefault(key, {})
    return child
