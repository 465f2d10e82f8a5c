"""Settings come from the environment, from files and from .env; whatever is wrong is told, all at once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bot.errors import ConfigurationError
from bot.settings import HUB, load, readable, safe_url, secret
from formatters.locale import Reader
from tests.opened import AUTHORITY

KEY = "0123456789abcdef0123456789abcdef"
SLACK = {"SLACK_SIGNING_SECRET": "s3cret", "SLACK_BOT_TOKEN": "xoxb-1", "APP_KEYS": KEY}
ADOBE = {
    "PROFILE_URL": "https://platform.example.com",
    "ADOBE_CLIENT_ID": "id",
    "ADOBE_CLIENT_SECRET": "s3cret",
    "ADOBE_ORG_ID": "ORG@AdobeOrg",
}
WHOLE = SLACK | ADOBE
pytestmark = pytest.mark.usefixtures("place")


def given(monkeypatch: pytest.MonkeyPatch, environment: dict[str, str]) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)


def problems(**arguments: Any) -> tuple[str, ...]:
    with pytest.raises(ConfigurationError) as wrong:
        load(**arguments)
    assert str(wrong.value) == "\n".join(wrong.value.problems)
    return wrong.value.problems


def names(*told: str) -> list[str]:
    return [problem.split()[0].rstrip(":") for problem in told]


def test_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    """What Slack and Adobe need is enough; everything else has a default."""
    given(monkeypatch, WHOLE)
    settings = load()

    assert (settings.uses_hub, settings.serves_http, settings.keys) == (False, True, (KEY,))
    assert (settings.port, settings.deadline, settings.slack_api_url) == (3000, 8, "https://slack.com/api/")


def test_nothing() -> None:
    """Without any setting everything that is needed is named."""
    assert names(*problems()) == ["SLACK_BOT_TOKEN", "SLACK_SIGNING_SECRET", "APP_KEYS", "PROFILE_URL"]


def test_everything_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    """All that is wrong is told at once: what can't be read, what is missing, and what doesn't fit."""
    wrong = {
        "SLACK_BOT_TOKEN": "xoxp-1",
        "SLACK_APP_TOKEN": "xoxb-1",
        "SLACK_API_URL": "http://slack.example.com",
        "APP_KEYS": f"{KEY},short",
        "PROFILE_URL": "http://platform.example.com",
        "ADOBE_IMS_URL": "ims.example.com",
        "ADOBE_ORG_ID": "ORG",
        "PORT": "many",
        "ACK_BUDGET": "3",
        "LOG_LEVEL": "loud",
        "HTTPS_PROXY": "proxy.example.com",
        "CA_BUNDLE": "nowhere.pem",
        "ADOBE_CLIENT_SECRET_FILE": "nowhere.txt",
    }
    given(monkeypatch, wrong)
    told = problems()

    assert sorted(names(*told)) == sorted([*wrong, "ADOBE_CLIENT_ID", "ADOBE_CLIENT_SECRET"])
    assert "xoxp-1" not in "".join(told)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "-1"),
        ("PORT", "65536"),
        ("PORT", "3000.5"),
        ("ACK_BUDGET", "0"),
        ("ACK_BUDGET", "2.6"),
        ("DEADLINE", "0"),
        ("DEADLINE", "soon"),
        ("FRESH", "-1"),
        ("KEPT", "0"),
        ("CACHE_BYTES", "0"),
        ("EVENTS_LIMIT", "1001"),
        ("LOG_LEVEL", "debug"),
        ("SLACK_BOT_TOKEN", "bot"),
        ("SLACK_APP_TOKEN", "app"),
        ("APP_KEYS", "short"),
        ("APP_KEYS", f"{KEY},short"),
        ("APP_KEYS", " , "),
        ("PROFILE_URL", "platform.example.com"),
        ("PROFILE_URL", "http://platform.example.com"),
        ("PROFILE_URL", "hub"),
        ("ADOBE_IMS_URL", "http://ims.example.com"),
        ("ADOBE_ORG_ID", "ORG"),
        ("SLACK_API_URL", "http://slack.example.com/api"),
        ("HTTPS_PROXY", "proxy.example.com:3128"),
        ("HTTPS_PROXY", "socks5://proxy.example.com"),
        ("CA_BUNDLE", "nowhere.pem"),
        ("REDIS_URL", "redis.example.com:6379"),
        ("REDIS_URL", "http://redis.example.com"),
        ("REDIS_URL", "redis://"),
        ("REDIS_URL", "redis://redis.example.com:many"),
        ("TRACES_URL", "collector.example.com:4318"),
        ("TRACES_URL", "grpc://collector.example.com:4317"),
        ("TRACES_URL", "http://"),
        ("ADMIN_PORT", "65536"),
        ("PERSON_RATE", "0"),
        ("PERSON_BURST", "0"),
        ("TEAM_RATE", "-1"),
        ("TEAM_BURST", "0"),
        ("QUOTA_RATE", "0"),
        ("QUOTA_BURST", "0"),
        ("DAILY_BUDGET", "0"),
        ("DAILY_BUDGET", "plenty"),
        ("BUDGET_WARNING", "1.1"),
        ("ATTEMPTS", "0"),
        ("ATTEMPTS", "11"),
        ("RETRY_PAUSE", "0"),
        ("BREAKER_FAILURES", "0"),
        ("BREAKER_PAUSE", "0"),
        ("REDIS_TIMEOUT", "0"),
    ],
)
def test_wrong(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    """A setting that can't be meant is named, and it alone."""
    given(monkeypatch, WHOLE | {name: value})

    assert names(*problems()) == [name]


