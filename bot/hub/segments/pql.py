"""Profile Query Language: the part of it that the hub evaluates ("Profile Query Language (PQL) overview").

Comparisons, `and`/`or`/`not`, `in`, `like`, `occurs`, filters in brackets and function calls; lambdas, `select`, `exists`,
`forall` and `CHAIN` aren't read. What the words mean stands in `rules`, `functions` and `times`.
"""

from __future__ import annotations

from datetime import date
from functools import cache, lru_cache

import orjson
from lark import Lark, Token, Transformer, UnexpectedInput, v_args

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
    Period,
    Relative,
    Side,
    Time,
    Unit,
    Unreadable,
    levels,
)

LONGEST = 10_000
"""Characters of an expression."""

DEEPEST = 50
"""Levels of nesting of an expression."""

GRAMMAR = r"""
start: _condition
_condition: disjunction | _all
disjunction: _all (_OR _all)+
_all: conjunction | _one
conjunction: _one (_AND _one)+
_one: negation | _comparison
negation: _NOT _one
_comparison: comparison | occurs | _operand
comparison: _operand (COMPARISON | IN | LIKE) _operand
occurs: _operand _OCCURS _period

_period: distance | side | during | between
distance: COMPARISON COUNT UNIT DIRECTION _time
side: SIDE _time
during: _ON? _time
between: _BETWEEN _time _AND _time
_time: named | relative | field | function
relative: RELATIVE UNIT
field: NAME ("." MEMBER)*

_operand: root | member | method | filter | text | number | truth | items | composed | named | function | "(" _condition ")"
root: NAME
member: _operand "." MEMBER
method: _operand "." MEMBER "(" (_condition ("," _condition)*)? ")"
filter: _operand "[" _condition "]"
function: NAME "(" (_condition ("," _condition)*)? ")"
items: "[" (_condition ("," _condition)*)? "]"
composed: "{" pair ("," pair)* "}"
pair: STRING ":" _condition
text: STRING
number: NUMBER
truth: TRUTH
named: NAMED

_OR.3: /or\b/
_AND.3: /and\b/
_NOT.3: /not\b/
_OCCURS.3: /occurs\b/
_BETWEEN.3: /between\b/
_ON.3: /on\b/
IN.3: /(in|notIn)\b/
LIKE.3: /like\b/
TRUTH.3: /(true|false)\b/
NAMED.3: /(now|today|yesterday|tomorrow)\b/
RELATIVE.3: /(this|last|next)\b/
SIDE.3: /(before|after)\b/
DIRECTION.3: /(before|after|from)\b/
UNIT.3: /(((milli)?second|minute|hour|day|week|month|year|decade)s?|century|centuries|millennium|millennia)\b/
COMPARISON: "!=" | "<=" | ">=" | "=" | "<" | ">"
COUNT: /[0-9]{1,6}(?![\w.])/
NUMBER: /-?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?\b/
STRING: /"([^"\\\n]|\\.)*"/
NAME: /[^\W\d]\w*|\$1\b/
MEMBER: /@?\w[\w-]*/
%ignore /\s+/
"""

_UNITS = {"centuries": Unit.CENTURY, "millennia": Unit.MILLENNIUM}
_STEPS = {"this": 0, "last": -1, "next": 1}
_UNREAD = frozenset({"select", "exists", "forall", "CHAIN"})

_EXPECTED = {
    "NAME": "a field",
    "MEMBER": "a field or a function",
    "COMPARISON": "a comparison",
    "UNIT": "a unit of time",
    "COUNT": "a whole number",
    "DIRECTION": "before, after or from",
    "STRING": "a value",
    "NUMBER": "a value",
    "TRUTH": "a value",
    "RPAR": ")",
    "RSQB": "]",
    "RBRACE": "}",
    "LPAR": "(",
    "COLON": ":",
    "COMMA": ",",
    "$END": "the end",
}


@lru_cache(maxsize=4096)
def parsed(text: str) -> Expression:
    """The expression, kept for the next time. Raises `Unreadable`, saying at which line and column."""
    if len(text) > LONGEST:
        raise Unreadable(f"longer than {LONGEST} characters")
    try:
        expression: Expression = _parser().parse(text)  # type: ignore[assignment]  # the transformer makes expressions of trees
    except UnexpectedInput as error:
        raise Unreadable(f"line {error.line}, column {error.column}: {_wanted(text, error)}") from None
    if levels(expression) > DEEPEST:
        raise Unreadable(f"nested more than {DEEPEST} levels deep")
    return expression


