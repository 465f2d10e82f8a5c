"""What somebody sent to configure the hub can't be taken."""

from __future__ import annotations


class Malformed(ValueError):
    """The text says where, what is wrong and what would be right; each service has its own body to tell it in."""
