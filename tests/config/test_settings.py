"""Settings come from a file, the environment wins, and secrets stand in neither file nor message."""

from __future__ import annotations

from pathlib import Path

import pytest

from config.loading import ConfigError
from config.settings import SECRETS, Settings, load_settings

SECRET = "xoxb-do-not-show-me"


def failing(path: Path | None, environ: dict[str, str]) -> str:
    with pytest.raises(ConfigError) as caught:
        load_settings(path, environ)
    return str(caught.value)


def written(folder: Path, content: str) -> Path:
    path = folder / "settings.yaml"
    path.write_text(content)
    return path


def test_without_file_and_environment_there_are_defaults(tmp_path: Path) -> None:
    assert load_settings(tmp_path / "nowhere.yaml", {}) == Settings()
    assert load_settings(None, {}) == Settings()
    assert load_settings(written(tmp_path, ""), {}) == Settings()


def test_the_environment_wins_over_the_file_and_leaves_its_neighbours(tmp_path: Path) -> None:
    path = written(tmp_path, "language: zh\nkafka:\n  bootstrap: file:1\n  group: mine\n")
    settings = load_settings(path, {"FENGSHENG_KAFKA__BOOTSTRAP": "env:2", "FENGSHENG_LANGUAGE": "en"})
    assert (settings.kafka.bootstrap, settings.kafka.group, settings.language) == ("env:2", "mine", "en")


def test_numbers_in_the_environment_are_numbers() -> None:
    settings = load_settings(None, {"FENGSHENG_KAFKA__REPLICATION": "3", "FENGSHENG_PIPELINE__BATCH": "7"})
    assert (settings.kafka.replication, settings.pipeline.batch) == (3, 7)


@pytest.mark.parametrize(
    "name", ["FENGSHENG_TEST_KAFKA", "FENGSHENG_CONFIG", "FENGSHENG_REQUIRE_SERVERS", "KAFKA__GROUP"]
)
def test_variables_of_others_are_left_alone(name: str) -> None:
    assert load_settings(None, {name: "whatever"}) == Settings()


def test_an_empty_variable_sets_nothing() -> None:
    assert load_settings(None, {"FENGSHENG_KAFKA__BOOTSTRAP": ""}).kafka.bootstrap is None


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("kafka:\n  replication: 0\n", "settings.yaml:2: kafka.replication: found 0, expected a number no less than 1"),
        ("language: fr\n", "settings.yaml:1: language: found 'fr', expected one of zh, en"),
        ("pipeline: 3\n", "settings.yaml:1: pipeline: found 3, expected a mapping of keys to values"),
        ("kafka:\n  boot: x\n", "settings.yaml:2: kafka.boot: found the unknown key 'boot', expected"),
        ("kafka:\n  topics:\n    a: {partitions: x}\n", "settings.yaml:3: kafka.topics.a.partitions: found 'x'"),
        ('language: zh\ndata: ""\n', "settings.yaml:2: data: found '', expected a folder, for instance data"),
        ("- a\n", "settings.yaml:1: found a list, expected a mapping of keys to values"),
    ],
)  # fmt: skip
def test_a_wrong_value_in_the_file_has_its_line(tmp_path: Path, content: str, message: str) -> None:
    assert message in failing(written(tmp_path, content), {})


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("FENGSHENG_LANGUAGE", "fr", "environment FENGSHENG_LANGUAGE: found 'fr', expected one of zh, en"),
        ("FENGSHENG_KAFKA__REPLICATION", "two", "environment FENGSHENG_KAFKA__REPLICATION: found 'two'"),
        ("FENGSHENG_KAFKA__BOOTSTRP", "x:1", "environment FENGSHENG_KAFKA__BOOTSTRP: found the unknown key"),
        ("FENGSHENG_KAFKA__GROUP__X", "y", "environment FENGSHENG_KAFKA__GROUP: found {'x': 'y'}"),
        ("FENGSHENG_DATA", " ", "environment FENGSHENG_DATA: found ' ', expected a folder"),
    ],
)
def test_a_wrong_value_in_the_environment_names_the_variable(
    tmp_path: Path, name: str, value: str, message: str
) -> None:
    assert message in failing(written(tmp_path, "language: zh\n"), {name: value})


