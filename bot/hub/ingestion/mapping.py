"""A mapping file: which column of a table is which field of a record.

    separator: ";"            # default: a comma
    encoding: cp1252          # default: UTF-8
    columns:
      CUSTOMER_NO: {identity: crm, primary: true}
      EMAIL: [{identity: Email}, personalEmail.address]          # one column, two fields
      LAST_NAME: person.name.lastName
      BIRTHDAY: {path: person.birthDate, date: "%d.%m.%Y"}
      CHANGED: {path: extSourceSystemAudit.lastUpdatedDate, time: "%d.%m.%Y %H:%M", zone: Europe/Berlin}
      BALANCE: {path: loyalty.points, decimal: ","}
      NEWSLETTER: {path: consents.marketing.email.val, values: {"1": y, "0": n}}
      CARDS: {path: loyalty.loyaltyID, split: "|"}
      ITEM: productListItems.0.SKU                               # a number counts in a list, from 0
      REMARK: null                                               # left out on purpose
    constants:
      consents.collect.val: y

Every column of the table is named, so that none is lost unnoticed. A field's type is the schema's; empty cells are left out.
"""

from __future__ import annotations

import codecs
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, field_validator, model_validator
from pydantic_core import ErrorDetails
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError

IDENTITIES = "identityMap."
"""Begins a column's name that says by itself that it is an identity: `identityMap.Email`."""


class WrongMapping(ValueError):
    """The mapping can't be used, or doesn't fit the file or the schema. The message says where, and what would be right."""


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Target(_Part):
    """What one column's text becomes: the field at `path`, or an identity of the namespace `identity`."""

    path: str = Field("", pattern=r"^[^\s.]+(\.[^\s.]+)*$|^$")
    identity: str = ""
    primary: bool = False
    values: dict[str, str | bool | int | float] = {}
    split: str = ""
    date: str = ""
    time: str = ""
    zone: str = "UTC"
    decimal: str = Field(".", pattern=r"^[.,]$")

    @model_validator(mode="after")
    def _means_one_thing(self) -> Self:
        if bool(self.path) == bool(self.identity):
            raise ValueError("needs either a path or an identity")
        if self.primary and not self.identity:
            raise ValueError("primary belongs to an identity")
        if sum(map(bool, (self.values, self.date, self.time))) > 1:
            raise ValueError("may have one of values, date and time")
        return self

    @field_validator("zone")
    @classmethod
    def _known(cls, zone: str) -> str:
        try:
            ZoneInfo(zone)
        except (ZoneInfoNotFoundError, ValueError):
            raise ValueError("must be a time zone like Europe/Berlin") from None
        return zone

    @field_validator("values", mode="before")
    @classmethod
    def _texts(cls, values: Any) -> Any:
        # `1: y` is a number in YAML, and cells are texts.
        return {str(key): value for key, value in values.items()} if isinstance(values, dict) else values

    def moment(self, text: str) -> str:
        """`text` as RFC 3339 wants it. Raises ValueError."""
        if self.date:
            return datetime.strptime(text, self.date).date().isoformat()  # noqa: DTZ007 - a date is in no zone
        moment = datetime.strptime(text, self.time)  # noqa: DTZ007 - its zone follows
        return (moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo(self.zone))).isoformat()


def _targets(value: object) -> object:
    if value is None:
        return ()
    return [{"path": each} if isinstance(each, str) else each for each in (value if isinstance(value, list) else [value])]


class Mapping(_Part):
    """The whole file."""

    separator: str = Field(",", min_length=1, max_length=1)
    encoding: str = "utf-8"
    columns: dict[str, Annotated[tuple[Target, ...], BeforeValidator(_targets)]]
    constants: dict[str, Any] = {}

    @field_validator("encoding")
    @classmethod
    def _of_bytes(cls, encoding: str) -> str:
        # Files are cut into lines before they are decoded.
        try:
            cuts = codecs.encode("a\n", encoding) == b"a\n"
        except LookupError:
            cuts = False
        if not cuts:
            raise ValueError("must be an encoding in which a line ends with one byte, like utf-8 or cp1252")
        return encoding


def read_mapping(path: Path) -> Mapping:
    """The mapping that the file holds.

    Raises:
        WrongMapping: it can't be read, or says what can't be meant; with each mistake.
    """
    try:
        return _mapping_in(path.read_text(encoding="utf-8"))
    except MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise WrongMapping(f"{path}:{line}: {error.problem}") from None
    except ValidationError as error:
        told = (f"{_where(each)}: {each['msg'].removeprefix('Value error, ')}" for each in error.errors())
        raise WrongMapping(f"{path}: {'; '.join(told)}") from None
    except (OSError, ValueError, RecursionError, YAMLError) as error:
        raise WrongMapping(f"{path}: can't be read ({type(error).__name__})") from None


@lru_cache(maxsize=8)  # an import asks for it twice, and reading YAML takes ten milliseconds
def _mapping_in(text: str) -> Mapping:
    return Mapping.model_validate(YAML(typ="safe", pure=True).load(text))


def _where(error: ErrorDetails) -> str:
    return ".".join(map(str, error["loc"])) or "the file"


def mapping_of(columns: list[str]) -> Mapping:
    """The mapping of a table whose columns are named as the fields are; `identityMap.Email` is an identity."""
    targets = {
        name: [{"identity": name.removeprefix(IDENTITIES)} if name.startswith(IDENTITIES) else {"path": name}] for name in columns
    }
    try:
        return Mapping.model_validate({"columns": targets})
    except ValidationError:
        raise WrongMapping(
            "the columns aren't named as fields are (person.name.lastName): a mapping file can say what they are"
        ) from None
