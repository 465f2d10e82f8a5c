"""What is handed to those who run the service: manifests, image, dashboard and alarms fit it, and each other."""

from __future__ import annotations

import asyncio
import json
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import kubernetes_validate  # type: ignore[import-untyped]  # ships no types
import pytest
from prometheus_client.samples import Sample
from ruamel.yaml import YAML

from bot import customer_file
from bot.app import DRAIN_MARGIN
from bot.metrics import Metrics
from bot.otel import FLUSH
from bot.profiles.client import Exchange
from bot.serving import served
from bot.settings import Settings
from bot.slack.respond import Delivery
from tests.test_admin import WELL, Service

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
DEPLOY = DOCS / "deploy"
SETTINGS = {name.upper(): field for name, field in Settings.model_fields.items()}
DEADLINE: float = SETTINGS["DEADLINE"].default
LONGEST_END = 2 * (DEADLINE + DRAIN_MARGIN) + FLUSH
"""Seconds: requests under way, then deliveries, then traces."""


def documents(path: Path) -> list[Any]:
    return list(YAML(typ="safe").load_all(path.read_text("utf-8")))


def of_kind(kind: str, name: str = "customer-context") -> Any:
    (found,) = (
        each for each in documents(DEPLOY / "kubernetes.yml") if each["kind"] == kind and each["metadata"]["name"] == name
    )
    return found


def pod() -> Any:
    return of_kind("Deployment")["spec"]["template"]["spec"]


def container() -> Any:
    (one,) = pod()["containers"]
    return one


def compose() -> Any:
    (one,) = documents(DEPLOY / "compose.yml")
    return one


# Kubernetes


@pytest.mark.parametrize("version", ["1.30", "1.37"])
@pytest.mark.parametrize(
    "document", documents(DEPLOY / "kubernetes.yml"), ids=lambda each: f"{each['kind']}-{each['metadata']['name']}"
)
def test_manifests_are_valid(document: dict[str, Any], version: str) -> None:
    """Each manifest has the shape that Kubernetes wants, in versions old and new, and not a field more."""
    kubernetes_validate.validate(document, version, strict=True)


def test_selectors_meet() -> None:
    """Service, budget and network policy mean the pods that the deployment makes."""
    labels = of_kind("Deployment")["spec"]["template"]["metadata"]["labels"]
    selectors = [
        of_kind("Deployment")["spec"]["selector"]["matchLabels"],
        of_kind("Service")["spec"]["selector"],
        of_kind("PodDisruptionBudget")["spec"]["selector"]["matchLabels"],
        of_kind("NetworkPolicy")["spec"]["podSelector"]["matchLabels"],
    ]

    assert [labels] * 4 == selectors


def test_ports_that_are_named_exist() -> None:
    """Probes, Service and network policy name ports of the container, which are those the service listens on."""
    ports = {port["name"]: port["containerPort"] for port in container()["ports"]}
    probes = {name: container()[name]["httpGet"] for name in ("startupProbe", "livenessProbe", "readinessProbe")}
    allowed = [port["port"] for rule in of_kind("NetworkPolicy")["spec"]["ingress"] for port in rule["ports"]]

    assert ports == {"http": SETTINGS["PORT"].default, "admin": SETTINGS["ADMIN_PORT"].default}
    assert [(probe["path"], probe["port"]) for probe in probes.values()] == [
        ("/health", "admin"),
        ("/health", "admin"),
        ("/ready", "admin"),
    ]
    assert {port["targetPort"] for port in of_kind("Service")["spec"]["ports"]} == {"http"}
    assert set(allowed) <= set(ports)


