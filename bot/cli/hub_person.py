"""`customer-bot hub export IDENTITY` and `delete IDENTITY`: what the hub knows of a person, given out or deleted (GDPR)."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from bot.cli.hub_file import HubOption, opened
from bot.errors import ConfigurationError
from bot.hub.database.removal import Traces
from bot.hub.ingestion.leaving import Deleted, delete, export
from bot.hub.model import Identity, Organisation
from bot.hub.normalising import normalised

LEFT_OVER = 1
IdentityArgument = Annotated[str, typer.Argument(help="Namespace and value: Email:ada@example.com or crm:C-10010.")]


def export_(identity: IdentityArgument, hub: HubOption = None) -> None:
    """Print all that is known of a person, as JSON. Exit code 2 if nobody has that identity."""
    with opened(hub) as database:
        known = export(database, identity_of(identity, database.organisation()))
    if known is None:
        raise _nobody()
    typer.echo(json.dumps(known, indent=2, ensure_ascii=False))


def delete_(identity: IdentityArgument, hub: HubOption = None) -> None:
    """Delete a person, and look whether anything is left. Exit code 1 if there is, 2 if nobody has that identity."""
    with opened(hub) as database:
        deleted = delete(database, identity_of(identity, database.organisation()))
    if deleted is None:
        raise _nobody()
    typer.echo(_told(deleted))
    if deleted.traces:
        raise typer.Exit(LEFT_OVER)


def identity_of(text: str, organisation: Organisation) -> Identity:
    """The identity that `text` names. Raises ConfigurationError, which doesn't repeat it."""
    code, colon, value = text.partition(":")
    namespace = organisation.namespace(code) if colon else None
    if namespace is None:
        known = ", ".join(namespace.code for namespace in organisation.namespaces)
        raise ConfigurationError((f"An identity begins with its namespace and a colon; there are: {known}.",))
    try:
        return Identity(namespace.code, normalised(namespace, value))
    except ValueError as error:
        raise ConfigurationError((f"The value {error}.",)) from None


def _told(deleted: Deleted) -> str:
    removed = deleted.removed
    counts = (
        f"Deleted: {removed.identities} identities, {removed.fragments} profile records, {removed.events} events, "
        f"{removed.waiting} waiting records, {deleted.rejects} rejects."
    )
    yours = "Files that were imported are yours to clean: imported again, they bring the person back."
    return f"{counts}\n{_proof(deleted.traces)}\n{yours}"


def _proof(traces: Traces) -> str:
    if not traces:
        return "Looked for in every table and, byte by byte, in the hub's file and its log: nothing is left."
    return (
        f"Still there: {traces.identities} identities, {traces.waiting} waiting records, and {traces.occurrences} places in the "
        "file where one of the values stands, such as in another person's record, or where a row was moved: "
        "customer-bot hub compact takes the latter away."
    )


def _nobody() -> ConfigurationError:
    return ConfigurationError(("Nobody in the hub has that identity.",))
