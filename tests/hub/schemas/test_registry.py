from __future__ import annotations

from bot.hub.schemas.registry import FIELD_GROUPS, SCHEMAS, alt_id, new_id, registered, revised, without


def test_ids() -> None:
    """Ids are Adobe's in form, another for each resource, the same each time; the other spelling follows from them."""
    ids = [new_id(container, "demo", number) for container in (SCHEMAS, FIELD_GROUPS) for number in (1, 2)]

    assert len(set(ids)) == 4
    assert ids[0] == new_id(SCHEMAS, "demo", 1)
    assert ids[2].startswith("https://ns.adobe.com/demo/mixins/")
    assert alt_id("https://ns.adobe.com/xdm/context/profile") == "_xdm.context.profile"


def test_versions() -> None:
    """What a client says of id, version and dates doesn't count: each change makes the next minor version."""
    first = registered({"title": "A", "version": "7", "$id": "mine"}, SCHEMAS, "s", 1)
    second = revised(first, {"title": "B"}, 2)

    assert (first["$id"], first["version"], second["version"], second["title"]) == ("s", "1.0", "1.1", "B")
    assert second["meta:registryMetadata"] == {"repo:createdDate": 1, "repo:lastModifiedDate": 2}


def test_without_texts() -> None:
    """Texts of definitions can be left out; a field with such a name is none of them."""
    resource = {
        "title": "A",
        "properties": {"title": {"type": "string", "title": "Title", "meta:enum": {"title": "T"}}},
        "allOf": [{"title": "x"}],
    }

    assert without(resource, frozenset({"title"})) == {
        "properties": {"title": {"type": "string", "meta:enum": {"title": "T"}}},
        "allOf": [{}],
    }
