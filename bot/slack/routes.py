"""Which payload goes to which door. Bolt routes; ingress has verified already, and the installation knows who we are."""

from __future__ import annotations

import logging
import re
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Any

import structlog
from slack_bolt.async_app import AsyncApp
from slack_bolt.middleware.async_middleware import AsyncMiddleware
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_bolt.response import BoltResponse
from slack_sdk.web.async_client import AsyncWebClient

from bot.errors import Broken, Restarting
from bot.seal import Seal
from bot.slack.buttons import ASKING, on_button
from bot.slack.command import on_command
from bot.slack.doors import Doors
from bot.slack.ingress import Dispatch, Payload
from bot.slack.installation import Installation, Known
from bot.slack.manifest import COMMAND, EVENTS
from bot.slack.respond import ack, finished
from bot.slack.uninstall import on_uninstall
from bot.telemetry import new_reference
from formatters.card import Notice
from formatters.form import Form
from formatters.locale import Reader

log = structlog.get_logger()

ANY = re.compile(".*")


def create_dispatch(
    doors: Doors,
    *,
    client: AsyncWebClient,
    installation: Installation,
    seal: Seal,
    default_reader: Reader,
    stopping: Callable[[], bool],
    uninstalled: Callable[[], Awaitable[Any]],
) -> Dispatch:
    """The one way in behind both transports.

    `client` must not hold a token: Bolt would ask Slack about it on each cold request. While `stopping`, what was begun is
    finished, and new questions get a notice; `uninstalled` is called when the app has no token any more.
    """
    app = create_bolt(doors, client=client, installation=installation, seal=seal, uninstalled=uninstalled)

    async def dispatch(payload: Payload, received: float) -> BoltResponse:
        try:
            if stopping() and "event" not in payload:
                return await _restarting(payload, doors)
            # A dict is what Bolt takes in Socket Mode; HTTP's bodies have been parsed at ingress, so that both take the same way.
            request = AsyncBoltRequest(mode="socket_mode", body=payload, context={"received": received})
            response = await app.async_dispatch(request)
            if response.status == HTTPStatus.OK:
                return response
            if response.status == HTTPStatus.NOT_FOUND:  # no door for it: ssl_check, and kinds that Slack has yet to invent
                return ack()
            problem = str(response.status)
        except Exception as error:  # noqa: BLE001 - Slack shows "dispatch_failed" for anything but 200
            problem = type(error).__name__
        reference = new_reference()
        log.error("dispatch_failed", problem=problem, reference=reference)
        notice = Notice(kind=Broken.kind, reference=reference)
        return ack(finished(notice, default_reader, Form.CLASSIC)) if "command" in payload else ack()

    return dispatch


async def _restarting(payload: Payload, doors: Doors) -> BoltResponse:
    """Tell whoever asks, in the ack or, for a button, at its response_url; the card it stands on stays."""
    user = payload["user_id"] if "command" in payload else (payload.get("user") or {}).get("id", "")
    notice = finished(Notice(kind=Restarting.kind), await doors.directory.at_hand(user), Form.CLASSIC)
    if "command" in payload:
        return ack(notice)
    if (url := payload.get("response_url")) and _asks(payload):
        doors.tasks.start(doors.responder.post(url, notice))
    return ack()


def _asks(payload: Payload) -> bool:
    """Whether a button was pressed that asks something; others open a page by themselves."""
    actions = payload.get("actions")
    return isinstance(actions, list) and bool(actions) and ASKING.match(str(actions[0].get("action_id"))) is not None


class Commands(AsyncMiddleware):
    """Slash commands, answered by Bolt's first middleware.

    As a listener they would wait for Bolt to ask who we are, to match each listener in turn, and to gather arguments that nobody
    wants: a tenth of the time that a kept card takes.
    """

    def __init__(self, doors: Doors) -> None:
        self._doors = doors

    async def async_process(  # the names are Bolt's
        self,
        *,
        req: AsyncBoltRequest,
        resp: BoltResponse,  # noqa: ARG002
        next: Callable[[], Awaitable[BoltResponse]],  # noqa: A002
    ) -> BoltResponse | None:
        """Answer a command; a command that isn't ours gets help."""
        if "command" not in req.body:
            return await next()
        text = req.body.get("text", "") if req.body["command"] == COMMAND else "help"
        return await on_command(req, self._doors, text)


def create_bolt(
    doors: Doors,
    *,
    client: AsyncWebClient,
    installation: Installation,
    seal: Seal,
    uninstalled: Callable[[], Awaitable[Any]],
) -> AsyncApp:
    """Bolt with the doors registered; the one in a hurry before all others."""
    app = AsyncApp(
        name="customer-context",
        logger=_bolt_logger(),
        client=client,
        authorize=Known(installation),
        before_authorize=Commands(doors),
        process_before_response=True,
        request_verification_enabled=False,
        ssl_check_enabled=False,
        ignoring_self_events_enabled=False,
        attaching_function_token_enabled=False,
        attaching_conversation_kwargs_enabled=False,
    )

    @app.action(ASKING)
    async def button(request: AsyncBoltRequest) -> BoltResponse:
        return await on_button(request, doors, seal)

    @app.event(re.compile("|".join(sorted(EVENTS))))
    async def uninstall(request: AsyncBoltRequest) -> BoltResponse:
        return on_uninstall(request, doors.tasks, uninstalled)

    for kind in (app.action, app.shortcut, app.view, app.options, app.event, app.function):
        kind(ANY)(_nothing_to_say)
    return app


def _bolt_logger() -> logging.Logger:
    # Bolt reads SLACK_BOT_TOKEN itself, and would warn at every start that the token isn't used.
    logger = logging.getLogger("slack_bolt.customer_context")
    logger.setLevel(logging.ERROR)
    return logger


async def _nothing_to_say() -> BoltResponse:
    return ack()
