"""The identities inside a profile, wherever Adobe put them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping


def identities_of(entity: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    """(namespace code, value) of each identity, doubles included.

    Real data has them in `identityMap.<code>[].id`, Adobe's documents in `identities[] {id, namespace: {code}}`.
    """
    yield from _mapped(entity.get("identityMap", entity.get("xdm:identityMap")))
    yield from _listed(entity.get("identities"))


def _mapped(identity_map: object) -> Iterator[tuple[str, str]]:
    for code, members in identity_map.items() if isinstance(identity_map, dict) else ():
        for member in members if isinstance(members, list) else ():
            value = member.get("id", member.get("xdm:id")) if isinstance(member, dict) else None
            if isinstance(value, str) and value:
                yield code, value


def _listed(identities: object) -> Iterator[tuple[str, str]]:
    for member in identities if isinstance(identities, list) else ():
        namespace = member.get("namespace") if isinstance(member, dict) else None
        code, value = (namespace.get("code"), member.get("id")) if isinstance(namespace, dict) else (None, None)
        if isinstance(code, str) and isinstance(value, str) and value:
            yield code, value
