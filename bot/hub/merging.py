"""A customer's fragments, merged into one view as a merge policy says. Pure.

Adobe's "Merge policies overview" names whose value wins: that of the fragment updated last (`timestampOrdered`), or that of the
dataset that comes first (`dataSetPrecedence`; datasets that the policy doesn't name aren't merged). Where it is silent:

- Objects and maps merge key by key. Everything else is one value and taken whole: lists, texts, numbers, and each membership in
  `segmentMembership`, whose status and time belong together.
- Equal timestamps are ordered by dataset id, then `_id`, then the record itself, so that no order of arrival makes a difference.
  Within one dataset of a precedence, too, the newest fragment wins.
- `null` is no value.
- A dataset that was disabled, or deleted, has no part in a profile any more.
- A precedence that names datasets of events shows the events of those alone; one that names none shows all events.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from math import inf
from operator import attrgetter

import orjson

from bot.hub.model import AttributeMerge, Fragment, MergePolicy, Organisation, Xdm

_MEMBERSHIP = "segmentMembership"
_LEVELS_OF_MEMBERSHIP = 1  # below the namespaces, one more for the audiences of each


@dataclass(frozen=True, slots=True)
class Merged:
    """One view of a customer's attributes.

    `entity` is the XDM, without `identityMap`: that says who a record is of, and a customer's identities are those of the graph.
    `sources` are the ids of the datasets that were merged, the strongest first. `modified` is when the hub took in the youngest
    of the fragments, in milliseconds since 1970, 0 if there are none.
    """

    entity: Xdm = field(repr=False)
    sources: tuple[str, ...]
    modified: int


def merged(fragments: Iterable[Fragment], policy: MergePolicy, organisation: Organisation) -> Merged:
    """What `policy` makes of `fragments`, in whichever order they come."""
    strongest_first = _ranked(fragments, policy, organisation)
    entity: Xdm = {}
    for fragment in strongest_first:
        entity = over(entity, fragment.body)
    entity.pop("identityMap", None)
    datasets = dict.fromkeys(fragment.dataset for fragment in strongest_first)
    return Merged(
        entity=entity,
        sources=tuple(organisation.dataset_numbered(number).id for number in datasets),
        modified=max((fragment.modified for fragment in strongest_first), default=0),
    )


def over(strong: Xdm, weak: Xdm, levels: float = inf) -> Xdm:
    """A new dict of both, the values of `strong` where they differ. Below `levels` of objects, objects are taken whole."""
    joined = weak | strong
    for key in strong.keys() & weak.keys():
        above, below = strong[key], weak[key]
        if levels and type(above) is dict and type(below) is dict:
            joined[key] = over(above, below, _LEVELS_OF_MEMBERSHIP if key == _MEMBERSHIP else levels - 1)
        elif above is None:
            joined[key] = below
    return joined


def events_shown(policy: MergePolicy, organisation: Organisation) -> frozenset[int]:
    """The numbers of the datasets whose events `policy` shows."""
    enabled = organisation.enabled
    if policy.attribute_merge is AttributeMerge.TIMESTAMP_ORDERED:
        return enabled
    named = filter(None, map(organisation.dataset, policy.order))
    of_events = {each.number for each in named if (schema := organisation.schema(each.schema)) and schema.event}
    return enabled & of_events if of_events else enabled


def _ranked(fragments: Iterable[Fragment], policy: MergePolicy, organisation: Organisation) -> Sequence[Fragment]:
    enabled = organisation.enabled
    newest_first = _newest_first(fragment for fragment in fragments if fragment.dataset in enabled)
    if policy.attribute_merge is AttributeMerge.TIMESTAMP_ORDERED:
        return newest_first
    ranks = {dataset.number: rank for rank, id_ in enumerate(policy.order) if (dataset := organisation.dataset(id_))}
    return sorted((each for each in newest_first if each.dataset in ranks), key=lambda each: ranks[each.dataset])


_moment = attrgetter("time", "dataset", "id")


def _newest_first(fragments: Iterable[Fragment]) -> Sequence[Fragment]:
    ordered = sorted(fragments, key=_moment, reverse=True)
    if len({_moment(each) for each in ordered}) == len(ordered):
        return ordered
    return sorted(ordered, key=lambda each: (*_moment(each), orjson.dumps(each.body, option=orjson.OPT_SORT_KEYS)), reverse=True)
