"""`fields`: which XDM paths an answer keeps ("Entities": "a list of dotted paths, separated by commas, without spaces")."""

from __future__ import annotations

from typing import Any

Selection = dict[str, "Selection"]
"""Keys to keep, each with what to keep below it; an empty selection keeps everything."""


def selection(fields: str) -> Selection:
    """Parse e.g. `person.name,loyalty.tier`. The shorter path wins: `person,person.name` keeps all of `person`."""
    root: Selection = {}
    for path in sorted(filter(None, fields.split(",")), key=len, reverse=True):
        *above, last = path.split(".")
        node = root
        for key in above:
            node = node.setdefault(key, {})
        node[last] = {}
    return root


def prune(value: Any, keep: Selection) -> Any:
    """A copy of `value` with the selected paths alone. Lists are walked through, and what isn't there is left out."""
    if not keep:
        return value
    if isinstance(value, list):
        return [pruned for item in value if (pruned := prune(item, keep))]
    if not isinstance(value, dict):
        return None
    pruned_items = ((key, prune(value[key], below), below) for key, below in keep.items() if key in value)
    return {key: pruned for key, pruned, below in pruned_items if pruned or not below}
