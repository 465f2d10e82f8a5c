"""Where events arrive, and how they come to lie where they stay.

A file brings events of people at random. Among ten million of them each would lie in another page of one large table, which is
written twice, to the log and to the file. So events arrive in a small table, `event_recent`, whose pages many of them share, and
move from there to `event_archive` in turns: whoever stores an event moves all recent ones of the identities whose turn it is.
Whoever reads sees both as one, `event`.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

RECENT = 500_000
"""Events in which everybody's turn comes once, so that half as many are recent. Pages are written least, for ten million events
and some ten thousand at once, if a transaction moves about as many as it stores into as many pages of either table.
"""


def archive(connection: sqlite3.Connection, first: int, count: int, *, within: int = RECENT) -> None:
    """Move the recent events of the identities whose turn it is when the events `first` and the `count - 1` after it are stored.

    Those numbers only grow, and take the turn round all identities once `within` so many events: nothing else needs to be
    remembered. Of identities that are new meanwhile some may wait for the next round. Inside the caller's transaction.
    """
    (identities,) = connection.execute("SELECT coalesce(max(id), 0) + 1 FROM identity").fetchone()
    for begin, end in _turns(first % within, min(count, within), within):
        reach = begin * identities // within, end * identities // within
        connection.execute("INSERT INTO event_archive SELECT * FROM event_recent WHERE identity >= ? AND identity < ?", reach)
        connection.execute("DELETE FROM event_recent WHERE identity >= ? AND identity < ?", reach)


def _turns(begin: int, count: int, whole: int) -> Iterator[tuple[int, int]]:
    """From where to where `count` steps lead on a circle of `whole`, in one piece or two."""
    end = begin + count
    yield begin, min(end, whole)
    if end > whole:
        yield 0, end - whole