def _wanted(text: str, error: UnexpectedInput) -> str:
    if any(word in text.replace("(", " ").split() for word in _UNREAD):
        return f"{', '.join(sorted(_UNREAD))} aren't supported: filter with brackets instead, e.g. xEvent[…]"
    names = getattr(error, "accepts", None) or getattr(error, "allowed", None) or ()
    wanted = sorted({_EXPECTED[name] for name in names if name in _EXPECTED})
    return f"expected {' or '.join(wanted)}" if wanted else "not PQL"


@cache
def _parser() -> Lark:
    return Lark(GRAMMAR, parser="lalr", transformer=_Tree())


@v_args(inline=True)
class _Tree(Transformer[Token, Expression]):
    """From the words as they are read to the expression: one method for each rule of the grammar."""

    def start(self, expression: Expression) -> Expression:
        return expression

    def disjunction(self, *conditions: Expression) -> Expression:
        return Any(conditions)

    def conjunction(self, *conditions: Expression) -> Expression:
        return All(conditions)

    def negation(self, condition: Expression) -> Expression:
        return Not(condition)

    def comparison(self, left: Expression, operator: Token, right: Expression) -> Expression:
        return Comparison(str(operator), left, right)

    def occurs(self, what: Expression, period: Period) -> Expression:
        return Occurs(what, period)

    def distance(self, operator: Token, count: Token, unit: Token, direction: Token, time: Time) -> Period:
        return Distance(str(operator), int(count), _unit(unit), str(direction), time)

    def side(self, direction: Token, time: Time) -> Period:
        return Side(str(direction), time)

    def during(self, time: Time) -> Period:
        return During(time)

    def between(self, first: Time, last: Time) -> Period:
        return Between(first, last)

    def relative(self, which: Token, unit: Token) -> Time:
        return Relative(_STEPS[which], _unit(unit))

    def named(self, name: Token) -> Time:
        return Named(str(name))

    def field(self, *names: Token) -> Time:
        return Field(tuple(map(str, names[1:] if names[0] == "$1" else names)))

    def root(self, name: Token) -> Expression:
        return Field(() if name == "$1" else (str(name),))

    def member(self, of: Expression, name: Token) -> Expression:
        return Field((*of.path, str(name)), of.of) if isinstance(of, Field) else Field((str(name),), of)

    def method(self, of: Expression, name: Token, *arguments: Expression) -> Expression:
        return Call(of, str(name), arguments)

    def filter(self, of: Expression, condition: Expression) -> Expression:
        return Filter(of, condition)

    def function(self, name: Token, *arguments: Expression) -> Expression:
        return _day(arguments) if name == "date" else Call(None, str(name), arguments)

    def items(self, *items: Expression) -> Expression:
        return Items(items)

    def composed(self, *pairs: tuple[str, Expression]) -> Expression:
        return Composed(pairs)

    def pair(self, name: Token, value: Expression) -> tuple[str, Expression]:
        return _text(name), value

    def text(self, text: Token) -> Expression:
        return Literal(_text(text))

    def number(self, number: Token) -> Expression:
        return Literal(int(number) if number.lstrip("-").isdecimal() else float(number))

    def truth(self, truth: Token) -> Expression:
        return Literal(truth == "true")


def _unit(word: Token) -> Unit:
    return _UNITS.get(word) or Unit(word.removesuffix("s") if word != "century" else word)


def _text(quoted: Token) -> str:
    try:
        return str(orjson.loads(str(quoted)))
    except orjson.JSONDecodeError:
        raise Unreadable(f"line {quoted.line}, column {quoted.column}: text is escaped as in JSON") from None


def _day(arguments: tuple[Expression, ...]) -> Day:
    numbers = [each.value for each in arguments if isinstance(each, Literal) and type(each.value) is int]
    try:
        year, month, day = numbers
        return Day(*date(year, month, day).timetuple()[:3])
    except ValueError:
        raise Unreadable("date(year, month, day) takes three whole numbers that are a day of the calendar") from None
