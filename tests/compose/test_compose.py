"""The compose files hold what they promise: pinned, local, limited, without a default password.

No container engine runs here, so every value that could be wrong is read and checked.
"""

from __future__ import annotations

import base64
import re
import tomllib
from typing import Any

import pytest

from config.receivers import variable
from config.settings import PREFIX, Settings, load_settings
from dashboards.sources import SOURCES, json_data
from streams.index.mapping import MONTHLY, SINGLE
from streams.index.templates import Names
from tests.compose.reading import (
    COMPOSE,
    EACH,
    GPU,
    ONE_SHOT,
    OURS,
    ROOT,
    SERVICES,
    VARIABLE,
    environ,
    read,
    script_of_users,
    strings,
)


def test_the_services_are_those_of_the_full_stack() -> None:
    assert set(SERVICES) == {"kafka", "elasticsearch", "users", "kibana", "grafana", *OURS}


@EACH
def test_images_are_pinned_to_a_whole_version(name: str) -> None:
    image, _, version = SERVICES[name]["image"].partition(":")
    assert image
    assert re.fullmatch(r"\d+\.\d+\.\d+", version), SERVICES[name]["image"]


def test_the_image_we_build_has_the_version_of_the_project() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    for name in OURS:
        assert SERVICES[name]["image"] == f"fengsheng:{version}"
        assert SERVICES[name]["build"]["context"] == "."


def test_versions_belong_together() -> None:
    versions = {name: SERVICES[name]["image"].rpartition(":")[2] for name in SERVICES}
    assert versions["elasticsearch"] == versions["kibana"] == versions["users"]
    assert versions["elasticsearch"].startswith("8.19.")
    assert versions["kafka"].startswith("4.")
    # The very versions that the tests run against.
    pom = (ROOT / "tests/servers/pom.xml").read_text()
    assert versions["elasticsearch"] in pom
    assert versions["kafka"] in pom


@EACH
def test_ports_are_open_to_this_machine_only(name: str) -> None:
    for port in SERVICES[name].get("ports", []):
        assert re.fullmatch(r"127\.0\.0\.1:\d+:\d+", port), port


@EACH
def test_each_service_is_limited_and_comes_back(name: str) -> None:
    service = SERVICES[name]
    assert re.fullmatch(r"\d+[mg]", service["mem_limit"])
    assert service["init"] is True
    assert service["logging"]["options"]["max-size"]
    if name in ONE_SHOT:
        assert service["restart"].startswith("on-failure:")
        assert "healthcheck" not in service
    else:
        assert service["restart"] == "unless-stopped"
        assert service["stop_grace_period"]
        check = service["healthcheck"]
        assert check["test"][0] in ("CMD", "CMD-SHELL")
        assert {"interval", "timeout", "retries", "start_period"} <= set(check)


@EACH
def test_a_service_waits_for_what_it_needs(name: str) -> None:
    for needed, how in SERVICES[name].get("depends_on", {}).items():
        expected = "service_completed_successfully" if needed in ONE_SHOT else "service_healthy"
        assert how == {"condition": expected}


def test_nothing_waits_in_a_circle() -> None:
    started: set[str] = set()
    while len(started) < len(SERVICES):
        ready = {
            n for n, s in SERVICES.items() if n not in started and set(s.get("depends_on", {})) <= started
        }
        assert ready, f"circle among {set(SERVICES) - started}"
        started |= ready


@EACH
def test_no_password_stands_in_the_file_or_has_a_default(name: str) -> None:
    for key, value in SERVICES[name].get("environment", {}).items():
        if re.search(r"PASSWORD|TOKEN|SECRET|_KEY$|ENCRYPTIONKEY", key):
            found = VARIABLE.fullmatch(value)
            assert found, f"{key} is not taken from the environment"
            optional = key == "FENGSHENG_SLACK__TOKEN"
            assert found["rule"] == "-" if optional else "?", f"{key} has a default"
            assert found["rest"] == "" if optional else "docs/deploy.md" in found["rest"]


def test_every_required_variable_is_in_the_example_without_a_value() -> None:
    required = {m[1] for text in strings(SERVICES) for m in VARIABLE.finditer(text) if m["rule"] == "?"}
    lines = (ROOT / ".env.example").read_text(encoding="utf-8").splitlines()
    given = dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))
    assert set(given) == required
    assert set(given.values()) == {""}
    optional = {m[1] for text in strings(COMPOSE) for m in VARIABLE.finditer(text) if m["rule"] == "-"}
    for name in optional:
        assert f"# {name}=" in "\n".join(lines)


