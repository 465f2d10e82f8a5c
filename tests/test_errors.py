"""The error tree: each leaf has its notice, and none tells about a customer by itself."""

from __future__ import annotations

import re
import traceback

import pytest

from bot import errors
from bot.errors import CustomerContextError, leaves
from formatters.messages import LANGUAGES, sentence
from tests.samples_of_errors import ERRORS

TREE = re.findall(r"── (\w+)", errors.__doc__ or "")


def test_tree() -> None:
    """The tree drawn in the docstring is the tree."""
    assert sorted(TREE) == sorted(each.__name__ for each in (*every(errors.CustomerContextError), *every(errors.SetupError)))


def every(error: type[Exception]) -> list[type[Exception]]:
    return [each for child in error.__subclasses__() for each in (child, *every(child))]


def test_samples() -> None:
    """Each error that may be raised has a sample in these tests."""
    assert {type(error) for error in ERRORS} == set(leaves(CustomerContextError))


def test_kinds() -> None:
    """No two errors share a notice."""
    kinds = [leaf.kind for leaf in leaves(CustomerContextError)]

    assert len(set(kinds)) == len(kinds)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", [leaf.kind for leaf in leaves(CustomerContextError)])
@pytest.mark.parametrize("part", ["title", "text"])
def test_notices(kind: str, part: str, language: str) -> None:
    """Each error has a title and a text, in every language."""
    key = f"notice.{kind}.{part}"

    assert sentence(language, key) != ((key, None),)


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: error.kind)
def test_says_nothing(error: errors.CustomerContextError) -> None:
    """The text of an error, also in a traceback, is its kind: what was typed travels in fields alone."""
    assert (str(error), repr(error)) == (error.kind, f"<{error.kind}>")
    assert "ada" not in "".join(traceback.format_exception(error))
