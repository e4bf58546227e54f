"""docs/rules.md names every field that a condition may speak of, and its example loads."""

from __future__ import annotations

import re
from pathlib import Path

from ruamel.yaml import YAML

from config.rules import RuleSets
from config.signal_fields import FIELDS, FieldKind

TEXT = (Path(__file__).parents[2] / "docs" / "rules.md").read_text(encoding="utf-8")
WORDS = {
    FieldKind.COUNT: "whole number",
    FieldKind.NUMBER: "number",
    FieldKind.SHARE: "share",
    FieldKind.FLAG: "flag",
}


def test_every_field_is_documented_with_its_kind_and_name() -> None:
    rows = dict(re.findall(r"^\| `([\w.]+)` \| (.+)$", TEXT, re.MULTILINE))
    plain = {name for name in FIELDS if "." not in name}
    assert set(rows) == plain | {"emotion.NAME", "intent.NAME"}
    for name in plain:
        assert rows[name].startswith(f"{WORDS[FIELDS[name].kind]} |"), name
        assert rows[name].endswith(f"| {FIELDS[name].zh} |"), name
    for name in FIELDS.keys() - plain:
        head, label = name.split(".")
        assert label in rows[f"{head}.NAME"]


def test_the_example_loads() -> None:
    example = re.findall(r"```yaml\n(.+?)```", TEXT, re.DOTALL)[0]
    rules = RuleSets.model_validate(YAML(typ="safe").load(example)).rules["default"]
    assert len(rules.levels) == 2
