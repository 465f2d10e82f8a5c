"""What the documentation says is so: settings, commands, options, examples and links."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.core import TyperGroup

from bot import customer_file
from bot.cli.main import app
from bot.config import CustomerConfig
from bot.errors import CustomerContextError, leaves
from bot.settings import Settings
from bot.telemetry import ALLOWED
from formatters.card import Message
from formatters.locale import Reader
from formatters.voice import Voice

ROOT = Path(__file__).parent.parent
README = ROOT / "README.md"
PAGES = (README, ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").glob("*.md")))
COMMAND = re.compile(r"(?:customer-bot|python -m bot) ([a-z]+)(?: ([a-z]+))?([^\n`]*)")
MAKE = re.compile(r"(?:^|`)make ([a-z-]+)(?: ([A-Z]+)=)?", re.MULTILINE)
SETTING = re.compile(r"^\| `([A-Z_]+)` \| (?:`([^`]*)`|–) \| (.+) \|$", re.MULTILINE)
NOTICE = re.compile(r"^\| `([a-z_]+)` \| ([^|]+) \| [^|]+ \|$", re.MULTILINE)
LINK = re.compile(r'\]\(([^)\s]+)\)|src="([^"]+)"')
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
YAML = re.compile(r"^```yaml\n(.*?)^```$", re.MULTILINE | re.DOTALL)
ELSEWHERE = re.compile(r"pypi\.org|pythonhosted|npmjs|/(?:work|tmp|home|root|Users)/")

pages = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)


def text(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def between(start: str, end: str) -> str:
    return text(README).split(f"\n## {start}\n")[1].split(f"\n## {end}\n")[0]


def commands() -> Mapping[str, Any]:
    group = typer.main.get_command(app)
    assert isinstance(group, TyperGroup)
    return group.commands


def options(name: str, below: str) -> set[str]:
    """What may follow a command, which is `below` in a group of commands."""
    command = commands()[name]
    command = command.commands[below] if isinstance(command, TyperGroup) else command
    return {option for parameter in command.params for option in parameter.opts} | {"--help"}


def anchor(heading: str) -> str:
    return re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-")


def examples() -> Iterator[Any]:
    for page in (README, ROOT / "docs" / "customer-yml.md"):
        for number, found in enumerate(YAML.finditer(text(page)), 1):
            yield pytest.param(found[1], id=f"{page.name}-{number}")


def test_the_readme_lists_every_setting_with_its_default() -> None:
    """The README's table has every setting, in order, with its default and a meaning."""
    expected = [
        (name.upper(), "" if field.default is None else str(field.default)) for name, field in Settings.model_fields.items()
    ]

    actual = [(name, default) for name, default, _ in SETTING.findall(text(README))]

    assert expected == actual


def test_the_example_environment_has_every_setting_switched_off() -> None:
    """.env.example has every setting once, commented out, with its default if it has one."""
    lines = text(ROOT / ".env.example").splitlines()
    given = [re.fullmatch(r"#([A-Z_]+)=(.*)", line) for line in lines]
    actual = {found[1]: found[2] for found in given if found}

    assert [name.upper() for name in Settings.model_fields] == list(actual)
    assert all(line.startswith("#") for line in lines if line)
    for name, field in Settings.model_fields.items():
        assert field.default is None or str(field.default) == actual[name.upper()]


@pytest.mark.parametrize("page", [*PAGES, ROOT / ".env.example", ROOT / "app_manifest.yml"], ids=lambda page: page.name)
def test_settings_that_are_named_exist(page: Path) -> None:
    """A name in capitals that begins as one of ours does is a setting, or a setting's file."""
    prefixes = {name.split("_")[0].upper() for name in Settings.model_fields if "_" in name}
    named = set(re.findall(rf"\b(?:{'|'.join(sorted(prefixes))})_[A-Z_]+\b", text(page)))

    assert {name.removesuffix("_FILE").lower() for name in named} <= set(Settings.model_fields)


