"""`customer-bot hub …`: the embedded real-time customer profile on its own."""

from __future__ import annotations

from bot.cli.loading import group

hub = group(
    {
        "serve": "bot.cli.hub_serve:serve",
        "sample": "bot.cli.hub_sample:sample",
        "import": "bot.cli.hub_import:import_",
        "status": "bot.cli.hub_status:status_",
        "export": "bot.cli.hub_person:export_",
        "delete": "bot.cli.hub_person:delete_",
        "backup": "bot.cli.hub_backup:backup",
        "compact": "bot.cli.hub_compact:compact",
    },
    name="hub",
    help="The embedded real-time customer profile: serve it, fill it, look into it.",
)
