"""An error in a YAML file names the file, the line, the key, what was found and what was expected."""

from __future__ import annotations

from pathlib import Path

import pytest

from config.loading import ConfigError, Problem, load
from config.watches import Watches

GOOD = "watches:\n  - id: tea\n    name: 青山茶饮\n    any: [青山茶饮]\n"


def problems(path: Path, content: str | bytes) -> list[Problem]:
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(ConfigError) as caught:
        load(path, Watches)
    assert all(problem.file == str(path) for problem in caught.value.problems)
    return caught.value.problems


def test_a_good_file_loads_with_its_defaults(tmp_path: Path) -> None:
    path = tmp_path / "watches.yaml"
    path.write_text(GOOD)
    [watch] = load(path, Watches).watches
    assert (watch.id, watch.name, watch.any, watch.all, watch.none, watch.rules, watch.owner) == (
        "tea", "青山茶饮", ["青山茶饮"], [], [], "default", None,
    )  # fmt: skip


def test_a_byte_order_mark_is_no_error(tmp_path: Path) -> None:
    path = tmp_path / "watches.yaml"
    path.write_bytes(b"\xef\xbb\xbf" + GOOD.encode())
    assert [watch.id for watch in load(path, Watches).watches] == ["tea"]


@pytest.mark.parametrize(
    ("content", "line", "key", "found", "expected"),
    [
        (GOOD + "    any: 5\n", 5, "", "duplicate key", "valid YAML"),
        (GOOD.replace("[青山茶饮]", "5"), 4, "watches.0.any", "5", "list"),
        (GOOD.replace("name: 青山茶饮", "name: 5"), 3, "watches.0.name", "5", "string"),
        (GOOD + "    colour: red\n", 5, "watches.0.colour", "unknown key 'colour'", "one of id, name, any, all, none, owner, owners, parent, rules"),
        (GOOD.replace("    name: 青山茶饮\n", ""), 2, "watches.0.name", "nothing", "the key 'name'"),
        (GOOD.replace("id: tea", "id: Tea Shop"), 2, "watches.0.id", "'Tea Shop'", "small letters"),
        (GOOD.replace("[青山茶饮]", "['  ']"), 4, "watches.0.any", "['  ']", "keywords that are not empty"),
        (GOOD.replace("[青山茶饮]", "[青山，茶饮]"), 4, "watches.0.any", "青山，茶饮", "commas between them: [青山, 茶饮]"),
        (GOOD + "    none: [青山]\n", 5, "watches.0.none", "'青山茶饮'", "leave something"),
        (GOOD.replace("[青山茶饮]", "[]"), 2, "watches.0", "'tea'", "at least one keyword"),
        (GOOD + "  - id: tea\n    name: 乙\n    any: [y]\n", 5, "watches.1.id", "'tea'", "watches.0 has this"),
        ("watches: [3]\n", 1, "watches.0", "3", "a mapping"),
        ("watches: {a: 1}\n", 1, "watches", "{'a': 1}", "list"),
        ("- id: tea\n", 1, "", "a list", "a mapping"),
        ("just a sentence\n", 1, "", "'just a sentence'", "a mapping"),
        ("", None, "watches", "nothing", "the key 'watches'"),
        ("# only a comment\n", None, "watches", "nothing", "the key 'watches'"),
        ("watches: []\n", 1, "watches", "[]", "at least 1"),
        ("watches:\n  - id: tea\n    any: [青山\n", 4, "", "expected ',' or ']'", "valid YAML"),
        ("watches:\n\t- id: tea\n", 2, "", "character '\\t'", "valid YAML"),
        ("a: 1\nwatches:\n  - id: 2026-13-10\n", 3, "", "impossible value '2026-13-10'", "valid YAML"),
        ("watches: *nowhere\n", 1, "", "undefined alias", "valid YAML"),
        ("a: 1\n---\nb: 2\n", 2, "", "another document", "valid YAML"),
        ("a: \x01\n", None, "", "unacceptable character", "valid YAML"),
        (("# 一行\n# 两行\n" + GOOD).encode("gbk"), 1, "", "byte 0x", "UTF-8"),
        (b"watches:\n  - id: tea\n    name: " + "青山".encode("gbk"), 3, "", "byte 0xc7", "UTF-8"),
    ],
)  # fmt: skip
def test_a_problem_says_where_what_and_what_instead(
    tmp_path: Path, content: str | bytes, line: int | None, key: str, found: str, expected: str
) -> None:
    first = problems(tmp_path / "watches.yaml", content)[0]
    assert (first.line, first.key) == (line, key)
    assert found in first.found
    assert expected in first.expected
    where = "watches.yaml" if line is None else f"watches.yaml:{line}"
    assert f"{where}:" in str(first)
    assert first.found in str(first)
    assert first.expected in str(first)


