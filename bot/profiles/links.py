"""Links between pages of an answer. They come from outside, and a token is sent wherever they lead."""

from __future__ import annotations

from urllib.parse import SplitResult, quote, urlsplit

ACCESS = "/data/core/ups/access"
"""What the links in Adobe's answers are relative to."""

_AS_IT_STANDS = "%/?:@!$&'()*+,;=[]|"
"""Encoded already, or of a meaning of its own. Anything else odd would end up in the head of a request."""


def next_path(href: object, base: str) -> str | None:
    """The path, below `base` and encoded, of a link in an answer; None for no link, and for one that leads to another host.

    Adobe's links begin `/entities?…` and are relative to `/data/core/ups/access`.
    """
    if not isinstance(href, str) or not href.strip():
        return None
    try:
        link, home = urlsplit(href.strip()), urlsplit(base)
        elsewhere = bool(link.scheme or link.netloc) and _origin(link, home.scheme) != _origin(home, home.scheme)
    except ValueError:
        return None
    if elsewhere:
        return None
    path = link.path.removeprefix(home.path.rstrip("/")) or "/entities"
    whole = path if path.startswith(f"{ACCESS}/") else f"{ACCESS}/{path.lstrip('/')}"
    return quote(f"{whole}?{link.query}" if link.query else whole, safe=_AS_IT_STANDS)


def _origin(url: SplitResult, scheme: str) -> tuple[str, str | None, int | None]:
    scheme = url.scheme or scheme
    return scheme, url.hostname, url.port or {"https": 443, "http": 80}.get(scheme)