@pytest.mark.parametrize("key", ["abc", "fifteen letters", "abc" + " " * 30])
def test_a_key_for_pseudonyms_that_can_be_guessed_is_refused_unshown(tmp_path: Path, key: str) -> None:
    name = "FENGSHENG_PRIVACY__PSEUDONYM_KEY"
    message = failing(None, {name: key})
    assert f"environment {name}: found (hidden), expected a random text of at least 16 characters" in message
    assert key not in message
    taken = load_settings(None, {name: "sixteen letters!"}).privacy.pseudonym_key
    assert taken is not None
    assert taken.get_secret_value() == "sixteen letters!"


@pytest.mark.parametrize("reverse", [False, True])
def test_a_variable_for_a_section_and_one_for_its_key_exclude_each_other(reverse: bool) -> None:
    both = [("FENGSHENG_KAFKA", "secret-value"), ("FENGSHENG_KAFKA__BOOTSTRAP", "x:1")]
    message = failing(None, dict(reversed(both) if reverse else both))
    assert "environment FENGSHENG_KAFKA: found a value (hidden)" in message
    assert "FENGSHENG_KAFKA is a section when FENGSHENG_KAFKA__" in message
    assert "secret-value" not in message


@pytest.mark.parametrize("dotted", SECRETS)
def test_a_secret_comes_from_the_environment_only(tmp_path: Path, dotted: str) -> None:
    section, key = dotted.split(".")
    path = written(tmp_path, f"language: zh\n{section}:\n  {key}: {SECRET}\n")
    message = failing(path, {})
    variable = f"FENGSHENG_{section.upper()}__{key.upper()}"
    assert f"settings.yaml:3: {dotted}: found a secret in a file" in message
    assert variable in message
    assert SECRET not in message
    settings = load_settings(None, {variable: SECRET})
    assert getattr(getattr(settings, section), key).get_secret_value() == SECRET
    assert SECRET not in repr(settings)


@pytest.mark.parametrize("dotted", SECRETS)
def test_no_message_shows_a_secret_that_was_set_in_the_wrong_place(tmp_path: Path, dotted: str) -> None:
    section, key = dotted.upper().split(".")
    for name in (f"FENGSHENG_{section}", f"FENGSHENG_{section}__{key}__TYPO", f"FENGSHENG_{section}__{key}S"):
        message = failing(None, {name: SECRET})
        assert f"FENGSHENG_{section}" in message
        assert SECRET not in message
    message = failing(written(tmp_path, f"{section.lower()}: {SECRET}\n"), {})
    assert "settings.yaml:1" in message
    assert SECRET not in message


def test_every_secret_of_the_models_is_guarded() -> None:
    found = {
        f"{section}.{key}"
        for section, field in Settings.model_fields.items()
        for key, inner in getattr(field.annotation, "model_fields", {}).items()
        if "SecretStr" in str(inner.annotation)
    }
    assert found == set(SECRETS)


def test_a_time_zone_that_nobody_has_is_refused(tmp_path: Path) -> None:
    told = failing(written(tmp_path, "timezone: Mars/Base\n"), {})
    assert "settings.yaml:1: timezone: found 'Mars/Base', expected a time zone, as Asia/Shanghai" in told


def test_secrets_in_the_file_wrong_values_and_misnamed_variables_are_told_together(tmp_path: Path) -> None:
    path = written(tmp_path, "language: fr\nslack:\n  token: hush-hush\n")
    told = failing(path, {"FENGSHENG_KAFA__BOOTSTRAP": "x", "FENGSHENG_DEVICE": "tpu"})
    for part in ("slack.token", "language: found 'fr'", "no section 'kafa'", "FENGSHENG_DEVICE: found 'tpu'"):
        assert part in told
    assert "hush-hush" not in told
