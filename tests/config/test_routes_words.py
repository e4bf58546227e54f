"""Words of a route that nothing can ever match: intents are refused, platforms warned of."""

from __future__ import annotations

from pathlib import Path

import pytest

from alerting.senders.receiver_check import check_routes
from config.language import said
from config.loading import ConfigError, load
from config.routes import Routes
from config.signal_fields import INTENTS


def routes(folder: Path, words: str) -> Routes:
    path = folder / "routes.yaml"
    path.write_text(
        f"receivers:\n  - {{name: t, type: terminal}}\nroutes:\n  - receivers: [t]\n    {words}\n"
        "  - receivers: [t]\n",
        encoding="utf-8",
    )
    return load(path, Routes)


@pytest.mark.parametrize(
    ("written", "close"),
    [
        ("complain", "complaint"),
        ("boycot", "boycott"),
        ("抵制", "boycott"),
        ("Exposure", "exposure"),
        ("xyz", ""),
    ],
)
def test_an_intent_that_there_is_not_is_refused_with_the_known_ones(
    tmp_path: Path, written: str, close: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        routes(tmp_path, f"intents: [praise, {written}]")
    (problem,) = caught.value.problems
    assert (problem.line, problem.key, problem.found) == (5, "routes.0.intents.1", repr(written))
    for told in (problem.told("en"), problem.told("zh")):
        assert ", ".join(INTENTS) in told
    assert (f"did you mean {close}?" in str(problem)) == bool(close)
    assert (f"是不是 {close}？" in problem.told("zh")) == bool(close)


def test_every_known_intent_is_taken(tmp_path: Path) -> None:
    assert routes(tmp_path, f"intents: [{', '.join(INTENTS)}]").routes[0].intents == list(INTENTS)


@pytest.mark.parametrize(
    ("written", "close"), [("微薄", "weibo"), ("weibbo", "weibo"), ("bilibili", "bili"), ("myforum", "")]
)
def test_a_platform_of_no_feed_is_warned_of(tmp_path: Path, written: str, close: str) -> None:
    (found,) = check_routes(routes(tmp_path, f"platforms: [xhs, {written}]"))
    assert found.ok
    assert found.fix is not None
    assert f"routes.0：平台 {written!r}" in said(found.what, "zh")
    assert "weibo, xhs, douyin" in said(found.fix, "zh")
    assert (f"是不是 {close}？" in said(found.fix, "zh")) == bool(close)
    assert (f"did you mean {close}?" in found.fix) == bool(close)


def test_the_platforms_of_the_feeds_are_known(tmp_path: Path) -> None:
    from streams.feeds.formats.platforms import PLATFORMS

    assert check_routes(routes(tmp_path, f"platforms: [{', '.join(PLATFORMS)}]")) == []
