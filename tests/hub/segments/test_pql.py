from __future__ import annotations

from pathlib import Path

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.hub import invented
from bot.hub.segments import rules
from bot.hub.segments.pql import DEEPEST, LONGEST, parsed
from bot.hub.segments.syntax import (
    All,
    Any,
    Between,
    Call,
    Comparison,
    Composed,
    Day,
    Distance,
    During,
    Expression,
    Field,
    Filter,
    Items,
    Literal,
    Named,
    Not,
    Occurs,
    Relative,
    Side,
    Unit,
    Unreadable,
)

A, B, C = (Comparison("=", Field((name,)), Literal(1)) for name in "abc")
TIMESTAMP = Field(("timestamp",))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('person.name.lastName = "Lovelace"', Comparison("=", Field(("person", "name", "lastName")), Literal("Lovelace"))),
        ("a>=-1.5e3", Comparison(">=", Field(("a",)), Literal(-1500.0))),
        ("a != true", Comparison("!=", Field(("a",)), Literal(True))),
        ('tier in ["gold", 1]', Comparison("in", Field(("tier",)), Items((Literal("gold"), Literal(1))))),
        ("tier notIn []", Comparison("notIn", Field(("tier",)), Items(()))),
        ('city like "%es%"', Comparison("like", Field(("city",)), Literal("%es%"))),
        ("$1.a = 1", A),
        ("a = 1 and b = 1 or c = 1", Any((All((A, B)), C))),
        ("a = 1 and (b = 1 or c = 1)", All((A, Any((B, C))))),
        ("not a = 1 and b = 1", All((Not(A), B))),
        ("xEvent[a = 1].count()", Call(Filter(Field(("xEvent",)), A), "count")),
        ('a.equals("x", false)', Call(Field(("a",)), "equals", (Literal("x"), Literal(False)))),
        ("a.head().b.c", Field(("b", "c"), Call(Field(("a",)), "head"))),
        ('a.map({"t": timestamp})', Call(Field(("a",)), "map", (Composed((("t", TIMESTAMP),)),))),
        ("currentYear()", Call(None, "currentYear")),
        ("a >= date(2026, 3, 14)", Comparison(">=", Field(("a",)), Day(2026, 3, 14))),
        ("a < today", Comparison("<", Field(("a",)), Named("today"))),
        ("a occurs < 30 days before now", Occurs(Field(("a",)), Distance("<", 30, Unit.DAY, "before", Named("now")))),
        ("a occurs = 1 century from b.c", Occurs(Field(("a",)), Distance("=", 1, Unit.CENTURY, "from", Field(("b", "c"))))),
        ("a occurs before last week", Occurs(Field(("a",)), Side("before", Relative(-1, Unit.WEEK)))),
        ("a occurs on date(2019,12,31)", Occurs(Field(("a",)), During(Day(2019, 12, 31)))),
        ("a occurs next millennia", Occurs(Field(("a",)), During(Relative(1, Unit.MILLENNIUM)))),
        ("a occurs between b and today and b = 1", All((Occurs(Field(("a",)), Between(Field(("b",)), Named("today"))), B))),
    ],
)
def test_reads(text: str, expected: Expression) -> None:
    """Adobe's forms are read, `and` binding tighter than `or` and `not` tighter than both."""
    assert expected == parsed(text)


@pytest.mark.parametrize("name", ["android", "order", "notes", "inStock", "occursAt", "lastSeen", "nowhere", "truest", "onSale"])
def test_words_within_names(name: str) -> None:
    """A field may begin with a word of the language, and one after a dot may be one."""
    assert Comparison("=", Field((name, "in", "not")), Literal(1)) == parsed(f"{name}.in.not = 1")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "line 1, column 1: expected"),
        ("a.b before", "line 1, column 5: expected ( or a comparison or the end"),
        ("a = 1 and\n  b occurs < 3 apples before now", "line 2, column 16: expected a unit of time"),
        ("a occurs < 1.5 days before now", "line 1, column 12: expected a whole number"),
        ("(a = 1", "expected )"),
        ("a = 'x'", "line 1, column 5: expected"),
        ('a = "\\w"', "line 1, column 5: text is escaped as in JSON"),
        ("a < date(2026, 2, 30)", "a day of the calendar"),
        ("a < date(b)", "date(year, month, day) takes three whole numbers"),
        ("exists E from xEvent where E.a > 50", "filter with brackets instead"),
        ("CHAIN(xEvent, timestamp, [A: WHAT(a = 1)])", "filter with brackets instead"),
        ("a" * (LONGEST + 1), f"longer than {LONGEST} characters"),
        ("not " * (DEEPEST + 1) + "a", f"nested more than {DEEPEST} levels deep"),
        ("(" * 4000 + "a" + ")" * 4000 + ".b[not not a]" * 30, f"nested more than {DEEPEST} levels deep"),
    ],
)
def test_unreadable(text: str, told: str) -> None:
    """What isn't PQL is refused with the place, and what would be right."""
    with pytest.raises(Unreadable) as refused:
        parsed(text)

    assert told in str(refused.value)


@given(st.text(max_size=40) | st.lists(st.sampled_from([*'ab.()[]"=<> 1', " and ", " not ", " occurs ", " in "])).map("".join))
def test_anything(text: str) -> None:
    """Any text is an expression or is refused: nothing else comes of it."""
    try:
        expression = parsed(text)
    except Unreadable:
        return

    assert expression == parsed(text)


def test_nothing_told_of_values() -> None:
    """What is told of an expression doesn't repeat its texts, which may name people."""
    with pytest.raises(Unreadable) as refused:
        parsed('personalEmail.address = "ada@example.com" "')

    assert "ada" not in str(refused.value)


@pytest.mark.parametrize(
    "path", sorted((Path(invented.__file__).parent / "configuration" / "audiences").glob("*.json")), ids=lambda path: path.stem
)
def test_sample(path: Path) -> None:
    """The sample's audiences are all readable, and can be evaluated."""
    expression = orjson.loads(path.read_bytes())["expression"]["value"]

    assert rules.condition(parsed(expression), 0)(rules.Subject({}, [])) in {True, False}
