"""Environment and files → `Settings`. The only reader of the environment.

Every setting may also come from a file that the variable `<NAME>_FILE` names (Docker and Kubernetes secrets), or from `.env`.
"""

from __future__ import annotations

import os
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from dotenv import dotenv_values
from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from bot.errors import ConfigurationError
from bot.seal import SHORTEST_KEY
from formatters.locale import Reader

HUB = "hub:"
"""`PROFILE_URL` for the embedded hub."""

ENV_FILE = ".env"


class Settings(BaseSettings):
    """What the platform engineer sets. Durations are in seconds, sizes in bytes."""

    model_config = SettingsConfigDict(env_file=ENV_FILE, env_ignore_empty=True, extra="ignore", frozen=True)

    slack_signing_secret: SecretStr | None = Field(
        None, description="Signs what Slack sends over HTTP. Basic Information › Signing Secret"
    )
    slack_bot_token: SecretStr | None = Field(
        None, description="xoxb-…, for users.info. OAuth & Permissions › Bot User OAuth Token"
    )
    slack_app_token: SecretStr | None = Field(
        None, description="xapp-…, switches Socket Mode on. Basic Information › App-Level Tokens"
    )
    slack_api_url: str = Field("https://slack.com/api/", description="Slack's Web API, or a stand-in for it")

    profile_url: str | None = Field(
        None, description="`hub:` for the embedded hub, else Adobe's address, https://platform.adobe.io"
    )
    adobe_client_id: str | None = Field(None, description="OAuth Server-to-Server credential of the Developer Console project")
    adobe_client_secret: SecretStr | None = Field(None, description="Its secret")
    adobe_org_id: str | None = Field(None, description="…@AdobeOrg")
    adobe_sandbox: str = Field("prod", description="Sandbox name")
    adobe_merge_policy_id: str | None = Field(
        None, description="Merge policy of the look-up; without it the organisation's default"
    )
    adobe_ims_url: str = Field("https://ims-na1.adobelogin.com", description="Where tokens come from")

    hub_path: Path | None = Field(
        None, description="File of the embedded hub with your own data; without it `hub:` invents customers anew at each start"
    )
    hub_tenant: str = Field(
        "demo", pattern="^[a-z][a-z0-9]*$", description="Tenant of a hub that is made: its own fields lie under _demo"
    )

    redis_url: SecretStr | None = Field(
        None, description="Shared by replicas: redis://, or rediss:// for TLS, with user and password if it has them"
    )
    app_keys: SecretStr | None = Field(
        None, description=f"Secrets of at least {SHORTEST_KEY} characters, newest first, comma-separated"
    )
    customer_config: Path | None = Field(None, description="Your customer.yml, laid over the packaged one")
    https_proxy: str | None = Field(None, description="Proxy for Slack and Adobe alike")
    ca_bundle: Path | None = Field(None, description="PEM file of certificate authorities to trust instead of the system's")

    host: str = Field("127.0.0.1", description="Address to listen on")
    port: int = Field(3000, ge=0, le=65535, description="Port to listen on; 0 takes a free one")
    admin_host: str = Field("127.0.0.1", description="Address for health, readiness and metrics")
    admin_port: int = Field(9090, ge=0, le=65535, description="Its port; 0 takes a free one")
    traces_url: str | None = Field(None, description="OTLP address for traces, http://collector.example.com:4318/v1/traces")
    log_level: str = Field("INFO", pattern="^(DEBUG|INFO|WARNING|ERROR)$", description="Of our own events")
    default_locale: str = Field("en-US", description="Where a member's own is not known")
    default_time_zone: str = Field("UTC", description="Where a member's own is not known")

    ack_budget: float = Field(1.5, gt=0, le=2.5, description="How long an ack waits for the answer; Slack gives up after 3 s")
    deadline: float = Field(8.0, gt=0, le=60, description="How long an answer may take")
    fresh: float = Field(60, ge=0, description="How long a copy is shown as it is")
    stale: float = Field(600, ge=0, description="How long a copy is shown while it is refreshed behind")
    kept: float = Field(86_400, gt=0, description="How long a copy is kept for when the source is down")
    not_found_kept: float = Field(30, ge=0, description="How long it is remembered that nobody was found")
    consents_known: float = Field(3_600, ge=0, description="How old a copy's consents may be")
    failure_shared: float = Field(
        1.0, ge=0, description="How long a failed call's error is shared before the source is asked again"
    )
    locale_patience: float = Field(0.3, ge=0, le=1, description="How long an answer waits for the member's language")
    person_rate: float = Field(30.0, gt=0, description="Questions a minute that one person may ask")
    person_burst: int = Field(10, gt=0, description="Of these, at once")
    team_rate: float = Field(3_000.0, gt=0, description="Questions a minute that a whole workspace may ask")
    team_burst: int = Field(1_500, gt=0, description="Of these, at once")
    quota_rate: float = Field(20.0, gt=0, description="Calls to Adobe a second, of all replicas together")
    quota_burst: int = Field(20, gt=0, description="Of these, at once")
    daily_budget: int | None = Field(None, gt=0, description="Calls to Adobe a day (UTC), as your licence has them")
    budget_warning: float = Field(0.8, gt=0, le=1, description="Part of the daily budget after which a warning is logged")
    attempts: int = Field(3, ge=1, le=10, description="How often a call to Adobe that fails is sent in all, within the deadline")
    retry_pause: float = Field(0.2, gt=0, description="Before the second attempt where Adobe doesn't say; doubles with each")
    breaker_failures: int = Field(5, ge=1, description="Failures in a row after which Adobe, or Redis, is left alone")
    breaker_pause: float = Field(2.0, gt=0, description="For how long, before it is tried again")
    redis_timeout: float = Field(0.5, gt=0, description="For one exchange with Redis")
    connect_timeout: float = Field(2.0, gt=0, description="For a connection to Adobe or Slack")
    read_timeout: float = Field(5.0, gt=0, description="Between two reads from Adobe")
    respond_timeout: float = Field(5.0, gt=0, description="For one post to a response_url")
    events_grace: float = Field(2.0, ge=0, description="How long events may be later than attributes")
    cache_bytes: int = Field(128_000_000, gt=0, description="Memory for copies")
    answer_bytes: int = Field(2_000_000, gt=0, description="Longest answer that is read from Adobe")
    events_limit: int = Field(50, gt=0, le=1000, description="Newest events asked for")

    @field_validator("slack_api_url")
    @classmethod
    def _ends_in_a_slash(cls, url: str) -> str:
        return url if url.endswith("/") else f"{url}/"

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - replaced by ours; the signature is the library's
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Environment, then files that it names, then `.env`."""
        return init_settings, env_settings, NamedFiles(settings_cls), dotenv_settings

    @property
    def uses_hub(self) -> bool:
        """Whether the embedded hub is the source."""
        return self.profile_url == HUB

    @property
    def uses_sample(self) -> bool:
        """Whether the embedded hub has no file of the organisation's, and invents its customers."""
        return self.uses_hub and self.hub_path is None

    @property
    def serves_http(self) -> bool:
        """Whether Slack may call us; with a token for Socket Mode alone it may not."""
        return bool(secret(self.slack_signing_secret))

    @property
    def transports(self) -> str:
        """How Slack reaches us: "http", "socket", or "http and socket"."""
        used = (("http", self.serves_http), ("socket", bool(secret(self.slack_app_token))))
        return " and ".join(name for name, is_used in used if is_used)

    @property
    def keys(self) -> tuple[str, ...]:
        """The application keys, newest first."""
        return tuple(key.strip() for key in secret(self.app_keys).split(",") if key.strip())

    @property
    def default_reader(self) -> Reader:
        """Reads where a member's own language is not known."""
        return Reader.of(self.default_locale, self.default_time_zone)


