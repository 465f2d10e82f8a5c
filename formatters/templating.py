"""The Jinja2 environments: one whose output is mrkdwn, one whose output is plain text.

In the first, everything that a template prints is escaped for Slack exactly once: `autoescape` keeps track of what is markup
already, and `finalize` escapes what isn't. Jinja2's own escaping is for HTML and would show `&#39;` in Slack.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import BaseLoader, FileSystemLoader, StrictUndefined, Template
from jinja2.compiler import CodeGenerator
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import Markup

from formatters.mrkdwn import clean, escape
from formatters.phrase import Phrase

_PACKAGED = Path(__file__).parent / "templates"
_HTML_FILTERS = ("safe", "e", "escape", "forceescape", "tojson", "urlize", "xmlattr")


class Templates:
    """The packaged templates; a file of the same name in one of `directories` takes the place of a packaged one.

    Templates of others are sandboxed, yet a sandbox does not bound memory: try them in a process of their own first.
    """

    def __init__(self, *directories: Path) -> None:
        loader = FileSystemLoader([*directories, _PACKAGED])
        plain = plain_environment(loader)
        self.marked_lines: Any = mrkdwn_environment(loader).get_template("lines.mrkdwn").module
        self.plain_lines: Any = plain.get_template("lines.txt").module
        self.card: Template = plain.get_template("card.txt")
        self.notice: Template = plain.get_template("notice.txt")


@cache
def packaged() -> Templates:
    """The packaged templates, compiled once."""
    return Templates()


def mrkdwn_environment(loader: BaseLoader | None = None) -> ImmutableSandboxedEnvironment:
    """Templates that print mrkdwn."""
    return _environment(loader, autoescape=True, finalize=_mark)


def plain_environment(loader: BaseLoader | None = None) -> ImmutableSandboxedEnvironment:
    """Templates that print plain text, free of what can't be seen or moves the cursor."""
    return _environment(loader, autoescape=False, finalize=_plain)


class _FinalizedOnly(CodeGenerator):
    """Prints what `finalize` returns, which is a string ready to be shown. Jinja2 would escape it once more, to no effect."""

    def _output_child_pre(self, _node: Any, _frame: Any, finalize: Any) -> None:
        self.write(finalize.src)

    def _output_child_post(self, _node: Any, _frame: Any, _finalize: Any) -> None:
        self.write(")")


class _Environment(ImmutableSandboxedEnvironment):
    code_generator_class = _FinalizedOnly


def _environment(loader: BaseLoader | None, **options: Any) -> ImmutableSandboxedEnvironment:
    environment = _Environment(
        loader=loader,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
        **options,
    )
    for name in _HTML_FILTERS:
        del environment.filters[name]
    return environment


def _mark(value: object) -> str:
    if isinstance(value, Phrase):
        return value.__html__()
    if isinstance(value, Markup):
        return _without_quotes(str(value))
    return str(value.__html__()) if hasattr(value, "__html__") else escape(str(value))


def _without_quotes(markup: str) -> str:
    # `~` and `join` let MarkupSafe escape plain strings beside markup, and Slack decodes no entity for quotes. What was
    # escaped by us holds no such entity: its ampersands are `&amp;`.
    return markup.replace("&#39;", "'").replace("&#34;", '"')


def _plain(value: object) -> str:
    return clean(str(value))