@pytest.mark.parametrize("name", sorted(OURS))
def test_settings_reach_the_containers(name: str) -> None:
    given = environ(name)
    for key in given:
        assert key.startswith(PREFIX), key
        model: Any = Settings
        for part in key.removeprefix(PREFIX).lower().split("__"):
            assert part in model.model_fields, f"{key} is no setting"
            model = model.model_fields[part].annotation
    settings = load_settings(ROOT / "config/settings.yaml", given)
    assert settings.kafka.bootstrap == "kafka:19092"
    assert settings.elasticsearch.url == "http://elasticsearch:9200"
    assert settings.privacy.pseudonym_key is not None
    assert settings.elasticsearch.password is not None
    assert settings.slack.token is None  # left empty is as if not set


def test_the_receivers_secrets_reach_who_sends_and_who_checks_and_nobody_else() -> None:
    given = {name: service["env_file"] for name, service in SERVICES.items() if "env_file" in service}
    optional = [{"path": "receivers.env", "required": False}]
    assert given == {"worker": optional, "setup": optional}
    assert "/receivers.env" in (ROOT / ".gitignore").read_text().splitlines()
    assert (ROOT / ".dockerignore").read_text().splitlines()[1] == "*"  # so no image has it either
    # What compose passes on as it stands must be a name that the program reads.
    example = re.search(
        r"```sh\n# receivers.env.*?\n(.*?)```", (ROOT / "docs/deploy.md").read_text(), re.DOTALL
    )
    assert example is not None
    for line in example[1].splitlines():
        name = line.partition("=")[0]
        assert name in {
            variable("pr-team", "webhook"),
            variable("pr-team", "secret"),
            variable("pr-mail", "password"),
        }


def test_links_lead_to_the_ports_that_are_open() -> None:
    settings = load_settings(ROOT / "config/settings.yaml", environ("worker"))
    open_here = {port.rpartition(":")[0] for s in SERVICES.values() for port in s.get("ports", [])}
    for link in (settings.links.kibana, settings.links.grafana):
        assert link
        assert link.removeprefix("http://") in open_here


def test_the_gpu_file_gives_the_worker_the_card() -> None:
    worker = GPU["services"]["worker"]
    assert set(GPU["services"]) == {"worker"}
    [device] = worker["deploy"]["resources"]["reservations"]["devices"]
    assert device["capabilities"] == ["gpu"]
    assert load_settings(None, environ("worker") | worker["environment"]).device == "cuda"


@EACH
def test_what_is_mounted_is_there(name: str) -> None:
    for volume in SERVICES[name].get("volumes", []):
        source, target = VARIABLE.sub(lambda m: m["rest"], volume).split(":")[:2]
        assert target.startswith("/")
        if not source.startswith("."):
            assert source in COMPOSE["volumes"], f"{source} is no named volume"
        elif source != "./feeds":  # the user's own, made by docker where it is missing
            assert (ROOT / source).exists(), source
            assert volume.endswith(":ro"), volume


def test_every_named_volume_is_used() -> None:
    used = {v.split(":")[0] for s in SERVICES.values() for v in s.get("volumes", [])}
    assert set(COMPOSE["volumes"]) <= used


def test_kafka_fits_the_topics() -> None:
    environment = SERVICES["kafka"]["environment"]
    settings = load_settings(ROOT / "config/settings.yaml", environ("worker"))
    assert settings.kafka.replication == 1  # one broker
    for key, value in environment.items():
        if key.endswith(("REPLICATION_FACTOR", "MIN_ISR")):
            assert value == str(settings.kafka.replication), key
    assert environment["KAFKA_AUTO_CREATE_TOPICS_ENABLE"] == "false"
    assert len(base64.urlsafe_b64decode(environment["CLUSTER_ID"] + "==")) == 16
    partitions = {
        settings.kafka.topics[t].partitions for t in ("mentions.raw", "mentions.enriched", "mentions.scored")
    }
    assert partitions == {6}, "the comment at `worker` and docs/deploy.md say 6"


