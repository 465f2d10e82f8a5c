"""Customers whose data is as odd as real data gets, each at `<mailbox>@example.com`. Everybody else's data is clean."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from bot.hub.model import Identity, Xdm


@dataclass(frozen=True)
class Draft:
    """A record before it is kept: its parts may still be changed. `events` are the events' entities, oldest first."""

    identities: list[Identity]
    entity: Xdm
    events: list[Xdm]


def _many(draft: Draft) -> None:
    """A shared device: 60 identities in one graph, more than Adobe will look up."""
    draft.identities.extend(Identity("ECID", f"{39_000 + number:038d}") for number in range(60 - len(draft.identities)))


def _markup(draft: Draft) -> None:
    """Names that a chat might take for commands, markup or a change of direction."""
    draft.entity["person"]["name"] = {
        "firstName": "<!channel> *Bold*",
        "lastName": "_O'Néill_ & ~Söhne~ 🦊 مرحبا بالعالم \u202eright to left",
        "fullName": "<!channel> *Bold* _O'Néill_ & ~Söhne~ 🦊 مرحبا بالعالم \u202eright to left",
    }
    draft.entity["homeAddress"]["city"] = "<https://evil.example|Click> `me` &amp; you"


def _tab(draft: Draft) -> None:
    """Event types that end in a tab, as Adobe's own sample data has them."""
    for event in draft.events:
        event["eventType"] += "\t"


def _no_currency(draft: Draft) -> None:
    """Amounts without a currency."""
    draft.entity["_demo"]["lifetimeValue"].pop("currency")
    for order in _orders(draft):
        order.pop("currencyCode")


def _bad_dates(draft: Draft) -> None:
    """Dates that nobody can read."""
    draft.entity["userAccount"]["startDate"] = "0000-00-00"
    draft.entity["loyalty"] = {"tier": "silver", "points": 310, "joinDate": "13/31/2021", "tierExpiryDate": "end of year"}
    draft.entity["_demo"]["lifetimeValue"]["calculatedAt"] = "n/a"
    draft.entity["consents"]["marketing"]["email"]["time"] = "yesterday"
    draft.events[0]["timestamp"] = "2024-02-30T25:61:00"


def _extra(draft: Draft) -> None:
    """Fields that no schema has, empty ones and nulls."""
    draft.entity["_legacy"] = {"importedFrom": "crm1", "flags": [1, None, {"a": []}], "": "no key"}
    draft.entity["person"]["nickName"] = None
    draft.entity["homePhone"] = {}
    for event in draft.events:
        event["_legacyTracker"] = {"v": [[], {}]}


def _gaps(draft: Draft) -> None:
    """Fields left out which everybody relies upon."""
    draft.entity.pop("person")
    draft.entity.pop("consents")
    draft.events[0].pop("eventType")
    for order in _orders(draft):
        order.pop("purchaseID")
        order.pop("priceTotal")


def _strings(draft: Draft) -> None:
    """Numbers that come as text, and text that comes as numbers."""
    draft.entity["_demo"]["lifetimeValue"] |= {"amount": "812.40"}
    draft.entity["_demo"]["customerAI"] = {
        "churn": {"score": "57", "influentialFactors": [{"code": 7, "value": 12, "importance": "0.3"}]}
    }
    draft.entity["loyalty"] = {"tier": 3, "points": "1,250"}
    for order in _orders(draft):
        order["priceTotal"] = str(order["priceTotal"])


def _orders(draft: Draft) -> Iterator[Xdm]:
    return (event["commerce"]["order"] for event in draft.events if "commerce" in event)


ODDITIES: Mapping[str, Callable[[Draft], None]] = MappingProxyType(
    {
        "many": _many,
        "markup": _markup,
        "tab": _tab,
        "nocurrency": _no_currency,
        "baddates": _bad_dates,
        "extra": _extra,
        "gaps": _gaps,
        "strings": _strings,
    }
)
"""Mailbox → what is odd there."""
