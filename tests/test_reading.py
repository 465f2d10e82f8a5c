"""What people type or paste, and what it means."""

from __future__ import annotations

import contextlib
import time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.errors import (
    NotAnIdentity,
    NothingAsked,
    NotUnderstood,
    PersonMentioned,
    SeveralIdentities,
    UnknownNamespace,
    ValueNotAccepted,
)
from bot.normalise import LONGEST_VALUE
from bot.question import Identity, Question, StatusQuestion
from bot.reading import LONGEST_TEXT, MOST_OFFERED, command, likely_typos, parse
from tests.factories import ADA, config, configured

PHONE = Identity("Phone", "+493023125123")
CRM = Identity("CRMID", "C-10001")
MUNICH = Identity("Email", "ada@münchen.example")

ADDRESSES = [
    "ada@example.com",
    "  ada@example.com\n",
    "ADA@Example.COM",
    "<mailto:ada@example.com|ada@example.com>",
    "<mailto:ada@example.com>",
    "<mailto:ada@example.com?subject=Hello|write>",
    "<MAILTO:ada@example.com|Ada>",
    "mailto:ada@example.com",
    "email:ada@example.com",
    "Email: ada@example.com",
    "e-mail:<mailto:ada@example.com|ada@example.com>",
    "“ada@example.com”",
    "„ada@example.com‟",
    "«ada@example.com»",
    "‘ada@example.com’",
    "`ada@example.com`",
    "*ada@example.com*",
    "~ada@example.com~",
    "(ada@example.com)",
    "[ada@example.com]",
    "&lt;ada@example.com&gt;",
    "<ada@example.com>",
    "\u00a0ada@example.com\u00a0",
    "\u3000ada@example.com",
    "ada\u200b@example.com",
    "\ufeffada@example.com",
    "ada@exam\u00adple.com",
    "\u202aada@example.com\u202c",
    "\u2066ada@example.com\u2069",
    "ada\x00@example.com",
    "ada＠example.com",
    "ａｄａ@example.com",
    "ada@example.com.",
    "ada@example.com!",
    "ada@example.com?",
    "ada@example.com:",
    "ada@example.com,",
    "ada@example.com;",
    "Ada Lovelace <ada@example.com>",
    "Ada Lovelace &lt;ada@example.com&gt;",
    "Ada Lovelace <mailto:ada@example.com|ada@example.com>",
    '"Lovelace, Ada" <ada@example.com>',
    "ada@example.com (Ada Lovelace)",
    "Ada (ada@example.com)",
    "who is ada@example.com?",
    "ada@example.com ada@example.com",
    "ada@example.com, ADA@example.com",
    "ada@example.com,mail:ada@example.com",
    "mailto:ada@example.com?subject=Hello",
    "email:Ada Lovelace <ada@example.com>",
    "email: Ada <mailto:ada@example.com|ada@example.com>",
    "e-mail : ada@example.com please",
    "email:Ada<ada@example.com>",
    "Ada(ada@example.com)",
    "re: ada@example.com",
    "Subject: hi ada@example.com",
    "Name: Ada, email: ada@example.com",
    "foo:bar ada@example.com",
    "Kunde: 4711 0815 22 ada@example.com",
    "https://example.com/bob@example.com ada@example.com",
    "ada@example.com <@U1>",
    "<@U1> ada@example.com",
    "ada@example.com, Hauptstr. 12, 10115 Berlin",
    "order 12345678901234567890 of ada@example.com",
]
NUMBERS = [
    "+49 30 23125 123",
    "+493023125123",
    "<tel:+493023125123|+49 30 23125 123>",
    "<tel:+493023125123>",
    "tel:+493023125123",
    "Tel: +49 30 23125 123",
    "phone:030 23125123",
    "Telefon: (030) 23125-123",
    "(030) 23125-123",
    "030/23125-123",
    "030 – 23125 – 123",
    "030.23125.123",
    "(+49) 30 23125 123",
    "(+49 30) 23125 123",
    "+49 (0)30 23125 123",
    "+49 (0) 30 / 23125 - 123",
    "0049 30 23125 123",
    "+49\u00a030\u00a023125\u00a0123",
    "+49 30 23125‑123",
    "＋４９ ３０ ２３１２５ １２３",
    "٠٣٠٢٣١٢٥١٢٣",
    "+49 30 23125 123.",
    "+49 30 23125 123?",
    '"+49 30 23125 123"',
    "(030 23125 123)",
    "\u202d+49 30 23125 123\u202c",
    "Call +49 30 23125 123 now",
    "Ada Lovelace 030 23125123",
    "tel. 030 23125123",
    "tel : 030 23125123 please",
    "Handy: +49 30 23125 123",
    'phone:"030 23125123"',
    "phone: <030 23125123>",
    "+49 30 23125 123 ext 5",
    "+49 30 23125 123 Ext. 5",
    "+49 30 23125 123x12",
    "phone:030 23125123 #5",
]
OTHERS = [
    ("crm:C-10001", CRM),
    ("CRM:c-10001", CRM),
    ("crmid: C-10001", CRM),
    ("crm:  C‑10001", CRM),
    ("crm:“C-10001”", CRM),
    ("crm:C-10001.", CRM),
    ("crm: C - 10001", CRM),
    ("crm:<http://C-10001|C-10001>", CRM),
    ("crm:C&amp;A", Identity("CRMID", "C&A")),
    ("crm:a﹘b", Identity("CRMID", "A-B")),
    ("crm:ße\u0301", Identity("CRMID", "SSÉ")),
    ("crm:(a)b", Identity("CRMID", "(A)B")),
    ("crm:a(b)", Identity("CRMID", "A(B)")),
    ("crm:a)b", Identity("CRMID", "A)B")),
    ("crm:a:b", Identity("CRMID", "A:B")),
    ("ecid:384 000-11", Identity("ECID", "38400011")),
    ("loyalty:l-200001", Identity("Loyalty", "L-200001")),
    ("member: L 200001", Identity("Loyalty", "L200001")),
    ("ada+shop@example.com", Identity("Email", "ada+shop@example.com")),
    ("ada@münchen.example", MUNICH),
    ("ada@MÜNCHEN.example", MUNICH),
    ("ada@mu\u0308nchen.example", MUNICH),
    ("ada@xn--mnchen-3ya.example", MUNICH),
    ("email:ada@localhost", Identity("Email", "ada@localhost")),
    ("email:Ada..L@example.com", Identity("Email", "ada..l@example.com")),
    ("email:ada.@example.com", Identity("Email", "ada.@example.com")),
    ("+44 20 7946 0000", Identity("Phone", "+442079460000")),
    ("+1 (415) 555-0100 x12", Identity("Phone", "+14155550100")),
    ("crm:C-10001 please", CRM),
    ("crm : C-10001", CRM),
    ("(crm:C-10001)", CRM),
    ('crm:"C-1 0001" please', CRM),
    ("crm:C-10001, gold", CRM),
    ("crm:C-10001 <@U1>", CRM),
    ("member: 2000 0123 4567 since", Identity("Loyalty", "200001234567")),
    ("crm:a/1.2-b", Identity("CRMID", "A/1.2-B")),
    ("crm:ada@example.com", Identity("CRMID", "ADA@EXAMPLE.COM")),
    ("ecid:384 000 11 is it", Identity("ECID", "38400011")),
    ("123456@example.com", Identity("Email", "123456@example.com")),
]