def test_kafka_is_reached_by_the_names_it_advertises() -> None:
    environment = SERVICES["kafka"]["environment"]
    advertised = dict(entry.split("://") for entry in environment["KAFKA_ADVERTISED_LISTENERS"].split(","))
    listened = dict(entry.split("://") for entry in environment["KAFKA_LISTENERS"].split(","))
    assert advertised["INSIDE"] == environ("worker")["FENGSHENG_KAFKA__BOOTSTRAP"]
    assert SERVICES["kafka"]["ports"] == [f"{advertised['HOST']}:{listened['HOST'].lstrip(':')}"]
    for name, address in advertised.items():
        assert address.rpartition(":")[2] == listened[name].lstrip(":")
    assert environment["KAFKA_CONTROLLER_QUORUM_VOTERS"] == f"1@kafka{listened['CONTROLLER']}"
    mapped = {entry.split(":")[0] for entry in environment["KAFKA_LISTENER_SECURITY_PROTOCOL_MAP"].split(",")}
    assert mapped == set(listened)


def test_data_are_kept_where_the_volume_is() -> None:
    log_dirs = SERVICES["kafka"]["environment"]["KAFKA_LOG_DIRS"]
    assert f"kafka-data:{log_dirs}" in SERVICES["kafka"]["volumes"]
    dockerfile = (ROOT / "Dockerfile").read_text()
    [data] = re.findall(r"FENGSHENG_DATA=(\S+)", dockerfile)
    [config] = re.findall(r"FENGSHENG_CONFIG=(\S+)", dockerfile)
    assert f"feed-data:{data}" in SERVICES["feed"]["volumes"]
    for name in OURS:
        assert f"./config:{config}:ro" in SERVICES[name]["volumes"]
        assert SERVICES[name]["read_only"] is True
        written = [*SERVICES[name]["tmpfs"], *(v.partition(":")[2] for v in SERVICES[name]["volumes"])]
        assert any(place.split(":")[0] == data for place in written), f"{name} can't write {data}"


def test_provisioned_data_sources_are_those_of_the_code() -> None:
    document = read("dashboards/grafana/provisioning/datasources/fengsheng.yaml")
    found = {source["uid"]: source for source in document["datasources"]}
    assert list(found) == [source.uid for source in SOURCES]
    for source in SOURCES:
        made = found[source.uid]
        assert made["name"] == source.name
        assert made["jsonData"] == json_data(source)
        assert made["url"] == environ("worker")["FENGSHENG_ELASTICSEARCH__URL"]
        variable = made["secureJsonData"]["basicAuthPassword"].lstrip("$")
        assert variable in SERVICES["grafana"]["environment"]
        assert made["basicAuthUser"] in script_of_users()


def test_data_sources_read_the_aliases_of_the_index() -> None:
    known = {Names("").index(kind) for kind in (*MONTHLY, *SINGLE)}
    assert {source.index for source in SOURCES} <= known


def test_the_dashboard_is_mounted_where_grafana_looks() -> None:
    document = read("dashboards/grafana/provisioning/dashboards/fengsheng.yaml")
    [provider] = document["providers"]
    path = provider["options"]["path"]
    assert f"./dashboards/grafana/fengsheng.json:{path}/fengsheng.json:ro" in SERVICES["grafana"]["volumes"]
    home = SERVICES["grafana"]["environment"]["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"]
    assert home == f"{path}/fengsheng.json"


def test_commands_exist() -> None:
    cli = pytest.importorskip("fengsheng.cli", exc_type=ImportError)
    known = {command.callback.__name__ for command in cli.app.registered_commands}
    for name in OURS:
        program, command, *_ = SERVICES[name]["command"]
        assert program == "fengsheng"
        assert command in known


def test_the_image_is_installed_from_the_lock_and_runs_as_nobody_special() -> None:
    dockerfile = (ROOT / "Dockerfile").read_text()
    assert re.findall(r"^FROM (\S+)", dockerfile, re.M) == ["python:3.11.14-slim-bookworm"] * 2
    assert dockerfile.count("--require-hashes") == 2
    assert "ARG LOCK=requirements.lock\n" in dockerfile
    assert '-r "$LOCK"' in dockerfile
    assert re.findall(r"^USER (\S+)", dockerfile, re.M) == ["fengsheng"]
    copied = {p for line in re.findall(r"^COPY (?!--from)(.+) \S+$", dockerfile, re.M) for p in line.split()}
    ignored = (ROOT / ".dockerignore").read_text().splitlines()
    for path in copied:
        assert f"!{path}" in ignored, f"{path} does not reach the builder"
    packages = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["packages"]["find"]
    assert {name.rstrip("*") for name in packages["include"]} <= copied
