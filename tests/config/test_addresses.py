"""Names and passwords in addresses: refused in the settings file, and shown nowhere."""

from __future__ import annotations

from pathlib import Path

import pytest

from config.addresses import bare, has_credentials, masked
from config.loading import ConfigError
from config.settings import load_settings


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("http://admin:PW@127.0.0.1:3000", "http://***@127.0.0.1:3000"),
        ("at https://admin:P%40W@h/x, and http://PW@h", "at https://***@h/x, and http://***@h"),
        ("http://admin:P/W@h:9200", "http://***@h:9200"),
        ("http://admin:P@W@h:9200", "http://***@h:9200"),
        ("found 'http://a:PW@h'", "found 'http://***@h'"),
        ("http://h:9200/a@b", "http://h:9200/a@b"),
        ("https://weibo.com/@pr and pr@example.com", "https://weibo.com/@pr and pr@example.com"),
        ("http://h:9200, write to a@b.c", "http://h:9200, write to a@b.c"),
    ],
)
def test_what_stands_before_the_host_is_hidden(text: str, shown: str) -> None:
    assert masked(text) == shown
    assert has_credentials(text) == (text != shown)


def test_an_address_without_its_scheme_is_known_where_an_address_stands() -> None:
    assert has_credentials("admin:PW@h:9200", address=True)
    assert not has_credentials("h1:9200,h2:9200", address=True)
    assert bare("http://admin:PW@h/d") == "http://h/d"


@pytest.mark.parametrize(
    ("content", "key", "variable"),
    [
        ("grafana: {url: 'http://admin:PW-1@h:3000'}", "grafana.url", "FENGSHENG_GRAFANA__TOKEN"),
        ("elasticsearch: {url: 'http://elastic:PW-1@h'}", "elasticsearch.url", "FENGSHENG_ELASTICSEARCH__PASSWORD"),
        ("elasticsearch: {url: 'elastic:PW-1@h:9200'}", "elasticsearch.url", "FENGSHENG_ELASTICSEARCH__PASSWORD"),
        ("kibana: {url: 'http://elastic:PW-1@h'}", "kibana.url", "FENGSHENG_ELASTICSEARCH__PASSWORD"),
        ("slack: {url: 'http://a:PW-1@h/api/'}", "slack.url", "FENGSHENG_SLACK__TOKEN"),
        ("kafka: {bootstrap: 'a:PW-1@h:9092'}", "kafka.bootstrap", "FENGSHENG_KAFKA__PASSWORD"),
        ("links: {grafana: 'http://a:PW-1@h'}", "links.grafana", "without them"),
        ("model: 'https://a:PW-1@hub/model'", "model", "FENGSHENG_MODEL"),
        ("links: {nosuch: ['http://a:PW-1@h']}", "links.nosuch.0", "without them"),
    ],
)  # fmt: skip
def test_the_settings_file_may_not_hold_them(tmp_path: Path, content: str, key: str, variable: str) -> None:
    path = tmp_path / "settings.yaml"
    path.write_text(f"language: en\n{content}\n", encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load_settings(path, {})
    for told in (str(caught.value), "\n".join(one.told("zh") for one in caught.value.problems)):
        assert f"settings.yaml:2: {key}:" in told
        assert "PW-1" not in told
    assert variable in str(caught.value)


def test_the_environment_may_hold_them_but_no_message_and_no_page_shows_them() -> None:
    settings = load_settings(
        None,
        {"FENGSHENG_GRAFANA__URL": "http://a:PW-1@h", "FENGSHENG_LINKS__GRAFANA": "http://a:PW-1@h/d"},
    )
    assert settings.grafana.url == "http://a:PW-1@h"
    assert settings.links.grafana == "http://h/d"
    with pytest.raises(ConfigError) as caught:
        load_settings(None, {"FENGSHENG_GRAFANA__URL__X": "http://a:PW-1@h"})
    assert "PW-1" not in str(caught.value)


def test_an_empty_list_is_no_settings(tmp_path: Path) -> None:
    path = tmp_path / "settings.yaml"
    path.write_text("[]\n", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"settings\.yaml:1: found a list, expected a mapping"):
        load_settings(path, {})
