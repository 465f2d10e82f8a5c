"""Whose a resource of the foundation's services is."""

from __future__ import annotations

from bot.hub.api.services import HubServices
from bot.hub.gateway import tenant
from bot.hub.model import Xdm


def owner(hub: HubServices) -> Xdm:
    """The part of a registry's answer that says so ("Schema Registry API guide")."""
    sandbox = tenant(hub.credentials)["sandbox"]
    return {
        "imsOrg": hub.credentials.org_id,
        "meta:containerId": "tenant",
        "meta:sandboxId": sandbox["sandboxId"],
        "meta:sandboxType": sandbox["type"],
        "meta:tenantNamespace": f"_{hub.organisation.tenant}",
    }
