"""Expressions as Adobe's services carry them. Pure."""

from __future__ import annotations

from typing import Any

from bot.hub.malformed import Malformed
from bot.hub.model import Xdm


def stated(expression: Any) -> Xdm:
    """The expression, in PQL's text format, with nothing but what names it. Raises Malformed. What it says isn't looked at."""
    if not isinstance(expression, dict) or not isinstance(expression.get("value"), str):
        raise Malformed('expression is required: {"type": "PQL", "format": "pql/text", "value": …}')
    if str(expression.get("type", "PQL")).upper() != "PQL" or expression.get("format", "pql/text") != "pql/text":
        raise Malformed("expression is of type PQL and in the format pql/text")
    return {"type": "PQL", "format": "pql/text", "value": expression["value"]}
