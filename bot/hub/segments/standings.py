"""From what is known of a person to the audiences that the person is in, and to the computed attributes. Pure.

`lastQualificationTime` is when the status was asserted ("Segment Membership Details"): with `realized` when the person came to be
a member, with `exited` when that ended. `existing` isn't used: a membership that lasts stays `realized` as it is.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bot.hub.database.reading import Standing
from bot.hub.merging import events_shown, merged, over
from bot.hub.model import PROFILE, ComputedAttribute, Event, Fragment, MergePolicy, Organisation, Xdm
from bot.hub.segments import rules
from bot.hub.segments.checks import Check
from bot.hub.segments.computing import aggregate, lookback_of
from bot.hub.segments.paths import Value
from bot.hub.segments.pql import parsed
from bot.hub.segments.rules import Subject
from bot.hub.segments.syntax import Unreadable
from bot.hub.times import rfc3339

COMPUTED = frozenset({"NEW", "INITIALIZING", "PROCESSING", "PROCESSED"})
"""The states in which a computed attribute has values ("Computed attributes API endpoint")."""


@dataclass(frozen=True, slots=True)
class Known:
    """All that is known of a person: profile records, events (oldest first), and what was computed of them before.

    Several standings are those of people who turned out to be one.
    """

    fragments: Sequence[Fragment]
    events: Sequence[Event]
    before: Sequence[Standing] = ()


@dataclass(frozen=True, slots=True)
class _Aggregate:
    attribute: ComputedAttribute
    qualifies: Check
    value: Value


class Definitions:
    """An organisation's audiences and computed attributes, compiled for the moment `now` (ms).

    An audience that can't be evaluated (its expression isn't readable, its merge policy is no more) changes nothing: memberships
    in it stay as they are.
    """

    def __init__(self, organisation: Organisation, now: int) -> None:
        self._organisation = organisation
        self._now = now
        self._asserted_at = rfc3339(now)
        self._rules = _rules(organisation, now)
        self._shown = {policy: events_shown(policy, organisation) for policy in self._rules}
        self._aggregates = tuple(_aggregates(organisation.computed, now))

    def standing(self, known: Known) -> Standing:
        """What follows from it at that moment."""
        everything = Subject({}, [event.body for event in known.events if event.dataset in self._organisation.enabled])
        computed = self._computed(everything)
        return Standing(
            evaluated=self._now,
            memberships=self._memberships(self._verdicts(known, everything, computed), _before(known.before)),
            computed={attribute.name: value for attribute, value in computed},
        )

    def unchanged(self, known: Known) -> Standing:
        """What followed before, as of that moment: for a person of whom nothing can be computed now."""
        computed = next((standing.computed for standing in known.before), {})
        return Standing(self._now, self._memberships({}, _before(known.before)), computed)

    def _computed(self, subject: Subject) -> list[tuple[ComputedAttribute, Any]]:
        qualified = (each for each in self._aggregates if each.qualifies(subject))
        return [(each.attribute, value) for each in qualified if (value := each.value(subject)) is not None]

    def _verdicts(self, known: Known, everything: Subject, computed: Sequence[tuple[ComputedAttribute, Any]]) -> dict[str, bool]:
        """Whether the person is a member, for each audience that can be evaluated."""
        verdicts: dict[str, bool] = {}
        attributes = _placed(computed)
        for policy, audiences in self._rules.items():
            subjects = list(self._subjects(known, everything, attributes, policy))
            for audience, holds in audiences:
                verdicts[audience] = any(map(holds, subjects))
        return verdicts

    def _subjects(self, known: Known, everything: Subject, attributes: Xdm, policy: MergePolicy) -> Iterator[Subject]:
        """The whole person, or (without an identity graph) a profile for each identity: being a member with one is enough."""
        shown = self._shown[policy]

        def entity_of(fragments: Iterable[Fragment]) -> Xdm:
            return over(attributes, merged(fragments, policy, self._organisation).entity)

        if not policy.stitched:
            for identity in {each.identity for each in known.fragments} | {each.identity for each in known.events}:
                events = [event.body for event in known.events if event.identity == identity and event.dataset in shown]
                yield Subject(entity_of(each for each in known.fragments if each.identity == identity), events)
        elif shown == self._organisation.enabled:
            yield everything.seen_as(entity_of(known.fragments))
        else:
            yield Subject(entity_of(known.fragments), [event.body for event in known.events if event.dataset in shown])

    def _memberships(self, verdicts: Mapping[str, bool], before: Mapping[str, Xdm]) -> Xdm:
        memberships: Xdm = {}
        for audience in self._organisation.audiences:
            if audience.external:
                continue
            membership = before.get(audience.id)
            holds = verdicts.get(audience.id)
            if holds is not None and (membership is not None or holds):
                membership = self._asserted("realized" if holds else "exited", membership)
            if membership is not None:
                memberships[audience.id] = membership
        return memberships

    def _asserted(self, status: str, before: Xdm | None) -> Xdm:
        if before is not None and before["status"] == status:
            return before
        return {"status": status, "lastQualificationTime": self._asserted_at}


def _rules(organisation: Organisation, now: int) -> dict[MergePolicy, list[tuple[str, Check]]]:
    """The audiences by the merge policy under which they look at a profile, so that each is merged once."""
    default = organisation.default_merge_policy(PROFILE)
    compiled: dict[MergePolicy, list[tuple[str, Check]]] = defaultdict(list)
    for audience in organisation.audiences:
        policy = organisation.merge_policy(audience.merge_policy) if audience.merge_policy else default
        if policy is None or audience.external:
            continue
        try:
            compiled[policy].append((audience.id, rules.condition(parsed(audience.expression), now)))
        except Unreadable:
            continue
    return compiled


def _aggregates(attributes: Iterable[ComputedAttribute], now: int) -> Iterator[_Aggregate]:
    for attribute in attributes:
        if attribute.document.get("status") not in COMPUTED:
            continue
        try:
            read = aggregate(parsed(attribute.expression), lookback_of(attribute.document))
            yield _Aggregate(attribute, rules.condition(read.events, now), rules.value(read.expression, now))
        except Unreadable:
            continue


def _before(standings: Sequence[Standing]) -> Mapping[str, Xdm]:
    """The memberships of all: a realized one before one that is over, and of two realized ones the elder."""
    if len(standings) == 1:
        return standings[0].memberships
    joined: Xdm = {}
    for standing in standings:
        for audience, membership in standing.memberships.items():
            joined[audience] = min(membership, joined.get(audience, membership), key=_seniority)
    return joined


def _seniority(membership: Xdm) -> tuple[bool, str]:
    return membership["status"] == "exited", membership["lastQualificationTime"]


def _placed(computed: Sequence[tuple[ComputedAttribute, Any]]) -> Xdm:
    """Only the computed attributes, where they lie on a profile."""
    placed: Xdm = {}
    for attribute, value in computed:
        *folders, name = attribute.path
        folder = placed
        for each in folders:
            folder = folder.setdefault(each, {})
        folder[name] = value
    return placed
