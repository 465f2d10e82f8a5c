"""Under which names things are kept."""

from __future__ import annotations

from dataclasses import replace

from bot.naming import Naming
from bot.profiles.model import Contact
from bot.profiles.wire import Account
from bot.question import Identity
from bot.seal import Seal
from tests.factories import ADA, config, profile

ACCOUNT = Account("ORG@AdobeOrg", "prod", "key-1")
OLD, NEW = "the-old-application-key-of-32-characters", "the-new-application-key-of-32-characters"
PHONE = Identity("Phone", "+493023125123")


def naming(*keys: str, account: Account = ACCOUNT) -> Naming:
    return Naming(Seal(keys or (OLD,)), account, config)


def test_the_key_is_the_first_name() -> None:
    """What is in memory is found by one hash, which is the first of all names."""
    assert naming(NEW, OLD).key(ADA) == naming(NEW, OLD).asked(ADA)[0]


def test_names_while_a_key_is_rotated() -> None:
    """Whoever has both keys knows all the names that those know who have the old one alone."""
    assert set(naming(OLD).asked(ADA)) < set(naming(NEW, OLD).asked(ADA))


def test_by_what_else_a_person_may_be_asked_for() -> None:
    """A copy is marked with the person's address and number, so that it is found by either, whichever was asked for."""
    marks = naming().marks(profile())

    assert set(naming().asked(ADA)) & set(marks)
    assert set(naming().asked(PHONE)) & set(marks)
    assert not set(naming().asked(Identity("Email", "bob@example.com"))) & set(marks)


def test_a_postal_address_is_no_identity() -> None:
    """Where somebody lives marks nothing: others live there too."""
    at_home = profile(contacts=(Contact("address", "home_address", "Berlin, DE"),))

    assert naming().marks(at_home) == naming().marks(profile(contacts=()))


def test_organisations_and_sandboxes_share_nothing() -> None:
    """The same customer in another sandbox has other names, and so has everything."""
    elsewhere = naming(account=replace(ACCOUNT, sandbox="dev"))

    assert not set(naming().asked(ADA)) & set(elsewhere.asked(ADA))
    assert not set(naming().marks(profile())) & set(elsewhere.marks(profile()))
    assert naming().everything() != elsewhere.everything()