def escaped(text: str) -> str:
    """As Slack sends what was typed."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


@pytest.mark.parametrize("text", ADDRESSES)
def test_address(text: str) -> None:
    """However an address is pasted, it is the same address."""
    assert parse(text, config()) == Question(ADA)


@pytest.mark.parametrize("text", NUMBERS)
def test_number(text: str) -> None:
    """However a phone number is written, it is the same number, in E.164; without +country it is a German one."""
    assert parse(text, config()) == Question(PHONE)


@pytest.mark.parametrize(("text", "expected"), OTHERS)
def test_others(text: str, expected: Identity) -> None:
    """Each namespace has its own form; an alias before a colon names it."""
    assert parse(text, config()) == Question(expected)


def test_none() -> None:
    """A namespace without a form takes values as they were typed, but for what surrounds them."""
    ids = [{"code": "Shop", "label": "Shop", "aliases": ["shop"], "example": "shop:a B"}, {**LOWER, "normalise": "lower"}]

    assert parse("shop: a  B. ", configured(namespaces=ids)).identity == Identity("Shop", "a B")
    assert parse("shop: a 1 b, please low", configured(namespaces=ids)).identity == Identity("Shop", "a 1 b")
    assert parse("low: Ä b", configured(namespaces=ids)).identity == Identity("Low", "äb")


LOWER = {"code": "Low", "label": "Low", "aliases": ["low"], "example": "low:a"}


def test_without_addresses() -> None:
    """An address is no identity where no namespace holds addresses."""
    with pytest.raises(NotAnIdentity):
        parse("ada@example.com", configured(namespaces=[LOWER]))


@pytest.mark.parametrize("text", ["", "  ", "\u200b", "help", "HELP", "help!", "Hilfe", "?", "??", " ? ", "--help", "-h", "..."])
def test_nothing(text: str) -> None:
    """Nothing, a question mark and the word "help" ask for help."""
    with pytest.raises(NothingAsked):
        parse(text, config())


@pytest.mark.parametrize("text", ["<@U123ABC>", "<@U123ABC|ada>", "who is <@U1>", "<!subteam^S123>", "<!here>", "<@U1> 12"])
def test_mention(text: str) -> None:
    """A member or a group of Slack is no customer."""
    with pytest.raises(PersonMentioned):
        parse(text, config())


@pytest.mark.parametrize(
    ("text", "typed"),
    [
        ("Ada Lovelace", "Ada Lovelace"),
        ("<#C123|general>", "general"),
        ("1234", "1234"),
        ("C-10001", "C-10001"),
        ("🦊", "🦊"),
        (",;|", ",;|"),
        ("<https://example.com/?q=1|example.com>", "example.com"),
        ("C-1000123", "C-1000123"),
        ("10115 Berlin", "10115 Berlin"),
    ],
)
def test_garbage(text: str, typed: str) -> None:
    """What holds no identity is said so, as it was read."""
    with pytest.raises(NotAnIdentity) as refused:
        parse(text, config())

    assert refused.value.typed == typed


@pytest.mark.parametrize(
    ("text", "alias"),
    [
        ("foo:bar", "foo"),
        ("kunde: 17", "kunde"),
        ("foo: 12345678", "foo"),
        ("foo:", "foo"),
        ("foo: <@U1>", "foo"),
        ("foo:bar:baz", "foo"),
        ("https://example.com", "https"),
    ],
)
def test_unknown_namespace(text: str, alias: str) -> None:
    """An unknown alias is named, where nothing else could be read."""
    with pytest.raises(UnknownNamespace) as refused:
        parse(text, config())

    assert refused.value.alias == alias


@pytest.mark.parametrize(
    ("text", "namespace", "reason"),
    [
        ("ada@", "Email", "invalid_email"),
        ("@example.com", "Email", "invalid_email"),
        ("ada@@example.com", "Email", "invalid_email"),
        ("ada.@example.com", "Email", "invalid_email"),
        ("ada@localhost", "Email", "invalid_email"),
        ("+49 1", "Phone", None),
        ("+49 30 23125 123 456 789 012", "Phone", "invalid_phone"),
        ("+999 123456", "Phone", "invalid_phone"),
        ("phone:twelve", "Phone", "invalid_phone"),
        ("000000", "Phone", "invalid_phone"),
        ("+49 00 30 23125 123", "Phone", "invalid_phone"),
        ("+1 212 5550", "Phone", "too_short"),
        ("030 23125 123 456 789", "Phone", "needs_country"),
        ("ecid:12a", "ECID", "not_digits"),
        ("ecid:²٣", "ECID", "not_digits"),
        ("+49 30 23125 12x", "Phone", "invalid_phone"),
        ("phone:030 23125 12x", "Phone", "invalid_phone"),
        ("email:ada", "Email", "invalid_email"),
        ("email:@example.com", "Email", "invalid_email"),
        ("ada@ bob@example.com", "Email", "invalid_email"),
        ("ecid:x ada@example.com", "ECID", "not_digits"),
        ("ecid:1, 2x", "ECID", "not_digits"),
        ("+49 30 23125 123 456 789 012, ada@example.com", "Phone", "invalid_phone"),
        ("030 23125123 / 030 23125124", "Phone", "invalid_phone"),
        ("crm:<@U1>", "CRMID", "empty"),
        ("crm:", "CRMID", "empty"),
        ("crm: “” .", "CRMID", "empty"),
        ("crm:" + "x" * (LONGEST_VALUE + 1), "CRMID", "too_long"),
        ("crm:" + "語" * LONGEST_VALUE, "CRMID", "too_long"),
        ("crm:" + "ΐ" * (LONGEST_VALUE // 2), "CRMID", "too_long"),
        ("email:" + "x" * LONGEST_VALUE + "@example.com", "Email", "too_long"),
    ],
)
def test_refused(text: str, namespace: str, reason: str | None) -> None:
    """A value without its namespace's form is refused, with the reason; too few digits are no number at all."""
    with pytest.raises(ValueNotAccepted if reason else NotAnIdentity) as refused:
        parse(text, config())

    if isinstance(refused.value, ValueNotAccepted):
        assert (refused.value.namespace, refused.value.reason) == (namespace, reason)
        assert len(refused.value.value) <= LONGEST_VALUE


