"""Large files that are uploaded in parts (`PATCH` with `Content-Range`), each to its place in the file."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

_RANGE = re.compile(r"bytes[ =](\d{1,13})-(\d{1,13})(?:/(?:\d+|\*))?")

Part = tuple[int, int]
"""First byte and last byte."""


def part_of(content_range: str) -> Part:
    """The part that a `Content-Range` header names. Raises ValueError."""
    found = _RANGE.fullmatch(content_range.strip())
    if found is None or int(found[1]) > int(found[2]):
        raise ValueError("Content-Range must name first and last byte: bytes 0-1048575")
    return int(found[1]), int(found[2])


def check_whole(parts: Iterable[Sequence[int]]) -> None:
    """Pass if they follow each other from the first byte on.

    Raises:
        ValueError: they overlap, or one is missing ("Batch ingestion troubleshooting guide": 400).
    """
    expected = 0
    for first, last in sorted((first, last) for first, last in parts):
        if first != expected:
            raise ValueError(f"the parts {'overlap' if first < expected else 'leave a gap'} at byte {min(first, expected)}")
        expected = last + 1
    if expected == 0:
        raise ValueError("no part was uploaded")