def test_volumes_that_are_mounted_exist() -> None:
    """Each mount has its volume, and each file that a variable names is in one."""
    volumes = {volume["name"]: volume for volume in pod()["volumes"]}
    mounts = {mount["mountPath"]: volumes[mount["name"]] for mount in container()["volumeMounts"]}
    secrets = {item["path"] for item in mounts["/run/secrets/customer-context"]["secret"]["items"]}
    files = [each["value"] for each in container()["env"] if each["name"].endswith("_FILE")]

    assert {Path(file).name for file in files} == secrets
    assert {str(Path(file).parent) for file in files} == {"/run/secrets/customer-context"}
    assert mounts["/etc/customer-context"]["configMap"]["name"] == "customer-context"


def test_pods_are_restricted() -> None:
    """No pod runs as root, may gain rights, or write to its image."""
    for name in ("customer-context", "valkey"):
        spec = of_kind("Deployment", name)["spec"]["template"]["spec"]
        (one,) = spec["containers"]

        assert spec["securityContext"]["runAsNonRoot"] is True
        assert spec["securityContext"]["runAsUser"] > 0
        assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        assert spec["automountServiceAccountToken"] is False
        assert one["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }
        assert one["resources"]["limits"].keys() == {"memory"}


def test_one_replica_stays() -> None:
    """There are two replicas, of which one may be away, for a drain as for a deploy."""
    deployment = of_kind("Deployment")["spec"]

    assert (deployment["replicas"], of_kind("PodDisruptionBudget")["spec"]["minAvailable"]) == (2, 1)
    assert deployment["strategy"]["rollingUpdate"] == {"maxUnavailable": 0, "maxSurge": 1}


def test_the_end_is_long_enough() -> None:
    """Kubernetes and compose wait for longer than the service takes to deliver what is under way."""
    _sleep, seconds = container()["lifecycle"]["preStop"]["exec"]["command"]
    grace = pod()["terminationGracePeriodSeconds"]

    assert grace > float(seconds) + LONGEST_END
    assert int(compose()["services"]["bot"]["stop_grace_period"].removesuffix("s")) > LONGEST_END


def test_the_config_map_is_a_configuration(tmp_path: Path) -> None:
    """What stands in the ConfigMap is a customer.yml, and so is what compose mounts."""
    path = tmp_path / "customer.yml"
    path.write_text(of_kind("ConfigMap")["data"]["customer.yml"])

    assert [role.status for role in customer_file.load(path).roles.values()] == [True]
    assert [role.status for role in customer_file.load(DEPLOY / "customer.yml").roles.values()] == [True]


# Compose


def test_what_compose_names_exists() -> None:
    """Secrets, configs, networks and files that compose names are there, and so are the services that others depend on."""
    file = compose()
    for service in file["services"].values():
        assert set(service.get("secrets", ())) <= file["secrets"].keys()
        assert {config["source"] for config in service.get("configs", ())} <= file["configs"].keys()
        assert set(service["networks"]) <= file["networks"].keys()
        assert set(service.get("depends_on", ())) <= file["services"].keys()
    for config in file["configs"].values():
        assert (DEPLOY / config["file"]).is_file()
    build = file["services"]["bot"]["build"]
    assert (DEPLOY / build["context"] / build["dockerfile"]).is_file()
    assert (DEPLOY / build["context"]).resolve() == ROOT


def test_compose_hands_secrets_over_as_files() -> None:
    """Each secret that compose has reaches the service as a file that a variable names, and is no part of the repository."""
    bot = compose()["services"]["bot"]
    files = {value for name, value in bot["environment"].items() if name.endswith("_FILE")}

    assert {f"/run/secrets/{secret}" for secret in bot["secrets"]} == files
    assert all(secret["file"].startswith("./secrets/") for secret in compose()["secrets"].values())
    assert "secrets/" in (DEPLOY / ".gitignore").read_text("utf-8").splitlines()


def test_compose_runs_two() -> None:
    """There are two replicas, with a port of the machine for each."""
    bot = compose()["services"]["bot"]
    ranges = [port.split(":")[1] for port in bot["ports"]]

    assert bot["deploy"]["replicas"] == 2
    assert [int(last) - int(first) + 1 for first, last in (each.split("-") for each in ranges)] == [2, 2]
    assert {int(port.split(":")[2]) for port in bot["ports"]} == {SETTINGS["PORT"].default, SETTINGS["ADMIN_PORT"].default}
    assert all(port.startswith("127.0.0.1:") for port in bot["ports"])


def test_nothing_is_kept_on_disk() -> None:
    """Valkey writes nothing to disk and has a bound, and is the same in both."""
    (valkey,) = of_kind("Deployment", "valkey")["spec"]["template"]["spec"]["containers"]
    command = valkey["command"]
    options = dict(zip(command[1::2], command[2::2], strict=True))

    assert command == compose()["services"]["valkey"]["command"]
    assert valkey["image"] == compose()["services"]["valkey"]["image"]
    assert (options["--save"], options["--appendonly"], options["--maxmemory-policy"]) == ("", "no", "allkeys-lru")


# Settings


def environments() -> Iterator[Any]:
    yield pytest.param({each["name"]: each.get("value") for each in container()["env"]}, id="kubernetes")
    yield pytest.param(compose()["services"]["bot"]["environment"], id="compose")


@pytest.mark.parametrize("environment", list(environments()))
def test_variables_are_settings(environment: Mapping[str, str]) -> None:
    """Each variable is a setting, or names a setting's file; secrets come as files alone."""
    assert {name.removesuffix("_FILE") for name in environment} <= SETTINGS.keys()
    assert not {name for name in environment if "SECRET" in name or "TOKEN" in name or "KEYS" in name} - {
        name for name in environment if name.endswith("_FILE")
    }


@pytest.mark.parametrize("environment", list(environments()))
def test_what_a_service_needs_is_set(environment: Mapping[str, str]) -> None:
    """Nothing is missing that a service over HTTP needs, and its probes reach it."""
    needed = {"SLACK_BOT_TOKEN", "SLACK_SIGNING_SECRET", "APP_KEYS", "PROFILE_URL", "REDIS_URL", "CUSTOMER_CONFIG"}
    needed |= {"ADOBE_CLIENT_ID", "ADOBE_CLIENT_SECRET", "ADOBE_ORG_ID"}

    assert needed <= {name.removesuffix("_FILE") for name in environment}
    assert environment["ADMIN_HOST"] == "0.0.0.0"  # noqa: S104 - inside the pod, or compose's network


# The image

INSTRUCTION = re.compile(r"^([A-Z]+) (.*)$", re.MULTILINE)


def instructions() -> list[tuple[str, str]]:
    text = re.sub(r"^#.*\n", "", (DEPLOY / "Dockerfile").read_text("utf-8"), flags=re.MULTILINE)
    return INSTRUCTION.findall(re.sub(r"\\\n\s*", "", text))


def last(name: str) -> str:
    return [value for each, value in instructions() if each == name][-1]


def test_images_have_tags() -> None:
    """Images are named with a tag, and without an address; both stages are of the same one."""
    bases = [value.split()[0] for name, value in instructions() if name == "FROM"]

    assert len(set(bases)) == 1
    assert re.fullmatch(r"python:3\.\d+-slim", bases[0])


def test_what_is_copied_exists() -> None:
    """What the image copies from the repository is there, and gets into the build."""
    ignored = (DEPLOY / "Dockerfile.dockerignore").read_text("utf-8").splitlines()
    sources = [value.split()[0] for name, value in instructions() if name == "COPY" and not value.startswith("--from=")]

    assert [source for source in sources if not (ROOT / source).exists()] == []
    assert {f"!{source}" for source in sources} == {line for line in ignored if line.startswith("!")}
    assert "*" in ignored


def test_packages_are_checked() -> None:
    """Packages are installed with the hashes of the lock file, and nothing besides."""
    installs = [value for name, value in instructions() if name == "RUN" and " install " in value]

    assert len(installs) == 1
    assert "--require-hashes -r /build/requirements.lock" in installs[0]


def test_the_image_is_nobody() -> None:
    """The image runs as a user that is not root, the same as in Kubernetes."""
    context = pod()["securityContext"]

    assert last("USER") == f"{context['runAsUser']}:{context['runAsGroup']}"
    assert all(f"--{kind} 10001" in last("RUN") for kind in ("uid", "gid"))


def test_signals_arrive() -> None:
    """No shell stands between SIGTERM and the service."""
    assert (json.loads(last("ENTRYPOINT")), json.loads(last("CMD"))) == (["python", "-m", "bot"], ["run"])


def test_the_health_check_is_a_program() -> None:
    """The health check is Python, which the image has, and asks the admin address."""
    interpreter, option, program = json.loads(last("HEALTHCHECK").partition(" CMD ")[2])

    assert (interpreter, option) == ("python", "-c")
    assert compile(program, "HEALTHCHECK", "exec")
    assert "'/health'" in program
    assert f"or {SETTINGS['ADMIN_PORT'].default}" in program


@pytest.mark.parametrize(("alive", "code"), [(True, 0), (False, 1)])
async def test_the_health_check_tells(alive: bool, code: int) -> None:
    """The health check passes while the service answers, and fails when nobody does, whatever proxy the environment names."""
    _interpreter, option, program = json.loads(last("HEALTHCHECK").partition(" CMD ")[2])
    async with served(Service().app(), "127.0.0.1", 0) as url:
        port = url.rpartition(":")[2] if alive else "1"
        environment = {"ADMIN_PORT": port, "HTTP_PROXY": "http://127.0.0.1:1", "http_proxy": "http://127.0.0.1:1"}
        check = await asyncio.create_subprocess_exec(
            sys.executable, option, program, env=environment, stderr=asyncio.subprocess.DEVNULL
        )

        assert await check.wait() == code


def test_the_image_listens_where_it_can_be_reached() -> None:
    """The image listens on all its addresses, for Slack alone; its variables are settings or Python's own."""
    given = dict(each.split("=", 1) for each in last("ENV").split())

    assert given["HOST"] == "0.0.0.0"  # noqa: S104 - inside the container
    assert given.keys() - {"PATH", "PYTHONDONTWRITEBYTECODE"} <= SETTINGS.keys()
    assert {int(port) for port in last("EXPOSE").split()} == {SETTINGS["PORT"].default, SETTINGS["ADMIN_PORT"].default}


# Dashboard and alarms

WORDS = {"and", "or", "unless", "on", "ignoring", "by", "without", "bool"}
SELECTOR = re.compile(r"([a-z_]+)\{([^}]*)\}")
MATCHER = re.compile(r'(\w+)(?:=~|!~|!=|=)"([^"]*)"')


def dashboard() -> Any:
    return json.loads((DOCS / "grafana.json").read_text("utf-8"))


def alerts() -> list[Any]:
    (file,) = documents(DOCS / "alerts.yml")
    return [rule for group in file["groups"] for rule in group["rules"]]


def queries() -> Iterator[Any]:
    for panel in dashboard()["panels"]:
        for target in panel["targets"]:
            yield pytest.param(target["expr"], id=f"{panel['title']}-{target['refId']}".replace(" ", "-"))
    for rule in alerts():
        yield pytest.param(rule["expr"], id=rule["alert"])


def metrics_of(query: str) -> set[str]:
    """The metrics that a PromQL query names: what is left of it without labels, durations, functions, words and numbers."""
    bare = re.sub(r"\{[^}]*\}|\[[^\]]*\]", " ", query)
    bare = re.sub(r"\b(?:by|without|on|ignoring)\s*\([^)]*\)", " ", bare)
    bare = re.sub(r"\b[a-z_]+\s*(?=\()", " ", bare)
    bare = re.sub(r"\b\d[\w.]*", " ", bare)
    return set(re.findall(r"[a-zA-Z_]\w*", bare)) - WORDS


def every_sample() -> Iterator[Sample]:
    """A sample of everything that the service may tell."""
    metrics = Metrics()
    metrics.answered("card", "command", 0.1)
    metrics.acked("http", 0.1)
    metrics.waited(0.1)
    metrics.exchanged(Exchange("profile", "id", 200, 0.1))
    metrics.retried("throttled")
    metrics.posted(Delivery.ACCEPTED)
    metrics.render("", WELL)
    for family in metrics.registry.collect():
        yield Sample(family.name, {}, 0)
        yield from family.samples


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ('sum by (le) (rate(a_bucket{x="b_c"}[5m])) > 2.5', {"a_bucket"}),
        ("max(a) / max(b) and on (instance) c unless d", {"a", "b", "c", "d"}),
        ("a > 450e6", {"a"}),
    ],
)
def test_names_are_found(query: str, names: set[str]) -> None:
    """The names of metrics are found in a query, and nothing else."""
    assert metrics_of(query) == names