def test_longest_value() -> None:
    """A value may be as long as 512 bytes."""
    assert parse("crm:" + "X" * LONGEST_VALUE, config()).identity.value == "X" * LONGEST_VALUE


REPEATED = (
    *(
        "1",
        "1 ",
        "1-",
        "(1",
        "x1",
        "(",
        "<",
        "<@",
        "@",
        "a@",
        "x",
        "a ",
        "a:",
        "a :",
        ": ",
        '"',
        "+1 ",
        "12345 ext",
        "030 23125123 x ",
    ),
    *("crm:", 'crm:"', "crm:a ", "crm:a1,", "phone:", "phone:1 ", "ecid:- ", "email:", "email:a ", "email:a<", "email:<@"),
)


@pytest.mark.parametrize("part", REPEATED)
def test_takes_linear_time(part: str) -> None:
    """No text keeps a worker busy, however it is made."""
    text = (part * LONGEST_TEXT)[:LONGEST_TEXT]
    began = time.process_time()
    with contextlib.suppress(NotUnderstood):
        parse(text, config())

    assert time.process_time() - began < 0.1


def test_too_long() -> None:
    """A pasted page isn't searched for identities."""
    with pytest.raises(NotAnIdentity) as refused:
        parse("ada@example.com " * (LONGEST_TEXT // 10), config())

    assert len(refused.value.typed) == LONGEST_VALUE


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ada@example.com bob@example.com", ["ada@example.com", "bob@example.com"]),
        ("Bob <bob@example.com>, Ada <ada@example.com>", ["bob@example.com", "ada@example.com"]),
        ("+49 30 23125 123 ada@example.com", ["+493023125123", "ada@example.com"]),
        ("+49 30 23125 123 +49 30 23125 124", ["+493023125123", "+493023125124"]),
        ("crm:C-1 loyalty:L-2 crm:c-1", ["C-1", "L-2"]),
        ("crm: C-1 ecid: 2", ["C-1", "2"]),
        ("+49 30 23125 123 or +49 30 23125 124", ["+493023125123", "+493023125124"]),
        ("030 23125123 or ada@example.com", ["+493023125123", "ada@example.com"]),
        ("crm:C-1,C-2", ["C-1", "C-2"]),
        ("crm:C-1 or C-2", ["C-1", "C-2"]),
        ("ecid:1, 1234567", ["1", "1234567"]),
        ("crm:C-1, 030 23125123", ["C-1", "+493023125123"]),
        ("ada@example.com(bob@example.com)", ["ada@example.com", "bob@example.com"]),
        ("ada@example.com|bob@example.com", ["ada@example.com", "bob@example.com"]),
        (" ".join(f"p{number}@example.com" for number in range(9)), [f"p{number}@example.com" for number in range(MOST_OFFERED)]),
    ],
)
def test_several(text: str, expected: list[str]) -> None:
    """Of several identities each is offered once, in the order in which they were typed; at most five."""
    with pytest.raises(SeveralIdentities) as refused:
        parse(text, config())

    assert [question.identity.value for question in refused.value.questions] == expected


