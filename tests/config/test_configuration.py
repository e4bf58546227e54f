"""What a run is configured with fits together, or nothing starts."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from pydantic import SecretStr

from config.loading import ConfigError
from config.privacy import PrivacySettings
from config.settings import Settings
from fengsheng.configuration import PACKAGED, load_configuration, pseudonym_key

WATCHES = "watches:\n  - id: tea\n    name: 茶\n    any: [青山茶饮]\n    rules: {rules}\n"
ROUTES = (
    "receivers: [{name: console, type: terminal}]\nroutes:\n  - receivers: [console]\n    watches: [tea]\n"
)


@pytest.fixture(autouse=True)
def _no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("FENGSHENG_CONFIG", "FENGSHENG_KAFKA__BOOTSTRAP", "FENGSHENG_ELASTICSEARCH__URL"):
        monkeypatch.delenv(name, raising=False)


def test_what_ships_loads_as_a_whole() -> None:
    shipped = load_configuration(PACKAGED)
    assert [watch.id for watch in shipped.watches.watches] == ["qingshan-tea", "yunling-tea", "tea-and-sugar"]
    assert shipped.settings.kafka.topics.keys() == Settings().kafka.topics.keys()
    for watch in shipped.watches.watches:
        assert shipped.rules_of(watch) in shipped.rules.rules.values()
    assert {path.name for path in PACKAGED.glob("*.yaml")} == {
        "settings.yaml", "watches.yaml", "rules.yaml", "routes.yaml", "muting.yaml",
        "calendar.yaml",
    }  # fmt: skip


def test_a_folder_with_watches_alone_takes_the_rest_from_what_ships(tmp_path: Path) -> None:
    (tmp_path / "watches.yaml").write_text(WATCHES.format(rules="sensitive"))
    own = load_configuration(tmp_path)
    assert [watch.id for watch in own.watches.watches] == ["tea"]
    assert own.rules_of(own.watches.watches[0]) == load_configuration(PACKAGED).rules.rules["sensitive"]


def test_the_environment_names_the_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "watches.yaml").write_text(WATCHES.format(rules="default"))
    monkeypatch.setenv("FENGSHENG_CONFIG", str(tmp_path))
    assert load_configuration().folder == tmp_path


def test_a_watch_with_rules_that_nobody_wrote_has_its_line(tmp_path: Path) -> None:
    (tmp_path / "watches.yaml").write_text(WATCHES.format(rules="gentle"))
    with pytest.raises(ConfigError) as caught:
        load_configuration(tmp_path)
    assert "watches.yaml:5: watches.0.rules: found 'gentle', expected one of busy, default" in str(
        caught.value
    )


def test_a_route_for_a_watch_that_nobody_listens_for_has_its_line(tmp_path: Path) -> None:
    (tmp_path / "watches.yaml").write_text(WATCHES.format(rules="default"))
    (tmp_path / "routes.yaml").write_text(ROUTES.replace("[tea]", "[coffee]"))
    with pytest.raises(ConfigError) as caught:
        load_configuration(tmp_path)
    assert "routes.yaml:4: routes.0.watches.0: found 'coffee', expected one of the watches: tea" in str(
        caught.value
    )


def test_the_problems_of_all_files_are_told_together(tmp_path: Path) -> None:
    (tmp_path / "watches.yaml").write_text("watches: 3\n")
    (tmp_path / "settings.yaml").write_text("language: fr\n")
    (tmp_path / "routes.yaml").write_text("routes: []\n")
    with pytest.raises(ConfigError) as caught:
        load_configuration(tmp_path)
    files = {Path(problem.file).name for problem in caught.value.problems}
    assert files == {"watches.yaml", "settings.yaml", "routes.yaml"}


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="nowhere: found no such folder"):
        load_configuration(tmp_path / "nowhere")


def test_a_folder_that_the_environment_names_must_be_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FENGSHENG_CONFIG", str(tmp_path / "nowhere"))
    with pytest.raises(ConfigError, match=r"FENGSHENG_CONFIG=.*nowhere: found no such folder"):
        load_configuration()


def test_without_a_folder_everything_is_as_shipped_and_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    found = load_configuration()
    assert found.shipped == ["settings", "watches", "rules", "routes", "muting", "calendar"]
    assert found.example


def test_each_part_knows_its_file(tmp_path: Path) -> None:
    (tmp_path / "watches.yaml").write_text(WATCHES.format(rules="default"))
    found = load_configuration(tmp_path)
    files = {source.name: source.path for source in found.sources}
    assert files["watches"] == tmp_path / "watches.yaml"
    assert files["rules"] == PACKAGED / "rules.yaml"
    assert found.shipped == ["settings", "rules", "routes", "muting", "calendar"]
    assert not found.example


def test_a_copy_of_the_example_is_still_the_example(tmp_path: Path) -> None:
    (tmp_path / "watches.yaml").write_bytes((PACKAGED / "watches.yaml").read_bytes())
    assert load_configuration(tmp_path).example


def test_a_wrong_parent_hides_no_wrong_override_and_no_wrong_route(tmp_path: Path) -> None:
    own = WATCHES.format(rules="default") + "    parent: nope\n    override: {levels: {IV: {fame: 4}}}\n"
    (tmp_path / "watches.yaml").write_text(
        own + "  - {id: Milk Tea, name: 奶茶, any: [奶茶], rules: gentle}\n"
    )
    (tmp_path / "routes.yaml").write_text(ROUTES.replace("[tea]", "[coffee]"))
    with pytest.raises(ConfigError) as caught:
        load_configuration(tmp_path)
    assert {problem.key for problem in caught.value.problems} == {
        "watches.0.parent", "watches.0.override.levels.IV.fame", "watches.1.id", "routes.0.watches.0",
    }  # fmt: skip


def test_another_watches_file_takes_the_folders_place(tmp_path: Path) -> None:
    other = tmp_path / "other.yaml"
    other.write_text(WATCHES.format(rules="default"))
    assert [watch.id for watch in load_configuration(PACKAGED, other).watches.watches] == ["tea"]


def test_an_embedded_run_makes_its_pseudonym_key_once_for_its_owner_alone(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path / "new" / "data")
    key = pseudonym_key(settings, embedded=True)
    assert len(key) >= 32
    assert pseudonym_key(settings, embedded=True) == key
    assert stat.S_IMODE((settings.data / "pseudonym.key").stat().st_mode) == 0o600
    assert pseudonym_key(Settings(data=tmp_path / "other"), embedded=True) != key


def test_a_cluster_must_be_given_its_pseudonym_key(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="FENGSHENG_PRIVACY__PSEUDONYM_KEY"):
        pseudonym_key(Settings(data=tmp_path), embedded=False)
    given = Settings(data=tmp_path, privacy=PrivacySettings(pseudonym_key=SecretStr("long random text")))
    assert pseudonym_key(given, embedded=False) == b"long random text"
    assert not list(tmp_path.iterdir())


def test_a_run_that_stores_no_authors_leaves_no_key_behind(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path / "data")
    assert pseudonym_key(settings, embedded=True, keep=False) != pseudonym_key(settings, True, keep=False)
    assert not list(tmp_path.iterdir())
    kept = pseudonym_key(settings, embedded=True)
    assert pseudonym_key(settings, embedded=True, keep=False) == kept


def test_an_empty_key_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "pseudonym.key").write_text("\n")
    with pytest.raises(ConfigError, match="an empty file"):
        pseudonym_key(Settings(data=tmp_path), embedded=True)
