"""`python -m bot` is `customer-bot`."""

from bot.cli.main import main

main()
