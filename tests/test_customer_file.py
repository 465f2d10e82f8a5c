"""customer.yml is read with the file and line of each mistake, and a broken one changes nothing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from bot import customer_file
from bot.config import CustomerConfig
from bot.customer_file import HUBS, Current, load
from bot.errors import ConfigurationError
from bot.settings import HUB, Settings

Write = Callable[[str | bytes], Path]
NO_KEY = "there is no such key; see docs/customer.schema.json for those that are."


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def written(content: str | bytes) -> Path:
        path = tmp_path / "mine.yml"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return written


def problems(*paths: Path) -> list[str]:
    with pytest.raises(ConfigurationError) as wrong:
        load(*paths)
    return [problem.replace(str(paths[-1]), "mine.yml") for problem in wrong.value.problems]


def test_packaged() -> None:
    """The packaged file is enough."""
    assert load().home_country == "US"


def test_overlay(write: Write) -> None:
    """What a file says replaces what the files before it said; the rest stays."""
    mine = load(HUBS, write("home_country: FR\nknown_domains: [example.org]\n"))

    assert (mine.home_country, mine.known_domains) == ("FR", ("example.org",))
    assert (mine.facts, mine.namespaces) == (load(HUBS).facts, load().namespaces)


def test_small_changes_are_small(write: Write) -> None:
    """One path, one consent or one more fact can be said alone: what has names is merged by them."""
    mine = load(
        write(
            "profile:\n"
            "  language: _acme.language\n"
            "  consents:\n    - {key: sms, path: _acme.sms}\n"
            "facts:\n  - {key: ltv, label: Value, path: _acme.ltv, format: money, currency: EUR}\n"
            "namespaces:\n  - {code: CRMID, aliases: [client]}\n"
        )
    )
    packaged = load()
    consents = {each.key: each.path for each in mine.profile.consents}

    assert mine.profile.language == "_acme.language"
    assert mine.profile.names == packaged.profile.names
    assert consents == {each.key: each.path for each in packaged.profile.consents} | {"sms": "_acme.sms"}
    assert [fact.key for fact in mine.facts] == [*(fact.key for fact in packaged.facts), "ltv"]
    assert mine.by_alias("client") == mine.namespace("CRMID")
    assert mine.by_alias("crm") is None


def test_a_list_without_names_replaces(write: Write) -> None:
    """Items without a name of their own can't be merged: the list as it is written takes the place of the old one."""
    mine = load(write("verdict:\n  - {group: a, when: {loyalty_tier: {known: true}}, say: Member.}\n"))

    assert [rule.say for rule in mine.verdict] == [{"": "Member."}]


def test_norway(write: Write) -> None:
    """NO is a country, as in YAML 1.2, and no falsehood."""
    assert load(write("home_country: NO\n")).home_country == "NO"


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("home_country: DE\nhomecountry: DE", f"mine.yml:2: homecountry: {NO_KEY}"),
        ("facts:\n  - key: a\n    label: A\n", "mine.yml:2: facts.a.path: this key is missing."),
        ("home_country: [DE\n", "mine.yml:2: expected ',' or ']', but got '<stream end>'."),
        ("a: b: c", "mine.yml:1: mapping values are not allowed here."),
        (
            "links: []\nhome_country: DE\nhome_country: FR\n",
            'mine.yml:3: found duplicate key "home_country" with value "FR" (original value: "DE").',
        ),
        ("home_country: 49\n", "mine.yml:1: home_country: Input should be a valid string."),
        ("# mine\n\nfacts: 3\n", "mine.yml:3: facts: Input should be a valid tuple."),
        (
            "facts:\n  - key: a\n    path: a\n    label: {en: 3}\n",
            "mine.yml:4: facts.a.label.en: Input should be a valid string.",
        ),
        ("facts:\n- {key: a, label: A, path: a, formt: text}\n", f"mine.yml:2: facts.a.formt: {NO_KEY}"),
        (
            "facts:\n  - {key: a, label: A, path: a}\n  - {key: b, label: B, path: b, format: money}\n",
            "mine.yml:3: facts.b: money needs currency (e.g. EUR) or currency_path.",
        ),
        (
            "propensities:\n  - {key: a, label: A, path: a, direction: neutral, bands: [{key: b, label: B, at_least: 5}]}\n",
            "mine.yml:2: propensities.a: bands start at 0 and rise.",
        ),
        (
            "facts: [{key: a, label: A, path: a}, {key: a, label: B, path: b}]\ncards: {standard: {fields: [a], sections: []}}\n",
            "mine.yml:1: facts and propensities need keys of their own: a.",
        ),
        (
            "cards:\n  standard:\n    fields: [nope]\n    sections: []\n",
            "mine.yml:1: cards.standard.fields: no fact or propensity named nope.",
        ),
        (
            "namespaces:\n  - {code: A, label: A, aliases: [x], example: x}\n  - {code: B, label: B, aliases: [X], example: x}\n",
            "mine.yml:1: an alias may name one namespace only: x.",
        ),
        (
            "links:\n  - key: shop\n    label: Shop\n    url: https://shop.example.com/{email}\n",
            "mine.yml:2: links.shop: a link may hold {xid} and {sandbox}, nothing else.",
        ),
        ("1: one\n", "mine.yml:1: 1: Keys should be strings."),
        ("facts: " + "[" * 3000, "mine.yml can't be read (RecursionError)."),
        (
            (
                "propensities:\n"
                "  - key: a\n    label: A\n    path: a\n    direction: neutral\n    scale: 1\n"
                "    bands: [{key: b, label: B, at_least: 0}, {key: c, label: C, at_least: 60}]\n"
            ),
            "mine.yml:2: propensities.a: no band begins above scale, the highest possible score.",
        ),
        (
            "facts: [{key: a, label: {}, path: a}]",
            "mine.yml:1: facts.a.label: Dictionary should have at least 1 item after validation, not 0.",
        ),
        (
            "namespaces: [{code: a, label: A, aliases: [x], example: x}, {code: A, label: A, aliases: [y], example: y}]\n",
            "mine.yml:1: namespaces differ in more than upper and lower case: a.",
        ),
        ("- facts\n", "mine.yml:1: the file must hold parts by name, e.g. facts: […]."),
        ("home_country: !country DE\n", "mine.yml:1: home_country: Input should be a valid string."),
        (b"home_country: \xff\xfe", "mine.yml can't be read (UnicodeDecodeError)."),
        ("home_country: D\x00E", "mine.yml can't be read (ReaderError)."),
        ("home_country: 2026-13-45", "mine.yml can't be read (ValueError)."),
    ],
)
def test_mistakes(write: Write, content: str, expected: str) -> None:
    """A mistake is told with file and line, and with what would be right."""
    assert problems(write(content)) == [expected]


