from __future__ import annotations

import re
from pathlib import Path

import pytest

from bot.hub.segments import rules
from bot.hub.segments.computing import Function, aggregate
from bot.hub.segments.functions import USAGE
from bot.hub.segments.pql import parsed

PAGE = (Path(__file__).parents[3] / "docs" / "audiences.md").read_text("utf-8")


def examples(language: str) -> list[str]:
    return [line for block in re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL) for line in block.splitlines()]


@pytest.mark.parametrize("text", examples("pql"))
def test_rules(text: str) -> None:
    """Each rule on the page can be evaluated."""
    assert rules.condition(parsed(text), 0)(rules.Subject({}, [])) is False


def test_computed() -> None:
    """The computed attributes on the page show all of Adobe's functions."""
    assert {aggregate(parsed(text)).function for text in examples("pql-computed")} == set(Function)


@pytest.mark.parametrize("function", sorted(USAGE))
def test_functions(function: str) -> None:
    """Each function is on the page."""
    assert f"`{function}(" in PAGE or f"`{function}`" in PAGE


@pytest.mark.parametrize(
    "period", re.findall(r"`((?:[<>=]+ \d|before |after |this |on |between ).*?)`", PAGE.partition("Functions:")[0], re.DOTALL)
)
def test_periods(period: str) -> None:
    """Each form of `occurs` on the page can be evaluated."""
    rule = parsed(f"timestamp occurs {period}")

    assert rules.condition(rule, 0)(rules.Subject({}, [])) is False
