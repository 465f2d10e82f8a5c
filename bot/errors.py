"""The error tree.

```
CustomerContextError
├── NotUnderstood        what was typed is no question
│   ├── NothingAsked         empty, or "help"
│   ├── NotAnIdentity        no address, number or `namespace:value` in it
│   ├── PersonMentioned      a Slack member instead of a customer
│   ├── UnknownNamespace     `foo:…`, and no `foo` is configured
│   ├── SeveralIdentities    more than one; one at a time
│   ├── ValueNotAccepted     the namespace's own form is not met (e.g. a phone number too short)
│   └── TokenNotAccepted     a button whose token this service cannot open
├── NotAllowed           this person may not ask, here
├── AskedTooOften        this person, or this workspace, asked more often than it may
├── Restarting           the service is being stopped, and another takes its place
├── LookupFailed         the source was asked, or should have been
│   ├── NotFound             nobody has this identity
│   ├── ProfileUnusable      somebody has it, and the source refuses to put the profile together
│   │   ├── TooManyIdentities    more than 50 in one identity graph
│   │   └── NoMergePolicy        no default merge policy
│   ├── RequestRefused       400/422 that concerns this call, e.g. a namespace the source does not know
│   │   └── NamespaceRefused
│   ├── NotSetUp             key, token, organisation or permission: an admin must mend it
│   ├── Throttled            429
│   ├── Busy                 our own quota has no room within the deadline
│   ├── BudgetSpent          today's licensed calls are used up
│   ├── SourceDown           it failed too often to be asked just now
│   ├── SourceFailed         5xx, or an answer nobody can read
│   ├── Unreachable          no answer came over the network
│   └── DeadlinePassed       the answer took longer than the asker can wait
└── Broken               our own mistake, caught at the boundary
```

Each leaf's `kind` names its notice in the message catalogue (`notice.<kind>.…`), and its fields are what that notice needs. No
exception text is ever shown, and none holds a customer's data: what was typed travels in fields, which nothing logs.

For whoever runs the service, before it runs:

```
SetupError
├── ConfigurationError   settings or customer.yml
└── SlackRefused         a token that Slack doesn't take
```
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, TypeVar

from bot.question import Identity, Question


class CustomerContextError(Exception):
    """Root of the tree. `str()` and `repr()` of any of them are its kind, which is all that may be logged."""

    kind: ClassVar[str]

    def __str__(self) -> str:
        return self.kind

    def __repr__(self) -> str:
        return f"<{self.kind}>"


class NotUnderstood(CustomerContextError):
    """What was typed is no question."""


@dataclass(eq=False, repr=False)
class NothingAsked(NotUnderstood):
    """Nothing was typed, or the word "help"."""

    kind = "help"


@dataclass(eq=False, repr=False)
class NotAnIdentity(NotUnderstood):
    """There is no address, number or `namespace:value` in what was typed."""

    kind = "not_an_identity"
    typed: str


@dataclass(eq=False, repr=False)
class PersonMentioned(NotUnderstood):
    """A Slack member was named; the source knows customers, not members."""

    kind = "person_mentioned"


@dataclass(eq=False, repr=False)
class UnknownNamespace(NotUnderstood):
    """`alias:value` was typed and no namespace has that alias."""

    kind = "unknown_namespace"
    alias: str


@dataclass(eq=False, repr=False)
class SeveralIdentities(NotUnderstood):
    """More than one identity was typed; `questions` are the ways to go on, one each."""

    kind = "several_identities"
    questions: tuple[Question, ...]


@dataclass(eq=False, repr=False)
class ValueNotAccepted(NotUnderstood):
    """The value does not have its namespace's form. `reason` is a key of the message catalogue: `reason.<reason>`."""

    kind = "value_not_accepted"
    namespace: str
    value: str
    reason: str


@dataclass(eq=False, repr=False)
class TokenNotAccepted(NotUnderstood):
    """A button's token cannot be opened: another workspace's, or its key has been retired."""

    kind = "token_not_accepted"


@dataclass(eq=False, repr=False)
class NotAllowed(CustomerContextError):
    """This person may not ask, here. `reason` is a key of the message catalogue: `reason.<reason>`."""

    kind = "not_allowed"
    reason: str


@dataclass(eq=False, repr=False)
class AskedTooOften(CustomerContextError):
    """More questions than one person, or one workspace, may ask. `retry_after` is in seconds."""

    kind = "asked_too_often"
    retry_after: float


