from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bot.hub.database.reading import Standing
from bot.hub.model import (
    AttributeMerge,
    Audience,
    ComputedAttribute,
    Dataset,
    Event,
    Fragment,
    MergePolicy,
    Organisation,
    Xdm,
)
from bot.hub.segments.standings import Definitions, Known

NOW = 1772703000000
TIME = "2026-03-05T09:30:00Z"
EARLIER, LATER = "2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z"

CRM, SHOP = Dataset(1, "crm", "CRM", "s", True), Dataset(2, "shop", "Shop", "s", True)
DEFAULT = MergePolicy("default", "Default", default=True)
PRECEDENCE = MergePolicy("crm", "CRM", attribute_merge=AttributeMerge.DATASET_PRECEDENCE, order=("crm",))
UNSTITCHED = MergePolicy("none", "None", stitched=False)


def audience(number: int, expression: str, policy: str | None = None) -> Audience:
    return Audience(number, f"a{number}", f"Audience {number}", expression=expression, merge_policy=policy)


def attribute(name: str, expression: str, **document: Any) -> ComputedAttribute:
    path = ("_demo", "SystemComputedAttributes", name)
    return ComputedAttribute(name, name, expression, path, document={"status": "NEW", **document})


def fragment(body: Xdm, *, dataset: int = 1, identity: int = 1, time: int = 0) -> Fragment:
    return Fragment(identity, dataset, time, "", 0, body)


def event(number: int, *, identity: int = 1, **body: Any) -> Event:
    return Event(identity, 2, number, str(number), 0, {"_id": str(number), "timestamp": f"2026-03-0{number}T00:00:00Z", **body})


def organisation(*audiences: Audience, computed: Sequence[ComputedAttribute] = ()) -> Organisation:
    return Organisation(
        "demo",
        datasets=(CRM, SHOP),
        merge_policies=(DEFAULT, PRECEDENCE, UNSTITCHED),
        audiences=audiences,
        computed=tuple(computed),
    )


def standing(*audiences: Audience, known: Known, computed: Sequence[ComputedAttribute] = (), now: int = NOW) -> Standing:
    return Definitions(organisation(*audiences, computed=computed), now).standing(known)


def before(status: str, since: str, audience_id: str = "a1") -> Standing:
    return Standing(0, {audience_id: {"status": status, "lastQualificationTime": since}}, {})


def membership(known: Known, expression: str = "tier = 1") -> Xdm | None:
    found = standing(audience(1, expression), known=known).memberships.get("a1")
    assert found is None or isinstance(found, dict)
    return found


IN, OUT = [fragment({"tier": 1})], [fragment({"tier": 2})]


def test_realized() -> None:
    """Whoever comes to be a member is realized now; whoever never was isn't mentioned."""
    assert membership(Known(IN, [])) == {"status": "realized", "lastQualificationTime": TIME}
    assert membership(Known(OUT, [])) is None


def test_lasts() -> None:
    """A membership that lasts stays as it was asserted, and so does one that is over."""
    assert membership(Known(IN, [], [before("realized", EARLIER)])) == {"status": "realized", "lastQualificationTime": EARLIER}
    assert membership(Known(OUT, [], [before("exited", EARLIER)])) == {"status": "exited", "lastQualificationTime": EARLIER}


def test_changes() -> None:
    """One who leaves has exited now, and may come back."""
    assert membership(Known(OUT, [], [before("realized", EARLIER)])) == {"status": "exited", "lastQualificationTime": TIME}
    assert membership(Known(IN, [], [before("exited", EARLIER)])) == {"status": "realized", "lastQualificationTime": TIME}


def test_joined() -> None:
    """Of people who turned out to be one, the elder membership counts, whichever comes first."""
    both = [before("realized", LATER), before("realized", EARLIER)]
    over = [before("exited", EARLIER), before("realized", LATER)]

    for standings in (both, both[::-1]):
        assert membership(Known(IN, [], standings)) == {"status": "realized", "lastQualificationTime": EARLIER}
    for standings in (over, over[::-1]):
        assert membership(Known(IN, [], standings)) == {"status": "realized", "lastQualificationTime": LATER}


