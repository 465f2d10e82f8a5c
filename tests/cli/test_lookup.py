"""The same question, answered in the terminal."""

from __future__ import annotations

import json

import pytest

from tests.cli.conftest import Run

Sample = dict[str, str]


def test_card(run: Run) -> None:
    """The card is shown as text. With `hub:` alone its customer is invented for this one question, and the card says so."""
    told = run("lookup", "ada@example.com", profile_url="hub:")

    assert (told.code, told.err) == (0, "")
    assert told.out.startswith("Ada Lovelace\n")
    assert "Sample data: this customer is invented." in told.out
    assert "Lifetime value:" in told.out


@pytest.mark.parametrize("typed", ["crm:C-10001", "+49 30 23125 123", "Ada Lovelace <ADA@example.com>"])
def test_any_identity(run: Run, sample: Sample, typed: str) -> None:
    """Whatever may be typed in Slack may be typed here."""
    assert run("lookup", typed, **sample).out.startswith("Ada Lovelace\n")


def test_json(run: Run, sample: Sample) -> None:
    """--json prints the profile."""
    told = run("lookup", "ada@example.com", "--json", **sample)
    customer = json.loads(told.out)

    assert (told.code, customer["name"]["full"], customer["dropped"]) == (0, "Ada Lovelace", 0)


@pytest.mark.parametrize("form", ["classic", "rich"])
def test_blocks(run: Run, sample: Sample, form: str) -> None:
    """--blocks prints the Slack message, in either form."""
    told = run("lookup", "ada@example.com", "--blocks", "--form", form, **sample)
    message = json.loads(told.out)

    assert told.code == 0
    assert message["blocks"]
    assert "Ada Lovelace" in message["text"]


def test_card_and_locale(run: Run, sample: Sample) -> None:
    """--card and --locale choose the card and its language."""
    told = run("lookup", "ada@example.com", "--card", "compact", "--locale", "de-DE", **sample)

    assert told.code == 0
    assert "Kundenwert: 12.480,50\u00a0€" in told.out
    assert "O-58213 ·" not in told.out


def test_default_locale(run: Run, sample: Sample) -> None:
    """Without --locale the configured language is used."""
    assert "Kundenwert" in run("lookup", "ada@example.com", default_locale="de-DE", **sample).out


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("nobody@example.com",), "No customer found"),
        (("help",), "Look up a customer"),
        (("foo:1", "--json"), "Unknown kind of number"),
        (("nobody@example.com", "--blocks"), "No customer found"),
    ],
)
def test_no_card(run: Run, sample: Sample, arguments: tuple[str, ...], expected: str) -> None:
    """Without a card the notice is shown, and the exit code is 1."""
    told = run("lookup", *arguments, **sample)

    assert (told.code, told.err) == (1, "")
    assert expected in told.out


def test_unknown_card(run: Run, sample: Sample) -> None:
    """A card that isn't configured is named, beside those that are."""
    told = run("lookup", "ada@example.com", "--card", "nope", **sample)

    assert (told.code, told.out, told.err) == (2, "", "No card is named nope; there are standard, compact.\n")


def test_own_configuration(run: Run) -> None:
    """A mistake in the organisation's own customer.yml is told with its line."""
    told = run("lookup", "ada@example.com", profile_url="hub:", customer_config="nowhere.yml")

    assert (told.code, told.err) == (2, "nowhere.yml can't be read (FileNotFoundError).\n")


def test_out_of_reach(run: Run) -> None:
    """If Adobe can't be reached, the notice says so."""
    told = run(
        "lookup",
        "ada@example.com",
        profile_url="http://127.0.0.1:9",
        adobe_ims_url="http://127.0.0.1:9",
        adobe_client_id="id",
        adobe_client_secret="s3cret",
        adobe_org_id="ORG@AdobeOrg",
    )

    assert told.code == 1
    assert "Adobe can't be reached" in told.out