def test_all_mistakes(write: Write) -> None:
    """All mistakes are told at once."""
    told = problems(write("home_country: Germany\nfacts:\n  - key: A\n    label: A\n    path: a b\nlinks: {}\n"))

    assert [line.split(": ")[0] for line in told] == ["mine.yml:1", "mine.yml:3", "mine.yml:5", "mine.yml:6"]


def test_mistake_in_an_earlier_file(write: Write, tmp_path: Path) -> None:
    """A mistake is told with the file in which it is."""
    later = tmp_path / "later.yml"
    later.write_text("links: []\n")

    assert problems(write("facts: 3\n"), later) == [f"{tmp_path / 'mine.yml'}:1: facts: Input should be a valid tuple."]


@pytest.mark.parametrize(("name", "kind"), [("nowhere.yml", "FileNotFoundError"), (".", "IsADirectoryError")])
def test_unreadable(tmp_path: Path, name: str, kind: str) -> None:
    """A file that can't be read is named."""
    assert problems(tmp_path / name) == [f"mine.yml can't be read ({kind})."]


def test_of_a_source(write: Write) -> None:
    """The hub brings what its data means; the organisation's own file has the last word."""
    adobe, mine = "https://platform.example.com", write("home_country: FR")

    assert customer_file.of(Settings(profile_url=adobe, customer_config=None)) == load()
    assert customer_file.of(Settings(profile_url=HUB, customer_config=None)) == load(HUBS)
    assert customer_file.of(Settings(profile_url=adobe, customer_config=mine)) == load(mine)
    assert customer_file.of(Settings(profile_url=HUB, customer_config=mine)) == load(HUBS, mine)


def test_items_can_be_taken_away(write: Write) -> None:
    """What an organisation does not have goes with `remove: true`."""
    mine = load(write("namespaces: [{code: CRMID, remove: true}, {code: Loyalty, remove: false, label: Card}]\n"))

    assert [each.code for each in mine.namespaces] == ["Email", "Phone", "Loyalty", "ECID"]


@pytest.mark.parametrize("content", ["", "# nothing yet\n"])
def test_an_empty_file_changes_nothing(write: Write, content: str) -> None:
    """A file says only what is different, so it may say nothing."""
    assert load(write(content)) == load()


def test_reload(write: Write) -> None:
    """After a reload the changed file is in force."""
    path = write("home_country: DE")
    current = Current(lambda: load(path))
    before = current().version
    write("home_country: FR")

    with capture_logs() as logs:
        current.reload()

    assert current().home_country == "FR"
    assert logs == [{"event": "configuration_reloaded", "log_level": "info", "version": current().version}]
    assert current().version != before


def test_broken_reload(write: Write) -> None:
    """A broken file keeps the last good one in force, and each mistake is logged."""
    path = write("home_country: DE")
    current = Current(lambda: load(path))
    good: CustomerConfig = current()
    write("home_country: Germany\nlinks: 3\n")

    with capture_logs() as logs:
        current.reload()

    assert current() is good
    assert [(line["event"], line["log_level"]) for line in logs] == [("configuration_kept", "error")] * 2
    assert f"{path}:2: links" in logs[1]["problem"]


def test_broken_start(write: Write) -> None:
    """There is nothing to keep at the start: a broken file stops it."""
    path = write("home_country: Germany")

    with pytest.raises(ConfigurationError):
        Current(lambda: load(path))