NASTY = st.lists(
    st.one_of(
        st.sampled_from(
            [
                *(
                    "ada@example.com",
                    "@",
                    "a@b",
                    "+49",
                    "030",
                    "23125123",
                    "crm:",
                    "email:",
                    "phone:",
                    "ecid:",
                    "foo:",
                    ":",
                    "help",
                ),
                *("<", ">", "|", "<mailto:", "<tel:", "<@U1>", "<!here>", "&lt;", "&gt;", "&amp;", "(", ")", "[", "]", "{", "*"),
                *(" ", "\u00a0", "\u200b", "\u202e", "\ufeff", "\n", "\x00", "\x1c", "\x85", "\ud800", "\u00ad", "\ue000"),
                *(
                    "“",
                    "'",
                    '"',
                    "´",
                    "‴",
                    "﹘",
                    "－",
                    "＠",
                    "…",
                    "\u0301",
                    "\u0308",
                    "\u0338",
                    "ΐ",
                    "ß",
                    "İ",
                    "ﷺ",
                    "²",
                    "٣",
                    "ſ",
                    "ŉ",
                ),
                *("xn--", "xn--mnchen-3ya", ".example", ".", ",", ";", "?", "-", "/", "#", "%", "\\", "C-10001", "1" * 300),
            ]
        ),
        st.text(max_size=4),
    ),
    max_size=12,
).map("".join)


