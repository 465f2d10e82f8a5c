"""The template environments."""

from __future__ import annotations

import pytest
from jinja2 import DictLoader, UndefinedError
from jinja2.exceptions import SecurityError, TemplateAssertionError
from markupsafe import Markup

from formatters.phrase import Clock, Phrase
from formatters.templating import mrkdwn_environment, packaged, plain_environment

DATA = """it's "<&>" """.strip()
ONCE = """it's "&lt;&amp;&gt;\""""


def marked(source: str, **values: object) -> str:
    return mrkdwn_environment().from_string(source).render(data=DATA, **values)


@pytest.mark.parametrize(
    "source",
    [
        "{{ data }}",
        "{% macro m(x) %}{{ x }}{% endmacro %}{{ m(data) }}",
        "{% macro m(x) %}{{ x }}{% endmacro %}{{ m(m(m(data))) }}",
        "{% macro m() %}{{ caller() }}{% endmacro %}{% call m() %}{{ data }}{% endcall %}",
        "{% set x %}{{ data }}{% endset %}{{ x }}",
        "{% filter trim %}{{ data }}{% endfilter %}",
        "{% block b %}{{ data }}{% endblock %}",
        "{{ data if true else '' }}",
        "{% for x in [data] %}{{ x }}{% endfor %}",
        "{{ [data] | join }}",
        "{{ [data, markup] | join }}",
        "{{ data ~ markup }}",
        "{{ markup ~ data }}",
        "{% macro m(x) %}{{ x }}{% endmacro %}{{ m(data ~ markup) }}",
        "{% macro m(x) %}{{ x }}{% endmacro %}{{ m('') ~ data }}",
    ],
)
def test_data_is_escaped_once(source: str) -> None:
    """However a template passes it on, and for Slack: quotes stay quotes."""
    assert marked(source, markup=Markup("")) == ONCE


def test_blocks_repeated_are_escaped_once() -> None:
    """`self.b()` gives markup, which is not escaped again."""
    assert marked("{% block b %}{{ data }}{% endblock %}{{ self.b() }}") == ONCE * 2


def test_inherited_and_included_templates_escape_once() -> None:
    """super() and include give markup too."""
    environment = mrkdwn_environment(
        DictLoader(
            {
                "base": "{% block b %}{{ data }}{% endblock %}",
                "part": "{{ data }}",
                "child": "{% extends 'base' %}{% block b %}{{ super() }}{% include 'part' %}{% endblock %}",
            }
        )
    )

    assert environment.get_template("child").render(data=DATA) == ONCE * 2


def test_lists_are_escaped_too() -> None:
    """What is no string is written and then escaped."""
    assert marked("{{ [data] }}") == "['it\\'s \"&lt;&amp;&gt;\"']"


def test_an_entity_in_data_stays_as_it_was_typed() -> None:
    """`&#39;` in data is five characters, not a quote."""
    assert marked("{{ x }}", x="&#39;") == "&amp;#39;"


def test_phrases_print_their_clocks() -> None:
    """As Slack's token in mrkdwn, as a date in plain text."""
    phrase = Phrase(("<", Clock(1, "then")))

    assert marked("{{ x }}", x=phrase) == "&lt;<!date^1^{ago}|then>"
    assert plain_environment().from_string("{{ x }}").render(x=phrase) == "<then"


def test_plain_text_is_not_escaped_but_cleaned() -> None:
    """A terminal shows & as &, and its cursor isn't moved."""
    assert plain_environment().from_string("{{ x }}").render(x="<&>\x1b[2J\u202ey\nz") == "<&>[2Jy\nz"


@pytest.mark.parametrize("name", ["safe", "e", "escape", "forceescape", "tojson", "urlize", "xmlattr"])
def test_filters_for_html_are_gone(name: str) -> None:
    """They would escape wrongly, or not at all."""
    with pytest.raises(TemplateAssertionError):
        marked(f"{{{{ data | {name} }}}}")


def test_templates_are_sandboxed() -> None:
    """A template sees values, not Python."""
    with pytest.raises(SecurityError):
        marked("{{ data.__class__.__mro__ }}")


def test_a_misspelt_name_is_an_error() -> None:
    """Not an empty place that nobody notices."""
    with pytest.raises(UndefinedError):
        marked("{{ dta }}")


def test_packaged_templates_are_compiled_once() -> None:
    """Compiling takes longer than a card."""
    assert packaged() is packaged()


def test_mrkdwn_and_plain_lines_are_twins() -> None:
    """Each text exists with and without markup."""
    templates = packaged()

    assert {name for name in vars(templates.marked_lines) if not name.startswith("_")} == {
        name for name in vars(templates.plain_lines) if not name.startswith("_")
    }
