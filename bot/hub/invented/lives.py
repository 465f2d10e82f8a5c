"""Invents customers: the same seed, number and now always give the same one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from bot.hub.invented.chance import Dice, dice
from bot.hub.invented.customer import Case, Churn, Consent, Customer, Line, Loyalty, Order, Person, Touch, Visit
from bot.hub.invented.habits import HABITS, REGULAR, UNKNOWN, Habit, Range
from bot.hub.invented.people import person
from bot.hub.invented.wares import CAMPAIGNS, CASES, FACTORS, JOURNEYS, PAGES, PRODUCTS

_CONSENTS = {
    "marketing.email": ("y", "y", "y", "n", "p", "u", "dy", "dn"),
    "marketing.sms": ("y", "n", "n", "u", "dn"),
    "marketing.push": ("y", "n", "u"),
    "marketing.call": ("n", "n", "y", "dn"),
    "marketing.postalMail": ("y", "dy", "LI", "n"),
    "marketing.whatsApp": ("n", "u", "p"),
    "marketing.any": ("y", "y", "u"),
    "collect": ("VI", "y", "CT", "PI"),
    "share": ("y", "n", "dn", "CP"),
    "personalize.content": ("y", "y", "n", "LI"),
}
_FRESHEST = timedelta(minutes=10)
"""Nothing is newer: an event takes a while to reach the profile."""
_REASONS = ("Too frequent", "Not relevant", "Never signed up")


def invent(seed: int, number: int, now: datetime, habit: Habit | None = None) -> Customer:
    """Customer `number`, as of `now`."""
    chance = dice(seed, number)
    habit = habit or chance.choices(HABITS, [each.weight for each in HABITS])[0]
    who = person(seed, number, chance, known=habit is not UNKNOWN)
    if habit is UNKNOWN:
        return Customer(who, visits=_visits(chance, habit, now, now - timedelta(days=200)))
    return _Life(chance, habit, now, who, now - _days(chance, habit.since)).customer()


def regular(seed: int, number: int, now: datetime) -> Customer:
    """Customer `number` with a bit of everything."""
    return invent(seed, number, now, REGULAR)


def _days(chance: Dice, days: Range) -> timedelta:
    return timedelta(days=chance.randint(*days), seconds=chance.randint(600, 80_000))


@dataclass(frozen=True)
class _Life:
    """One customer in the making. The order in which the parts are made is the order in which the dice fall."""

    chance: Dice
    habit: Habit
    now: datetime
    person: Person
    since: datetime

    def customer(self) -> Customer:
        """Everything, made up."""
        orders = tuple(self._orders())
        consents = self._consents()
        spent = sum(order.total for order in orders) / self.person.country.rate
        return Customer(
            person=self.person,
            since=self.since,
            orders=orders,
            touches=tuple(self._touches()),
            visits=_visits(self.chance, self.habit, self.now, self.since),
            loyalty=self._loyalty(spent),
            consents=consents,
            preferred_channel=self.chance.choice(("email", "email", "sms", "phone", "postalMail", None)),
            value=round(spent * self.chance.uniform(1.0, 1.4), 2),
            value_currency=self.person.country.currency if self.person.country.rate == 1 else "EUR",
            churn=self._churn(),
            case=self._case(),
            account_type=self.chance.choice(("private", "private", "private", "business")),
            discount=self.chance.choice((None, None, 0.05, 0.1, 0.125)),
        )

    def _orders(self) -> Iterator[Order]:
        count = self.chance.randint(*self.habit.orders)
        if count == 0:
            return
        last = max(self.now - _days(self.chance, self.habit.quiet), self.since + timedelta(hours=1))
        for position in range(count):
            share = position / count
            time = last if position == 0 else last - (last - self.since) * (share + self.chance.uniform(-0.3, 0.3) / count)
            yield Order(f"O-{self.person.number + 10_001}-{count - position:03d}", time, tuple(self._lines()))

    def _lines(self) -> Iterator[Line]:
        country = self.person.country
        for product in self.chance.sample(PRODUCTS, self.chance.choice((1, 1, 1, 2, 2, 3, 5))):
            quantity = self.chance.choice((1, 1, 1, 1, 2, 3))
            price = round(product.price * country.rate, country.cents)
            yield Line(product, quantity, round(price * quantity, country.cents))

    def _touches(self) -> Iterator[Touch]:
        for _ in range(self.chance.randint(*self.habit.touches)):
            time = _moment(self.chance, self.now, self.since)
            yield from self._journey(time) if self.chance.happens(0.3) else self._mailing(time)

    def _mailing(self, time: datetime) -> Iterator[Touch]:
        campaign = self.chance.choice(CAMPAIGNS)
        yield Touch(time, "directMarketing.emailSent", campaign)
        if self.chance.happens(0.05):
            yield Touch(self._after(time, 1), "directMarketing.emailBounced", campaign)
            return
        yield Touch(self._after(time, 1), "directMarketing.emailDelivered", campaign)
        if self.chance.happens(0.5):
            yield Touch(self._after(time, 300), "directMarketing.emailOpened", campaign)
            if self.chance.happens(0.4):
                yield Touch(self._after(time, 330), "directMarketing.emailClicked", campaign)

    def _journey(self, time: datetime) -> Iterator[Touch]:
        _, campaign = self.chance.choice(JOURNEYS)
        status = self.chance.choice(("sent", "sent", "delivered", "delivered", "bounce", "exclude"))
        yield Touch(time, "message.feedback", campaign, status)
        if status in {"sent", "delivered"} and self.chance.happens(0.6):
            robot = self.chance.happens(0.2)
            yield Touch(self._after(time, 90), "message.tracking", campaign, self.chance.choice(("open", "open", "click")), robot)

    def _after(self, time: datetime, minutes: int) -> datetime:
        later = time + timedelta(minutes=minutes, seconds=self.chance.randint(0, 59))
        return min(later, self.now - _FRESHEST / 2)

    def _loyalty(self, spent: float) -> Loyalty | None:
        tier = self.chance.choice(self.habit.tiers)
        if tier is None or self.person.loyalty_id is None:
            return None
        joined = self.since + (self.now - self.since) * self.chance.uniform(0, 0.5)
        until = date(self.now.year + self.chance.choice((0, 1)), 12, 31)
        return Loyalty(tier, int(spent) + self.chance.randint(0, 400), joined, until)

    def _consents(self) -> dict[str, Consent]:
        return {
            path: self._consent(vals)
            for path, vals in _CONSENTS.items()
            if self.chance.happens(0.85) or path == "marketing.email"
        }

    def _consent(self, vals: tuple[str, ...]) -> Consent:
        val = self.chance.choice(vals)
        reason = self.chance.choice(_REASONS) if val == "n" and self.chance.happens(0.4) else None
        return Consent(val, _moment(self.chance, self.now, self.since), reason)

    def _churn(self) -> Churn | None:
        if self.chance.happens(0.08):
            return None
        weights = sorted((round(self.chance.uniform(0.05, 0.5), 2) for _ in range(3)), reverse=True)
        factors = tuple(
            (code, text, weight) for (code, text), weight in zip(self.chance.sample(FACTORS, 3), weights, strict=True)
        )
        return Churn(self.chance.randint(*self.habit.churn), self.now - timedelta(hours=self.chance.randint(4, 30)), factors)

    def _case(self) -> Case | None:
        if not self.chance.happens(0.12):
            return None
        opened = max(self.now - timedelta(days=self.chance.randint(0, 12), minutes=self.chance.randint(20, 700)), self.since)
        number = f"CASE-{50_000 + self.person.number}"
        return Case(number, self.chance.choice(CASES), opened, self.chance.choice(("low", "normal", "high")))


def _visits(chance: Dice, habit: Habit, now: datetime, since: datetime) -> tuple[Visit, ...]:
    return tuple(_visit(chance, _moment(chance, now, since)) for _ in range(chance.randint(*habit.visits)))


def _visit(chance: Dice, time: datetime) -> Visit:
    page = chance.choice(PAGES)
    if page[2] == "checkout":
        return Visit(time, page, chance.choice(("commerce.checkouts", "commerce.cartAbandons")))
    return Visit(time, page)


def _moment(chance: Dice, now: datetime, since: datetime) -> datetime:
    # The cube makes the recent past denser, as it is where somebody is still around.
    return now - _FRESHEST - (now - since) * (chance.random() ** 3 * 0.98)
