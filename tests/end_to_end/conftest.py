"""The fixtures of the Slack side, here too."""

from __future__ import annotations

from tests.slack.conftest import events, service, transport

__all__ = ["events", "service", "transport"]
