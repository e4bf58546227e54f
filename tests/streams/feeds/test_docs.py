"""docs/mention-format.md says what the records are: every field, and examples that decode."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from config.records import FORMAT_VERSION, Author, Kind, Mention, decode
from streams.feeds.formats import Code, parse_line

DOCS = Path(__file__).parents[3] / "docs"
PAGE = (DOCS / "mention-format.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```json\n(.*?)\n```", PAGE, flags=re.DOTALL)


@pytest.mark.parametrize("example", EXAMPLES)
def test_the_examples_are_what_the_topics_take_and_files_too(example: str) -> None:
    kind = Mention if "text" in example else Author
    record = decode(example, kind)
    assert parse_line(example.encode()) == record
    if isinstance(record, Mention):
        assert record.v == FORMAT_VERSION


def test_there_is_an_example_of_each_kind() -> None:
    mentions = [decode(example, Mention) for example in EXAMPLES if "text" in example]
    assert [mention.kind for mention in mentions] == list(Kind)
    assert len(EXAMPLES) == len(mentions) + 1


@pytest.mark.parametrize(("record", "heading"), [(Mention, "## A mention"), (Author, "## An author")])
def test_every_field_has_a_row(record: type[Mention | Author], heading: str) -> None:
    section = PAGE.split(heading)[1].split("\n## ")[0]
    cells = [line.split("|")[1] for line in section.splitlines() if line.startswith("| `")]
    named = [name for cell in cells for name in re.findall(r"`(\w+)`", cell)]
    assert sorted(named) == sorted(record.__struct_fields__)


def test_every_code_of_a_rejection_is_explained() -> None:
    page = (DOCS / "feeds.md").read_text(encoding="utf-8")
    assert [code for code in Code if f"`{code}`" not in page] == []