@pytest.mark.parametrize("name", ["SLACK_SIGNING_SECRET", "SLACK_BOT_TOKEN", "APP_KEYS", *ADOBE])
def test_missing(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """A setting without which nothing works is named; an empty one counts as missing."""
    given(monkeypatch, WHOLE | {name: ""})

    assert names(*problems()) == [name]


def test_hub(monkeypatch: pytest.MonkeyPatch) -> None:
    """The hub needs nothing of Adobe's."""
    given(monkeypatch, SLACK | {"PROFILE_URL": HUB})

    assert load().uses_hub


def test_look_up_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """A look-up in the terminal needs nothing of Slack's."""
    given(monkeypatch, ADOBE)

    assert load(slack=False).adobe_client_id == "id"


def test_socket_mode(monkeypatch: pytest.MonkeyPatch) -> None:
    """With a token for Socket Mode no signing secret is needed, and HTTP isn't served."""
    given(monkeypatch, WHOLE | {"SLACK_APP_TOKEN": "xapp-1", "SLACK_SIGNING_SECRET": ""})

    assert not load().serves_http


def test_named_file(monkeypatch: pytest.MonkeyPatch, place: Path) -> None:
    """A secret may come from a file that <NAME>_FILE names, without the white space around it."""
    (place / "token").write_text("xoxb-from-a-file\n")
    given(monkeypatch, {**WHOLE, "SLACK_BOT_TOKEN": "", "SLACK_BOT_TOKEN_FILE": "token"})
    token = load().slack_bot_token

    assert token
    assert token.get_secret_value() == "xoxb-from-a-file"


@pytest.mark.parametrize("content", [None, b"\xff\xfe"])
def test_unreadable_named_file(monkeypatch: pytest.MonkeyPatch, place: Path, content: bytes | None) -> None:
    """A file that can't be read is told beside everything else that is wrong."""
    if content:
        (place / "token").write_bytes(content)
    given(monkeypatch, {**WHOLE, "SLACK_BOT_TOKEN_FILE": "token", "PORT": "many"})

    assert names(*problems()) == ["SLACK_BOT_TOKEN_FILE", "PORT"]


def test_dotenv(monkeypatch: pytest.MonkeyPatch, place: Path) -> None:
    """.env holds settings too, and names files; the environment wins over it."""
    (place / "secret").write_text("from a file")
    lines = [*(f"{name}={value}" for name, value in WHOLE.items()), "PORT=1", "HOST=0.0.0.0", "ADOBE_CLIENT_SECRET_FILE=secret"]
    (place / ".env").write_text("\n".join(lines))
    given(monkeypatch, {"PORT": "2"})
    settings = load()

    assert (settings.port, settings.host) == (2, "0.0.0.0")  # noqa: S104 - nothing is bound
    assert settings.adobe_client_secret
    assert settings.adobe_client_secret.get_secret_value() == "from a file"


def test_order(monkeypatch: pytest.MonkeyPatch, place: Path) -> None:
    """The environment wins over a named file, and what the code says over both."""
    (place / "host").write_text("file.example.com")
    given(monkeypatch, {**WHOLE, "HOST_FILE": "host", "HOST": "environment.example.com"})

    assert load().host == "environment.example.com"
    assert load(host="code.example.com").host == "code.example.com"


def test_overrides() -> None:
    """What the code says can stand for the whole environment."""
    assert load(profile_url=HUB, slack_bot_token="xoxb-1", slack_signing_secret="s", app_keys=KEY).keys == (KEY,)


def test_readable(monkeypatch: pytest.MonkeyPatch) -> None:
    """What can be read is given even if something else is wrong, and the default stands for that."""
    given(monkeypatch, {"CUSTOMER_CONFIG": "mine.yml", "PORT": "many", "PROFILE_URL": HUB})
    settings, wrong = readable()

    assert (settings.customer_config, settings.port, settings.uses_hub) == (Path("mine.yml"), 3000, True)
    assert names(*wrong) == ["PORT"]


def test_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keys are separated by commas, newest first."""
    given(monkeypatch, WHOLE | {"APP_KEYS": f"{KEY[::-1]}, {KEY},"})

    assert load().keys == (KEY[::-1], KEY)


@pytest.mark.parametrize("url", ["http://127.0.0.1:9000/api", "http://localhost:9000/api/", "http://[::1]:9000/api"])
def test_stand_in(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    """A stand-in for Slack on this machine needs no TLS; its address ends in a slash either way."""
    given(monkeypatch, WHOLE | {"SLACK_API_URL": url})

    assert load().slack_api_url == url.rstrip("/") + "/"


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://platform.example.com", True),
        ("http://localhost", True),
        ("http://localhost.example.com", False),
        ("http://127.0.0.1.example.com", False),
        ("http://10.0.0.1", False),
        ("ftp://localhost", False),
        ("https://", False),
        ("//platform.example.com", False),
        ("https://[::1", False),
        ("", False),
    ],
)
def test_safe_url(url: str, expected: bool) -> None:
    """Data leaves this machine over TLS alone."""
    assert safe_url(url) is expected


def test_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy, even one that no library could read, never ends in a traceback here."""
    given(monkeypatch, WHOLE | {"HTTPS_PROXY": "http://proxy.example.com:3128"})
    assert load().https_proxy == "http://proxy.example.com:3128"

    given(monkeypatch, {"HTTPS_PROXY": "http://[::1"})
    assert names(*problems()) == ["HTTPS_PROXY"]


def test_ca_bundle(monkeypatch: pytest.MonkeyPatch, place: Path) -> None:
    """A bundle must be there and hold certificates."""
    (place / "ca.pem").write_text(AUTHORITY.read_text())
    given(monkeypatch, WHOLE | {"CA_BUNDLE": "ca.pem"})
    assert load().ca_bundle == Path("ca.pem")

    (place / "ca.pem").write_text("no certificate")
    assert problems() == ("CA_BUNDLE must name a PEM file of certificates.",)


@pytest.mark.parametrize("blank", ["", " ", "\t"])
def test_blank_secrets_are_none(monkeypatch: pytest.MonkeyPatch, blank: str) -> None:
    """A blank secret would let anybody sign."""
    given(monkeypatch, WHOLE | {"SLACK_SIGNING_SECRET": blank, "ADOBE_CLIENT_SECRET": blank})

    assert names(*problems()) == ["SLACK_SIGNING_SECRET", "ADOBE_CLIENT_SECRET"]


def test_lifetimes_grow(monkeypatch: pytest.MonkeyPatch) -> None:
    """A copy is fresh, then stale, then kept."""
    given(monkeypatch, WHOLE | {"FRESH": "600", "STALE": "60"})

    assert problems() == ("FRESH, STALE and KEPT must not shrink in this order.",)


def test_default_reader(monkeypatch: pytest.MonkeyPatch) -> None:
    """Readers of whom nothing is known read in the configured language."""
    given(monkeypatch, WHOLE | {"DEFAULT_LOCALE": "de-DE", "DEFAULT_TIME_ZONE": "Europe/Berlin"})

    assert load().default_reader == Reader("de_DE", "Europe/Berlin")


def test_default_reader_of_no_land(monkeypatch: pytest.MonkeyPatch) -> None:
    """A language or time zone that does not exist is a mistake, and not English by another name."""
    given(monkeypatch, WHOLE | {"DEFAULT_LOCALE": "xx-XX", "DEFAULT_TIME_ZONE": "Mars/Base"})

    assert names(*problems()) == ["DEFAULT_LOCALE", "DEFAULT_TIME_ZONE"]


def test_secrets_stay_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    """No secret shows where settings are printed."""
    given(monkeypatch, WHOLE)

    assert not any(secret in repr(load()) for secret in ("s3cret", "xoxb-1", KEY))


@pytest.mark.parametrize(
    "url",
    [
        "redis://redis.example.com",
        "redis://redis.example.com:6379/0",
        "rediss://bot:s3cr3t@redis.example.com:6380/1",
        "rediss://:s3cr3t@redis.example.com",
        "redis://[::1]:6379",
    ],
)
def test_redis(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    """Redis may want a user, a password or TLS; its address, which may hold a password, shows nowhere."""
    given(monkeypatch, WHOLE | {"REDIS_URL": url})
    settings = load()

    assert secret(settings.redis_url) == url
    assert url not in repr(settings)


@pytest.mark.parametrize(
    "url",
    [
        "https://bot:s3cr3t@redis.example.com",
        "redis://bot:s3cr3t@:6379",
        "redis://bot:s3cr3t@redis.example.com:66666",
        "redis://bot:s3cr3t@redis.example.com:0",
        "redis://bot:s3/cr3t@redis.example.com",
        "redis://bot:s3cr3t@[::1",
        "bot:s3cr3t@redis.example.com",
    ],
)
def test_redis_password(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    """A wrong address is told without a word of it: it may hold a password."""
    given(monkeypatch, WHOLE | {"REDIS_URL": url})
    told = problems()

    assert told == ("REDIS_URL must be an address like redis://redis.example.com:6379/0, or rediss:// for TLS.",)
    assert "cr3t" not in "".join(told)


def test_redis_from_a_file(monkeypatch: pytest.MonkeyPatch, place: Path) -> None:
    """Its address may come from a file, as every secret may."""
    (place / "redis").write_text("rediss://bot:s3cr3t@redis.example.com\n")
    given(monkeypatch, WHOLE | {"REDIS_URL_FILE": "redis"})

    assert secret(load().redis_url) == "rediss://bot:s3cr3t@redis.example.com"


@pytest.mark.parametrize("url", ["http://collector.example.com:4318/v1/traces", "https://collector.example.com/v1/traces"])
def test_traces(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    """Traces go to a collector, which may be near by."""
    given(monkeypatch, WHOLE | {"TRACES_URL": url})

    assert load().traces_url == url


def test_traces_password(monkeypatch: pytest.MonkeyPatch) -> None:
    """A wrong address of a collector is told without a word of it either."""
    given(monkeypatch, WHOLE | {"TRACES_URL": "grpc://bot:s3cr3t@collector.example.com"})

    assert "s3cr3t" not in "".join(problems())


def test_steady_defaults(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a word about it nothing is shared, no budget is kept to, and the admin address is this machine's alone."""
    given(monkeypatch, WHOLE)
    settings = load()

    assert (settings.redis_url, settings.traces_url, settings.daily_budget) == (None, None, None)
    assert (settings.admin_host, settings.admin_port) == ("127.0.0.1", 9090)
    assert (settings.person_rate, settings.person_burst, settings.quota_rate, settings.quota_burst) == (30, 10, 20, 20)