def test_order() -> None:
    """Memberships come in the order of the audiences' numbers."""
    found = standing(*(audience(number, "tier = 1") for number in (1, 2, 3)), known=Known(IN, []))

    assert list(found.memberships) == ["a1", "a2", "a3"]
    assert found.evaluated == NOW


def test_merge_policy() -> None:
    """Each audience looks at the profile as its merge policy merges it."""
    newest = [fragment({"tier": 1}, time=1), fragment({"tier": 2}, dataset=2, time=2)]
    found = standing(
        audience(1, "tier = 1"), audience(2, "tier = 1", "crm"), audience(3, "tier = 2", "default"), known=Known(newest, [])
    )

    assert list(found.memberships) == ["a2", "a3"]


def test_without_identity_graph() -> None:
    """Without an identity graph each identity is a profile of its own; being a member with one of them is enough."""
    known = Known([fragment({"tier": 1}), fragment({"age": 30}, identity=2)], [event(1, identity=2, eventType="b")])
    both = 'tier = 1 and xEvent[eventType = "b"]'
    found = standing(
        audience(1, both, "none"),
        audience(2, both),
        audience(3, 'age = 30 and xEvent[eventType = "b"]', "none"),
        audience(4, "tier = 1", "none"),
        known=known,
    )

    assert list(found.memberships) == ["a2", "a3", "a4"]


def test_not_to_be_evaluated() -> None:
    """An audience that can't be evaluated leaves memberships as they are; external ones and deleted ones aren't the hub's."""
    external = Audience(3, "a3", "External", external=True, source="club")
    memberships = {f"a{n}": {"status": "realized", "lastQualificationTime": EARLIER} for n in (1, 2, 3, 4)}
    found = standing(
        audience(1, "no PQL at all"),
        audience(2, "tier = 1", "a policy that was deleted"),
        external,
        known=Known(OUT, [], [Standing(0, memberships, {})]),
    )

    assert found.memberships == {audience_id: memberships[audience_id] for audience_id in ("a1", "a2")}


def test_computed() -> None:
    """Computed attributes have their values by name; where no event qualifies there is none."""
    events = [event(1, n=2), event(2, n=3.5), event(3)]
    found = standing(
        known=Known([], events),
        computed=[
            attribute("count", "xEvent.count()"),
            attribute("sum", "xEvent.sum(n)"),
            attribute("latest", 'xEvent[n > 0].topN(timestamp, 1).map({"timestamp": timestamp, "value": n}).head()'),
            attribute("none", "xEvent[n > 9].count()"),
            attribute("missing", "xEvent.min(nowhere)"),
            attribute("recent", "xEvent.count()", duration={"count": 3, "unit": "DAYS"}),
        ],
    )

    assert found.computed == {
        "count": 3,
        "sum": 5.5,
        "latest": {"timestamp": "2026-03-02T00:00:00Z", "value": 3.5},
        "recent": 1,
    }


def test_not_computed() -> None:
    """Drafts, disabled ones and those that can't be computed have no value, and hinder none of the others."""
    states = ("DRAFT", "DISABLED", "FAILED", "PROCESSED", "PROCESSING", "INITIALIZING")
    computed = [attribute(status, "xEvent.count()", status=status) for status in states]
    found = standing(known=Known([], [event(1)]), computed=[attribute("wrong", "no PQL at all"), *computed])

    assert list(found.computed) == ["PROCESSED", "PROCESSING", "INITIALIZING"]


def test_computed_in_rules() -> None:
    """A rule finds computed attributes on the profile, beside what data says, and leaves that data as it was."""
    body = {"_demo": {"SystemComputedAttributes": {"old": 1}, "value": 2}}
    rule = "_demo.SystemComputedAttributes.count = 2 and _demo.SystemComputedAttributes.old = 1 and _demo.value = 2"
    known = Known([fragment(body)], [event(1), event(2)])
    found = standing(audience(1, rule), known=known, computed=[attribute("count", "xEvent.count()")])

    assert list(found.memberships) == ["a1"]
    assert body == {"_demo": {"SystemComputedAttributes": {"old": 1}, "value": 2}}
