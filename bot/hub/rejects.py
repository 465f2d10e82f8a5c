"""A record that can't be taken in, and why."""

from __future__ import annotations


class Rejected(Exception):
    """One record is refused; those around it aren't concerned.

    `path` is where in the record, dotted (`person.name.lastName`, `productListItems.0.quantity`; empty for the whole of it);
    `reason` says what would be right and never repeats a value, so both may be kept and shown.
    """

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(path, reason)
        self.path = path
        self.reason = reason
