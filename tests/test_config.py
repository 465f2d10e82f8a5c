"""The model of customer.yml."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from bot.config import CustomerConfig, Role
from tests.factories import config, configured


def test_version() -> None:
    """The version is the same for the same meaning, and another for another."""
    assert configured().version == config().version
    assert configured(home_country="FR").version != config().version
    assert configured(verdict=[]).version != config().version


@pytest.mark.parametrize(
    ("code", "expected"), [("Email", "Email"), ("email", "Email"), ("CRMID", "CRMID"), ("crmid", "CRMID"), ("nope", None)]
)
def test_namespace(code: str, expected: str | None) -> None:
    """A namespace is found by its code in any case: Adobe changes it between request and answer."""
    found = config().namespace(code)

    assert (found and found.code) == expected


@pytest.mark.parametrize(("alias", "expected"), [("crm", "CRMID"), ("Tel", "Phone"), ("E-MAIL", "Email"), ("nope", None)])
def test_alias(alias: str, expected: str | None) -> None:
    """A namespace is found by any of its aliases, in any case."""
    found = config().by_alias(alias)

    assert (found and found.code) == expected


def test_aliases_are_lower() -> None:
    """Aliases may be configured in any case."""
    ids = [{"code": "Shop", "label": "Shop", "aliases": ["SHOP"], "example": "shop:1"}]

    assert configured(namespaces=ids).by_alias("shop")


def test_texts() -> None:
    """A text is one for all languages, or one by language."""
    assert configured(links=[link()]).links[0].label == {"": "Shop"}
    assert configured(links=[link(label={"de": "Laden"})]).links[0].label == {"de": "Laden"}


def test_interaction_labels() -> None:
    """Each kind of interaction has its label."""
    assert config().profile.interaction_labels["opened"] == {"en": "E-mail opened", "de": "E-Mail geöffnet"}


def test_home_country() -> None:
    """Norway is a country."""
    assert configured(home_country="NO").home_country == "NO"


def test_link() -> None:
    """A link may hold the opaque id and the sandbox."""
    url = "https://shop.example.com/{sandbox}/{xid}"

    assert configured(links=[link(url=url)]).links[0].url == url


def link(**changes: Any) -> dict[str, Any]:
    return {"key": "shop", "label": "Shop", "url": "https://shop.example.com/"} | changes


def fact(**changes: Any) -> dict[str, Any]:
    return {"key": "loyalty_tier", "label": "Tier", "path": "loyalty.tier"} | changes


def score(*starts: float) -> dict[str, Any]:
    bands = [{"key": f"b{number}", "label": "x", "at_least": start} for number, start in enumerate(starts)]
    return {"key": "churn", "label": "Churn", "path": "churn", "direction": "high_is_bad", "bands": bands}


def namespace(code: str, *aliases: str) -> dict[str, Any]:
    return {"code": code, "label": code, "aliases": list(aliases), "example": "x"}


NO_CARDS = {"cards": {"standard": {"fields": [], "sections": []}}, "verdict": []}


@pytest.mark.parametrize(
    ("parts", "wrong"),
    [
        ({"home_country": "de"}, "String should match pattern"),
        ({"home_country": False}, "valid string"),
        ({"facts": [fact(format="money")], **NO_CARDS}, "money needs currency"),
        ({"facts": [fact(format="money", currency="Euro")], **NO_CARDS}, "String should match pattern"),
        ({"facts": [fact(key="Tier")], **NO_CARDS}, "String should match pattern"),
        ({"facts": [fact(path="loyalty tier")], **NO_CARDS}, "String should match pattern"),
        ({"facts": [fact(format="colour")], **NO_CARDS}, "Input should be"),
        ({"facts": [fact(formt="text")], **NO_CARDS}, "Extra inputs"),
        ({"propensities": [score(1, 40)], **NO_CARDS}, "bands start at 0 and rise"),
        ({"propensities": [score(0, 40, 30)], **NO_CARDS}, "bands start at 0 and rise"),
        ({"propensities": [score(0, 40, 40)], **NO_CARDS}, "bands start at 0 and rise"),
        ({"propensities": [score()], **NO_CARDS}, "at least 1 item"),
        ({"namespaces": []}, "at least 1 item"),
        ({"namespaces": [namespace("A")]}, "at least 1 item"),
        ({"namespaces": [namespace("A", "a b")]}, "String should match pattern"),
        ({"namespaces": [namespace("A", "x", "y"), namespace("B", "X", "Y")]}, "an alias may name one namespace only: x, y"),
        ({"cards": {}}, "at least 1 item"),
        ({"cards": {"compact": {"fields": [], "sections": []}}}, "cards needs one named standard"),
        ({"cards": {"standard": {"fields": ["churn", "shoe_size"], "sections": []}}}, "no fact or propensity named shoe_size"),
        ({"cards": {"standard": {"fields": ["churn"] * 11, "sections": []}}}, "at most 10 items"),
        ({"cards": {"standard": {"fields": [], "sections": ["shoes"]}}}, "Input should be"),
        ({"verdict": [{"group": "a", "when": {"shoe_size": {"known": True}}, "say": "x"}]}, "nothing is named shoe_size"),
        ({"verdict": [{"group": "a", "when": {"consent.fax": {"known": True}}, "say": "x"}]}, "nothing is named consent.fax"),
        ({"verdict": [{"group": "a", "when": {}, "say": "x"}]}, "at least 1 item"),
        ({"links": [link(url="http://shop.example.com")]}, "String should match pattern"),
        ({"links": [link(url="https://shop.example.com/?mail={email}")]}, "{xid} and {sandbox}, nothing else"),
        ({"links": [link(url="https://shop.example.com/{")]}, "{xid} and {sandbox}, nothing else"),
        ({"links": [link()] * 4}, "at most 3 items"),
        ({"roles": {"on_call": {"members": ["ada@example.com"]}}}, "String should match pattern"),
        ({"roles": {"on_call": {"members": ["@ada"]}}}, "String should match pattern"),
        ({"roles": {"on_call": {"members": ["u0member"]}}}, "String should match pattern"),
        ({"roles": {"on_call": {"members": ["T0TEAM"]}}}, "String should match pattern"),
        ({"roles": {"on_call": {"members": []}}}, "at least 1 item"),
        ({"roles": {"on_call": {"reserved_lane": True}}}, "Field required"),
        ({"roles": {"on_call": {"members": ["U0MEMBER"], "admin": True}}}, "Extra inputs are not permitted"),
        ({"roles": {"On call": {"members": ["U0MEMBER"]}}}, "String should match pattern"),
    ],
)
def test_mistakes(parts: dict[str, Any], wrong: str) -> None:
    """What can't be meant isn't taken."""
    with pytest.raises(ValidationError, match=wrong.replace("{", r"\{").replace("}", r"\}")):
        configured(**parts)


def test_roles() -> None:
    """A role gives what it names and nothing else; there are none by default."""
    roles = configured(roles={"on_call": {"members": ["U0MEMBER", "W0GRID"], "reserved_lane": True}}).roles

    assert roles == {"on_call": Role(members=("U0MEMBER", "W0GRID"), reserved_lane=True, status=False)}
    assert config().roles == {}


def test_roles_mean_nothing_of_the_data() -> None:
    """Who may do what isn't what the data means: copies stay good when roles change."""
    assert configured(roles={"on_call": {"members": ["U0MEMBER"]}}).version == config().version


def test_frozen() -> None:
    """Nobody changes a configuration in force."""
    with pytest.raises(ValidationError, match="frozen"):
        config().home_country = "FR"  # type: ignore[misc]  # which is the point


def test_json() -> None:
    """A configuration survives being written as JSON."""
    assert CustomerConfig.model_validate_json(config().model_dump_json()) == config()
