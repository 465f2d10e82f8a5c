"""What is handed to an inlet, and what is said of it. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Submission:
    """A record on its way in: its JSON, and the id of the dataset that it is for.

    One that is `listed` is kept among the rejects if it is refused, since whoever sent it isn't told.
    """

    dataset: str
    body: bytes = field(repr=False)
    listed: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a submission: stored for good (though perhaps known already), or refused.

    `path` is where in the record, `reason` what would be right; both are free of the record's values.
    """

    accepted: bool
    path: str = ""
    reason: str = ""


ACCEPTED = Outcome(accepted=True)