@pages
def test_commands_and_their_options_exist(page: Path) -> None:
    """Each command of ours that a page names exists, with the options it is shown with."""
    for command, below, rest in COMMAND.findall(text(page)):
        assert set(re.findall(r"--[a-z-]+", rest)) <= options(command, below), (command, below)


@pages
def test_make_targets_exist(page: Path) -> None:
    """Each `make` target that a page names is one of the Makefile's, and so are the variables it is given."""
    makefile = text(ROOT / "Makefile")
    for target, variable in MAKE.findall(text(page)):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target
        assert not variable or f"$({variable})" in makefile or f"$(if $({variable})" in makefile, variable


def test_the_readme_names_every_make_target_and_command() -> None:
    """Nothing that `make` or the command line can do is left out of the README."""
    readme = text(README)
    targets = set(re.findall(r"^([a-z-]+):", text(ROOT / "Makefile"), re.MULTILINE)) - {"help"}
    spoken = readme.replace("\n", " ")

    assert {target for target in targets if f"make {target}" not in spoken} == set()
    assert {
        command for command in commands() if f"`{command}`" not in readme and f"python -m bot {command}" not in readme
    } == set()


@pytest.mark.parametrize("example", list(examples()))
def test_examples_of_customer_yml_load(example: str, tmp_path: Path) -> None:
    """Each example, laid over the packaged file, is a configuration; the cards go with the facts unless it has its own."""
    path = tmp_path / "customer.yml"
    path.write_text(
        example if "\ncards:" in f"\n{example}" else f"{example}\ncards: {{standard: {{fields: [], sections: []}}}}\n"
    )

    assert isinstance(customer_file.load(path), CustomerConfig)


def test_the_reference_names_every_part_of_customer_yml() -> None:
    """docs/customer-yml.md has a heading for each part of the file."""
    headings = set(re.findall(r"^## (\w+)$", text(ROOT / "docs" / "customer-yml.md"), re.MULTILINE))

    assert set(CustomerConfig.model_fields) == headings


def test_the_readme_lists_every_notice_with_its_title() -> None:
    """Each kind of error is in the README's table, under the title that people read."""
    voice = Voice(Reader.of("en-US", "UTC"))
    expected = {
        kind: str(voice.say(Message(f"notice.{kind}.title"))) for kind in (each.kind for each in leaves(CustomerContextError))
    }

    actual = dict(NOTICE.findall(between("What a notice says", "Privacy")))

    assert expected == actual


def test_the_readme_explains_every_key_of_the_log() -> None:
    """Each key that a log line may have is in the README's table."""
    rows = re.findall(r"^\| (`[a-z_` ]+`) \|", between("Operations", "How it is built"), re.MULTILINE)

    assert {key for row in rows for key in re.findall(r"[a-z_]+", row)} == ALLOWED


@pages
def test_links_to_local_files_lead_somewhere(page: Path) -> None:
    """A link to a file of this repository leads to it, and to the heading it names."""
    for link in (first or second for first, second in LINK.findall(text(page))):
        path, _, fragment = link.partition("#")
        if "://" in link:
            continue
        target = (page.parent / path).resolve() if path else page
        assert target.is_file(), link
        assert not fragment or fragment in map(anchor, HEADING.findall(text(target))), link


@pages
def test_files_that_are_named_exist(page: Path) -> None:
    """A path in code style that begins with bot/, docs/ or formatters/ is there."""
    for path in re.findall(r"`((?:bot|docs|formatters|tests)/[\w./-]+)`", text(page)):
        assert (ROOT / path).exists(), path


@pages
def test_pages_are_the_same_everywhere(page: Path) -> None:
    """No page names a package registry or a path of somebody's machine."""
    assert ELSEWHERE.search(text(page)) is None


def test_the_picture_is_small() -> None:
    """The picture of the card is a PNG below 200 KB."""
    picture = (ROOT / "docs" / "card.png").read_bytes()

    assert picture.startswith(b"\x89PNG")
    assert len(picture) < 200_000
