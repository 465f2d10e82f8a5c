"""`make chaos`: a steady load while faults come and go, and an account of every question. Exit code 1 if any was not kept.

`QUICK=1` takes about a minute; `RATE`, `LASTING`, `CALM` and `REPLICAS` change one number each, `ONLY` picks faults
by words of their names, separated by commas.
"""

from __future__ import annotations

import asyncio
import os
import sys
import time
from dataclasses import replace

from tests.chaos.faults import FAULTS
from tests.chaos.load import Plan
from tests.chaos.report import LEGEND, failures, summary, table
from tests.chaos.run import Course, run

WHOLE = Course(FAULTS, lasting=6.0, calm=11.0, plan=Plan())
QUICK = Course(FAULTS, lasting=1.2, calm=1.0, plan=Plan(known=40, warming=8.0))


def course() -> Course:
    """What the environment asks for."""
    chosen = QUICK if os.environ.get("QUICK") else WHOLE
    only = os.environ.get("ONLY", "").lower().split(",")
    return replace(
        chosen,
        faults=[each for each in chosen.faults if any(word in each.name.lower() for word in only)],
        lasting=float(os.environ.get("LASTING", chosen.lasting)),
        calm=float(os.environ.get("CALM", chosen.calm)),
        count=int(os.environ.get("REPLICAS", chosen.count)),
        plan=replace(chosen.plan, rate=float(os.environ.get("RATE", chosen.plan.rate))),
    )


def main() -> None:
    """Run, and tell."""
    began = time.monotonic()

    def tell(line: str) -> None:
        sys.stdout.write(f"{time.monotonic() - began:6.1f} s  {line}\n")
        sys.stdout.flush()

    account = asyncio.run(run(course(), tell))
    wrong = failures(account)
    sys.stdout.write(
        "\n".join(
            ("", table(account), "", LEGEND, "", *summary(account), "", *(wrong or ["Every question is accounted for."]), "")
        )
    )
    raise SystemExit(1 if wrong else 0)


if __name__ == "__main__":
    main()
