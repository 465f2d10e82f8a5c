from __future__ import annotations

from typing import Any

import pytest

from bot.hub.patching import patched

DOCUMENT: dict[str, Any] = {"a": {"b/c": 1}, "list": [1, 2]}


@pytest.mark.parametrize(
    ("operation", "expected"),
    [
        ({"op": "add", "path": "/x", "value": [1]}, DOCUMENT | {"x": [1]}),
        ({"op": "add", "path": "/list/-", "value": 3}, DOCUMENT | {"list": [1, 2, 3]}),
        ({"op": "add", "path": "/list/0", "value": 0}, DOCUMENT | {"list": [0, 1, 2]}),
        ({"op": "add", "path": "/a/b~1c", "value": 2}, DOCUMENT | {"a": {"b/c": 2}}),
        ({"op": "remove", "path": "/list/0"}, DOCUMENT | {"list": [2]}),
        ({"op": "remove", "path": "/a"}, {"list": [1, 2]}),
        ({"op": "replace", "path": "/list/1", "value": 9}, DOCUMENT | {"list": [1, 9]}),
        ({"op": "replace", "path": "", "value": {}}, {}),
        ({"op": "move", "from": "/a/b~1c", "path": "/d"}, {"a": {}, "list": [1, 2], "d": 1}),
        ({"op": "copy", "from": "/list", "path": "/a/l"}, {"a": {"b/c": 1, "l": [1, 2]}, "list": [1, 2]}),
        ({"op": "test", "path": "/list/0", "value": 1}, DOCUMENT),
    ],
)
def test_operations(operation: dict[str, Any], expected: Any) -> None:
    """Each operation of RFC 6902 does what it says, on a copy."""
    before = {"a": {"b/c": 1}, "list": [1, 2]}

    assert patched(before, [operation]) == expected
    assert before == DOCUMENT


def test_in_order() -> None:
    """Operations are done one after the other."""
    operations = [{"op": "add", "path": "/x", "value": {}}, {"op": "add", "path": "/x/y", "value": 1}]

    assert patched({}, operations) == {"x": {"y": 1}}


@pytest.mark.parametrize(
    "operation",
    [
        {"op": "increment", "path": "/a"},
        {"op": "add", "path": "/x"},
        {"op": "add", "path": "x", "value": 1},
        {"op": "add", "path": ["x"], "value": 1},
        {"op": ["add"], "path": "/x", "value": 1},
        {"op": "add", "path": "/x/y", "value": 1},
        {"op": "add", "path": "/list/3", "value": 1},
        {"op": "add", "path": "/list/01x", "value": 1},
        {"op": "add", "path": "/list/0/deeper", "value": 1},
        {"op": "replace", "path": "/x", "value": 1},
        {"op": "remove", "path": "/list/2"},
        {"op": "remove", "path": "/list/-"},
        {"op": "remove", "path": ""},
        {"op": "test", "path": "/list/0", "value": 2},
        {"path": "/a"},
        "add",
        7,
    ],
)
def test_refused(operation: Any) -> None:
    """An operation that can't be done is told by its place, and nothing is changed."""
    before = {"a": {"b/c": 1}, "list": [1, 2]}
    with pytest.raises(ValueError, match="operation 1 can't be done"):
        patched(before, [{"op": "add", "path": "/new", "value": 1}, operation])

    assert before == DOCUMENT


@pytest.mark.parametrize("operations", [None, {}, "add", 7])
def test_no_patch(operations: Any) -> None:
    """What isn't a list of operations is no patch."""
    with pytest.raises(ValueError, match="array of operations"):
        patched({}, operations)