def test_all_problems_are_told_at_once(tmp_path: Path) -> None:
    content = GOOD.replace("[青山茶饮]", "5") + "    colour: red\n  - id: milk\n    any: [y]\n"
    keys = {problem.key for problem in problems(tmp_path / "watches.yaml", content)}
    assert keys == {"watches.0.any", "watches.0.colour", "watches.1.name"}


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"nowhere\.yaml: found no such file, expected a YAML file here"):
        load(tmp_path / "nowhere.yaml", Watches)


def test_a_folder_in_place_of_a_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="expected a readable file"):
        load(tmp_path, Watches)


def test_yaml_can_not_make_objects(tmp_path: Path) -> None:
    path = tmp_path / "watches.yaml"
    path.write_text(f"watches: !!python/object/apply:os.mkdir ['{tmp_path / 'made'}']\n")
    with pytest.raises(ConfigError):
        load(path, Watches)
    assert not (tmp_path / "made").exists()


def test_a_parent_and_an_entry_that_is_wrong_by_itself_are_told_together(tmp_path: Path) -> None:
    content = (
        GOOD
        + "    parent: nope\n  - id: milk\n    name: 牛奶\n    any: []\n  - {id: tea, name: 丙, any: [z]}\n"
    )
    found = problems(tmp_path / "watches.yaml", content)
    assert [(one.line, one.key) for one in found] == [
        (5, "watches.0.parent"), (6, "watches.1"), (9, "watches.2.id"),
    ]  # fmt: skip
    assert found[0].expected == "the id of another watch (milk)"


def test_a_parent_where_there_is_no_other_watch_is_told_without_an_empty_list(tmp_path: Path) -> None:
    [one] = problems(tmp_path / "watches.yaml", GOOD + "    parent: nope\n")
    assert "()" not in one.expected
    assert "there is none" in one.expected
    assert "没有别的" in one.told("zh")


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("watches: []\n", "watches.yaml:1: watches: 实际：[]；应为：至少 1 项"),
        (GOOD + "    colour: red\n", "实际：未知的键 'colour'；应为：以下之一：id, name"),
        (GOOD.replace("[青山茶饮]", "5"), "实际：5；应为：列表"),
        (GOOD.replace("    name: 青山茶饮\n", ""), "实际：什么也没有；应为：有键 'name'"),
        (GOOD.replace("id: tea", "id: Tea Shop"), "应为：小写字母"),
        (GOOD + "    any: 5\n", "实际：键重复（duplicate key"),
        ("watches:\n\t- id: tea\n", "制表符"),
        (("# 一行\n" + GOOD).encode("gbk"), "应为：UTF-8 文本"),
    ],
)
def test_a_problem_is_told_in_chinese(tmp_path: Path, content: str | bytes, told: str) -> None:
    first = problems(tmp_path / "watches.yaml", content)[0]
    assert told in first.told("zh")
    for words in ("Input should", "valid ", "found ", " expected", "after validation"):
        assert words not in first.told("zh").replace("found character", "")