def secret(value: SecretStr | None) -> str:
    """The text of a secret, "" if it is not set or blank."""
    return value.get_secret_value().strip() if value else ""


class NamedFiles(PydanticBaseSettingsSource):
    """Values from files that `<NAME>_FILE` names."""

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:  # noqa: ARG002 - the library's signature
        """The content of the field's file, None without one that can be read."""
        try:
            return _content(field_name), field_name, False
        except (OSError, UnicodeDecodeError):
            return None, field_name, False

    def __call__(self) -> dict[str, Any]:
        """All fields that have a file."""
        values = {name: self.get_field_value(field, name)[0] for name, field in self.settings_cls.model_fields.items()}
        return {name: value for name, value in values.items() if value}


def _content(name: str) -> str | None:
    variable = f"{name.upper()}_FILE"
    path = os.environ.get(variable) or dotenv_values(ENV_FILE).get(variable)
    return Path(path).read_text(encoding="utf-8").strip() if path else None


def load(*, slack: bool = True, **overrides: Any) -> Settings:
    """The settings that the environment gives; without `slack` those suffice that a look-up needs.

    Raises:
        ConfigurationError: with everything that is wrong, not just the first.
    """
    settings, wrong = readable(**overrides)
    problems = (*wrong, *(_slack_problems(settings) if slack else ()), *_profile_problems(settings), *_common_problems(settings))
    if problems:
        raise ConfigurationError(problems)
    return settings


def readable(**overrides: Any) -> tuple[Settings, tuple[str, ...]]:
    """The settings, with the default for each that can't be read, and what is wrong with those."""
    unread = tuple(_unread_files())
    try:
        return Settings(**overrides), unread
    except ValidationError as error:
        names = {str(each["loc"][0]) for each in error.errors()}
        wrong = (f"{str(each['loc'][0]).upper()}: {each['msg']}." for each in error.errors())
        defaults = {name: field.default for name, field in Settings.model_fields.items() if name in names}
        return Settings(**overrides | defaults), (*unread, *wrong)