@pytest.mark.parametrize("query", list(queries()))
def test_queries_name_what_there_is(query: str) -> None:
    """Each metric that a panel or an alarm names is one of the service's, with the labels that it asks for."""
    labels: dict[str, set[str]] = {}
    for sample in every_sample():
        labels.setdefault(sample.name, set()).update(sample.labels)

    assert metrics_of(query)
    assert metrics_of(query) <= labels.keys()
    for name, matchers in SELECTOR.findall(query):
        assert {label for label, _ in MATCHER.findall(matchers)} <= labels[name] | {"job", "instance"}
    assert query.count("(") == query.count(")")


@pytest.mark.parametrize("query", list(queries()))
def test_queries_ask_for_values_there_are(query: str) -> None:
    """Each value of a label that a query asks for is one that the label may have."""
    values: dict[str, set[str]] = {}
    for sample in every_sample():
        for label, value in sample.labels.items():
            values.setdefault(label, set()).add(value)
    for label, value in MATCHER.findall(query):
        if not value.startswith("$"):
            assert set(value.split("|")) <= values[label], label


def test_the_dashboard_can_be_imported() -> None:
    """Panels have an id and a place of their own, say what they show, and leave the choice of the data source to Grafana."""
    board = dashboard()
    panels = board["panels"]
    places = [panel["gridPos"] for panel in panels]
    covered = [
        (x, y)
        for place in places
        for x in range(place["x"], place["x"] + place["w"])
        for y in range(place["y"], place["y"] + place["h"])
    ]

    assert board["schemaVersion"] >= 39
    assert [variable["name"] for variable in board["templating"]["list"]] == ["datasource", "job", "instance"]
    assert len({panel["id"] for panel in panels}) == len({panel["title"] for panel in panels}) == len(panels)
    assert len(set(covered)) == len(covered)
    assert all(x < 24 for x, _ in covered)
    assert {target["datasource"]["uid"] for panel in panels for target in panel["targets"]} == {"${datasource}"}


def test_alarms_say_what_is_wrong() -> None:
    """Each alarm has a name of its own, says how urgent it is, and says in a sentence what is wrong."""
    rules = alerts()

    assert len({rule["alert"] for rule in rules}) == len(rules)
    assert {rule["labels"]["severity"] for rule in rules} == {"page", "ticket"}
    assert all(rule["annotations"]["summary"].endswith((".", '".')) for rule in rules)


def test_the_documentation_explains_every_alarm() -> None:
    """docs/operations.md says what to do about each alarm, and about none that isn't there."""
    told = re.findall(r"^\| `(CustomerContext\w+)` \|", (DOCS / "operations.md").read_text("utf-8"), re.MULTILINE)

    assert told == [rule["alert"] for rule in alerts()]
