"""docs/alerts.md says what the code does."""

from __future__ import annotations

from pathlib import Path

from alerting.message.steps import BY_INTENT, BY_LEVEL, CALMING, GENERAL, OVER
from alerting.senders.slack_check import NEEDED
from config.loading import load
from config.routes import Routes

ROOT = Path(__file__).parents[3]
DOCS = (ROOT / "docs/alerts.md").read_text(encoding="utf-8")


def test_the_table_of_steps_is_documented_word_by_word() -> None:
    for row in (*BY_LEVEL.values(), *BY_INTENT.values(), GENERAL):
        assert f"| {row['zh']} | {row['en']} |" in DOCS
    assert CALMING["zh"] in DOCS
    assert OVER["zh"] in DOCS


def test_the_scopes_are_documented() -> None:
    for scope in NEEDED:
        assert f"`{scope}`" in DOCS


def test_the_shipped_routes_are_valid_and_match_everything() -> None:
    routes = load(ROOT / "config/routes.yaml", Routes)
    last = routes.routes[-1]
    assert (last.watches, last.levels) == ([], [])