def _unread_files() -> Iterator[str]:
    for name in Settings.model_fields:
        try:
            _content(name)
        except (OSError, UnicodeDecodeError) as error:
            yield f"{name.upper()}_FILE names a file that can't be read ({type(error).__name__})."


def _common_problems(settings: Settings) -> Iterator[str]:
    known = Reader.of(settings.default_locale, settings.default_time_zone, default=Reader("", ""))
    if not known.locale:
        yield "DEFAULT_LOCALE must be a language and region like en-US or de-DE."
    if not known.time_zone:
        yield "DEFAULT_TIME_ZONE must be a time zone like Europe/Berlin."
    if (problem := _redis_problem(secret(settings.redis_url))) is not None:
        yield problem
    if settings.traces_url and not any(_address(settings.traces_url, scheme) for scheme in ("http", "https")):
        yield "TRACES_URL must be an address like http://collector.example.com:4318/v1/traces."
    if settings.https_proxy and not any(_address(settings.https_proxy, scheme) for scheme in ("http", "https")):
        yield "HTTPS_PROXY must be an address like http://proxy.example.com:3128."
    if settings.ca_bundle and not _certificates(settings.ca_bundle):
        yield "CA_BUNDLE must name a PEM file of certificates."
    if not settings.fresh <= settings.stale <= settings.kept:
        yield "FRESH, STALE and KEPT must not shrink in this order."


def _redis_problem(url: str) -> str | None:
    """What is wrong with it, without a word of it: it may hold a password."""
    try:
        parts = urlsplit(url)
        fine = parts.scheme in {"redis", "rediss"} and bool(parts.hostname) and parts.port != 0 and not parts.query
    except ValueError:
        fine = False
    return (
        None if fine or not url else "REDIS_URL must be an address like redis://redis.example.com:6379/0, or rediss:// for TLS."
    )


def _certificates(path: Path) -> bool:
    try:
        ssl.create_default_context(cafile=path)
    except OSError:  # ssl.SSLError is one
        return False
    return True


def _slack_problems(settings: Settings) -> Iterator[str]:
    token, app_token = secret(settings.slack_bot_token), secret(settings.slack_app_token)
    if not token:
        yield "SLACK_BOT_TOKEN is missing: xoxb-…, from OAuth & Permissions of your Slack app."
    elif not token.startswith("xoxb-"):
        yield "SLACK_BOT_TOKEN must be a bot token: it begins with xoxb-."
    if app_token and not app_token.startswith("xapp-"):
        yield "SLACK_APP_TOKEN must be an app-level token: it begins with xapp-."
    if not app_token and not secret(settings.slack_signing_secret):
        yield "SLACK_SIGNING_SECRET is missing (Basic Information of your Slack app), or SLACK_APP_TOKEN for Socket Mode."
    if not settings.keys:
        yield f"APP_KEYS is missing: a secret of at least {SHORTEST_KEY} characters, e.g. from `openssl rand -hex 32`."
    elif any(len(key) < SHORTEST_KEY for key in settings.keys):
        yield f"APP_KEYS: each key needs at least {SHORTEST_KEY} characters, e.g. from `openssl rand -hex 32`."
    if not safe_url(settings.slack_api_url):
        yield "SLACK_API_URL must be an https:// address (http:// on this machine alone)."


def _profile_problems(settings: Settings) -> Iterator[str]:
    if settings.profile_url is None:
        yield "PROFILE_URL is missing: https://platform.adobe.io for Adobe, or hub: for the embedded hub (HUB_PATH, or a sample)."
        return
    if settings.uses_hub:
        return
    if not safe_url(settings.profile_url):
        yield "PROFILE_URL must be hub: or an https:// address (http:// on this machine alone)."
    if not safe_url(settings.adobe_ims_url):
        yield "ADOBE_IMS_URL must be an https:// address (http:// on this machine alone)."
    for name in ("adobe_client_id", "adobe_client_secret", "adobe_org_id"):
        value = getattr(settings, name)
        if not (secret(value) if isinstance(value, SecretStr) else value):
            yield f"{name.upper()} is missing: see Connect Adobe in the README."
    if settings.adobe_org_id and not settings.adobe_org_id.endswith("@AdobeOrg"):
        yield "ADOBE_ORG_ID must end in @AdobeOrg."


def safe_url(url: str) -> bool:
    """Whether personal data and secrets may go there: over TLS, or without leaving this machine."""
    return bool(_address(url, "https")) or _address(url, "http") in {"127.0.0.1", "localhost", "::1"}


def _address(url: str, scheme: str) -> str | None:
    """The host, if the URL has one, is of this scheme, and is a mere address."""
    try:
        parts = urlsplit(url)
        mere = parts.scheme == scheme and not parts.query and not parts.fragment and parts.port != 0
    except ValueError:  # a port beyond 65535 is one
        return None
    return parts.hostname if mere else None