@dataclass(eq=False, repr=False)
class Restarting(CustomerContextError):
    """The service is being stopped: it finishes what it began, and takes nothing new."""

    kind = "restarting"


class LookupFailed(CustomerContextError):
    """The source was asked, or should have been, and there is no profile to show.

    `flight` is the reference of the shared call to the source, which its log lines carry.
    """

    flight: str | None = None


@dataclass(eq=False, repr=False)
class NotFound(LookupFailed):
    """Nobody has this identity."""

    kind = "not_found"
    identity: Identity


class ProfileUnusable(LookupFailed):
    """The profile exists, and the source refuses to put it together."""


@dataclass(eq=False, repr=False)
class TooManyIdentities(ProfileUnusable):
    """Adobe's guardrail: more than 50 identities in one graph can't be looked up."""

    kind = "too_many_identities"
    got: int | None
    most: int


@dataclass(eq=False, repr=False)
class NoMergePolicy(ProfileUnusable):
    """The organisation has no default merge policy for profiles and none is configured."""

    kind = "no_merge_policy"


@dataclass(eq=False, repr=False)
class RequestRefused(LookupFailed):
    """400 or 422 that concerns this call alone."""

    kind = "request_refused"
    status: int


@dataclass(eq=False, repr=False)
class NamespaceRefused(RequestRefused):
    """The source does not know the namespace that was asked for."""

    kind = "namespace_refused"
    namespace: str


@dataclass(eq=False, repr=False)
class NotSetUp(LookupFailed):
    """Key, token, organisation or permission is wrong. `code` is Adobe's, e.g. 403025; never its text."""

    kind = "not_set_up"
    status: int
    code: str | None = None


@dataclass(eq=False, repr=False)
class Throttled(LookupFailed):
    """429. `retry_after` is in seconds, None when the source did not say."""

    kind = "throttled"
    retry_after: float | None = None


@dataclass(eq=False, repr=False)
class Busy(LookupFailed):
    """Our quota of calls has no room for this one within its deadline; `retry_after` seconds from now it has."""

    kind = "busy"
    retry_after: float


@dataclass(eq=False, repr=False)
class BudgetSpent(LookupFailed):
    """Today's budget of licensed calls is used up; a new one begins in `retry_after` seconds."""

    kind = "budget_spent"
    retry_after: float


@dataclass(eq=False, repr=False)
class SourceDown(LookupFailed):
    """The source failed several times in a row, so it is left alone; in `retry_after` seconds it will be tried again."""

    kind = "source_down"
    retry_after: float


@dataclass(eq=False, repr=False)
class SourceFailed(LookupFailed):
    """The source answered with 5xx, or with something nobody can read. `status` is None for the latter."""

    kind = "source_failed"
    status: int | None = None


@dataclass(eq=False, repr=False)
class Unreachable(LookupFailed):
    """No answer came: refused, cut, reset, DNS, TLS, timeout of one call."""

    kind = "unreachable"


@dataclass(eq=False, repr=False)
class DeadlinePassed(LookupFailed):
    """The answer took longer than the asker can wait; `deadline` is in seconds."""

    kind = "deadline_passed"
    deadline: float


@dataclass(eq=False, repr=False)
class Broken(CustomerContextError):
    """Our own mistake, caught at the boundary. The log has its type under the reference."""

    kind = "broken"


Error = TypeVar("Error", bound=CustomerContextError)


def leaves(error: type[Error]) -> Iterator[type[Error]]:
    """`error` and what is below it in the tree, as far as it can be raised: the classes that have a kind."""
    if "kind" in vars(error):
        yield error
    for below in error.__subclasses__():
        yield from leaves(below)


class SetupError(Exception):
    """The service can't start. `str()` are sentences for whoever runs it."""


@dataclass(eq=False)
class ConfigurationError(SetupError):
    """Settings or `customer.yml` are wrong; `problems` are sentences, one for each thing that must be mended."""

    problems: tuple[str, ...]

    def __str__(self) -> str:
        return "\n".join(self.problems)


@dataclass(eq=False)
class SlackRefused(SetupError):
    """Slack did not take a token, or could not be asked (then it has not `answered`).

    `problem` is Slack's error code, or the kind of failure.
    """

    problem: str
    method: str = "auth.test"
    answered: bool = True

    def __str__(self) -> str:
        return f"Slack's {self.method} said {self.problem}"
