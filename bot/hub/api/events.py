"""A page of experience events, and the link to the next ("Entities endpoint", "Access a subsequent page of results")."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice

from bot.hub.api.cursor import cursor_of
from bot.hub.api.lookup import Lookup, View
from bot.hub.api.query import Window
from bot.hub.database.reading import EventKey
from bot.hub.fields import Selection, prune
from bot.hub.hiding import without
from bot.hub.merging import events_shown
from bot.hub.model import Event, Organisation, Xdm
from bot.hub.times import rfc3339

Link = Callable[[str], Xdm]
"""The link to the page that begins at a cursor."""

_STEP = 200  # events read at once where most of them may not be wanted

Found = tuple[Event, Xdm]
"""An event, and what of its body may be shown."""


def page(view: View, after: EventKey | None, window: Window, keep: Selection, link: Link, lookup: Lookup) -> Xdm:
    """The events of `view` that lie in `window` beyond `after`. At the end of the list `next` and `href` are empty strings."""
    found = list(islice(_found(view, after, window, lookup), window.limit + 1))
    shown, more = found[: window.limit], found[window.limit :]
    following = cursor_of(_place(shown[-1][0])) if more else ""
    return {
        "_page": _page(window, shown, following),
        "children": [_child(view, event, prune(body, keep), lookup.organisation) for event, body in shown],
        "_links": {"next": link(following) if following else {"href": ""}},
    }


def no_events(window: Window) -> Xdm:
    """The page of somebody of whom no events are known."""
    return {"_page": _page(window, [], ""), "children": [], "_links": {"next": {"href": ""}}}


def newest(view: View, lookup: Lookup) -> Event | None:
    """The newest event of `view`, None if there is none."""
    found = next(_found(view, None, Window(newest_first=True, limit=1), lookup), None)
    return found and found[0]


def _found(view: View, after: EventKey | None, window: Window, lookup: Lookup) -> Iterator[Found]:
    datasets = events_shown(view.policy, lookup.organisation)
    hidden = lookup.organisation.hidden(event=True)
    step = max(window.limit + 1, _STEP if window.properties else 0)
    while True:
        events = lookup.reading.events(
            view.numbers, newest_first=window.newest_first, start=window.start, end=window.end, after=after, limit=step
        )
        for event in events:
            body = without(event.body, hidden)
            if event.dataset in datasets and all(each.matches(body) for each in window.properties):
                yield event, body
        if len(events) < step:
            return
        after = _place(events[-1])


def _place(event: Event) -> EventKey:
    return EventKey(event.time, event.dataset, event.id, event.identity)


def _page(window: Window, shown: list[Found], following: str) -> Xdm:
    return {
        "orderby": "-timestamp" if window.newest_first else "timestamp",
        "start": shown[0][0].id if shown else "",
        "count": len(shown),
        "next": following,
    }


def _child(view: View, event: Event, entity: Xdm, organisation: Organisation) -> Xdm:
    return {
        "relatedEntityId": view.xid,
        "entityId": event.id,
        "timestamp": event.time,
        "sourceId": organisation.dataset_numbered(event.dataset).id,
        "entity": entity,
        "lastModifiedAt": rfc3339(event.modified),
    }