@given(st.one_of(st.text(), NASTY))
@example("000000")
@example("<" * 3000)
@example("1" * 2990 + "x")
@example("crm:" + "(" * 1500 + ")" * 1500)
@example("crm:a \u0301")
@example("crm:a\u200b\u0301")
@example("crm:ΐ")
@example("crm:(a)' '")
def test_any_text(text: str) -> None:
    """Whatever is typed is understood or refused; and what was understood, typed in its normal form, is understood the same."""
    try:
        asked = parse(text, config()).identity
    except SeveralIdentities as several:
        asked = several.questions[0].identity
    except NotUnderstood:
        return
    namespace = config().namespace(asked.namespace)
    assert namespace
    again = parse(f"{namespace.aliases[0]}:{escaped(asked.value)}", config())

    assert again == Question(asked)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("ada@gmial.com", ["ada@gmail.com"]),
        ("ada@gmx.dee", ["ada@gmx.de"]),
        ("ada@exmaple.com", ["ada@example.com"]),
        ("ada@example.com", []),
        ("ada@far-away.example", []),
        ("C-10001", []),
    ],
)
def test_likely_typos(value: str, expected: list[str]) -> None:
    """A domain that looks almost like a well-known one is taken for a typo of it."""
    offered = [each.value for each in likely_typos(Identity("Email", value), config())]

    assert offered[: len(expected)] == expected
    assert len(offered) <= 2
    assert bool(offered) is bool(expected)


@pytest.mark.parametrize("text", ["status", "Status", " STATUS\n", "\u00a0status\u200b", "ｓｔａｔｕｓ"])
def test_status(text: str) -> None:
    """The word "status" alone, however it was pasted, asks how the service is."""
    assert command(text, config()) == StatusQuestion()


@pytest.mark.parametrize("text", ["ada@example.com", "status ada@example.com", "ada@example.com status", "status@example.com"])
def test_no_status(text: str) -> None:
    """With an identity beside it, or inside one, it is a word like any other."""
    asked = command(text, config())

    assert asked == parse(text, config())
    assert isinstance(asked, Question)


@pytest.mark.parametrize("text", ["", "help", "states", "status?", "status of things"])
def test_not_quite_status(text: str) -> None:
    """What isn't understood as a question about a customer isn't taken for one about the service either."""
    with pytest.raises(NotUnderstood) as by_command:
        command(text, config())
    with pytest.raises(NotUnderstood) as by_parse:
        parse(text, config())

    assert type(by_command.value) is type(by_parse.value)
