"""The forms a message can have in Slack, and what each must know how to show."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from enum import StrEnum
from typing import ClassVar

from formatters.card import Chart
from formatters.elements import Block
from formatters.page import Listing, Page, Room
from formatters.phrase import Phrase


class Form(StrEnum):
    """Rich uses blocks that Slack rolls out in phases; classic uses those that every workspace has."""

    RICH = "rich"
    CLASSIC = "classic"


class Sheet(Page, ABC):
    """A page of blocks: how one form shows what the other shows differently.

    `rooms` are tried in turn until the message fits; with the last one it always does.
    """

    __slots__ = ()
    rooms: ClassVar[tuple[Room, ...]]

    @abstractmethod
    def show_banner(self, text: Phrase) -> Block:
        """Must not be overlooked."""

    @abstractmethod
    def show_verdict(self, text: Phrase) -> Block:
        """The sentence an agent reads first."""

    @abstractmethod
    def show_chart(self, chart: Chart) -> Iterator[Block]:
        """A chart and the same numbers in text, or the numbers alone."""

    @abstractmethod
    def show_listings(self, listings: Sequence[Listing]) -> Iterator[Block]:
        """All sections, one block each."""

    @abstractmethod
    def show_prose(self, text: Phrase, bullets: list[Phrase]) -> Iterator[Block]:
        """What a notice says."""
