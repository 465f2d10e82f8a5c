"""How often one person, and one workspace, may ask."""

from __future__ import annotations

from bot.errors import AskedTooOften
from bot.limits import Claim, Limiter, Rate
from bot.question import Asker


class Admission:
    """Counts questions, whatever they are about and wherever their answers come from."""

    def __init__(self, limiter: Limiter, *, person: Rate, team: Rate) -> None:
        self._limiter = limiter
        self._person = person
        self._team = team

    async def __call__(self, asker: Asker) -> None:
        """Count one question of `asker`.

        Raises:
            AskedTooOften: that would be one too many; the question isn't counted.
        """
        person = Claim(f"person:{asker.team}:{asker.user}", self._person)
        team = Claim(f"team:{asker.team}", self._team)
        if denied := await self._limiter.take((person, team)):
            raise AskedTooOften(retry_after=denied.wait)
