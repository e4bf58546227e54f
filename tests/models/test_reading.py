import json
import lzma
from pathlib import Path

import pytest

from models.data import Row, read_emotion, read_jsonl
from models.evaluate import read_labelled
from models.recipe import AdaptRecipe, Recipe, read_recipe


@pytest.mark.parametrize("name", ["small", "student"])
def test_the_shipped_recipes_read(name: str) -> None:
    assert read_recipe(name, Recipe).base == "BAAI/bge-small-zh-v1.5"


def test_the_shipped_recipe_of_adapting_reads() -> None:
    assert read_recipe("small-adapt", AdaptRecipe).steps > 0


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("name: a\nbase: b\nlearningrate: 1", "unknown key 'learningrate'"),
        ("name: a\nbase: b\nepochs: three", "epochs: expected int, found 'three'"),
        ("name: a\nbase: b\nepochs: true", "epochs: expected int, found True"),
        ("name: a", "no 'base'"),
        ("- a", "expected keys and values, found list"),
        ("name: a\nbase: b\nloss_weights: {mood: 1}", "unknown head 'mood'"),
        ("name: a\nbase: b\nreading_copies: -1", "reading_copies: expected 0 or more, found -1"),
        ("name: a\nbase: b\nreading_share: 1.5", "reading_share: expected 0 to 1, found 1.5"),
        ("name: a\nbase: b\nbase_share: 0.5", "base_share: fresh heads have nothing to be mixed with"),
        ("name: a\nbase: b\nreading_copies: 1\ndistil_weights: {intent: 1}", "readings weigh nothing"),
    ],
)
def test_a_wrong_recipe_names_file_and_key(tmp_path: Path, text: str, message: str) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match=message) as error:
        read_recipe(file, Recipe)
    assert "mine.yaml" in str(error.value)


def test_a_recipe_that_is_not_there_names_those_that_are() -> None:
    with pytest.raises(FileNotFoundError, match="small"):
        read_recipe("large", Recipe)


def test_rows_read_alike_packed_and_plain(tmp_path: Path) -> None:
    line = json.dumps({"text": "好", "label": "happy"}) + "\n"
    (tmp_path / "a.jsonl").write_text(line, encoding="utf-8")
    with lzma.open(tmp_path / "a.jsonl.xz", "wt", encoding="utf-8") as file:
        file.write(line)
    assert read_emotion(tmp_path / "a.jsonl") == read_emotion(tmp_path / "a.jsonl.xz")
    assert read_emotion(tmp_path / "a.jsonl") == [Row("好", emotion="happy", polarity="positive")]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("{", "a.jsonl:1: not JSON"),
        ("[]", "a.jsonl:1: expected an object"),
        ('{"text": "x", "label": "glad"}', "glad"),
    ],
)
def test_a_wrong_row_names_file_and_line(tmp_path: Path, line: str, message: str) -> None:
    file = tmp_path / "a.jsonl"
    file.write_text(line + "\n", encoding="utf-8")
    with pytest.raises(ValueError, match=message):
        read_emotion(file)


def test_a_sample_is_taken_evenly_over_the_file(tmp_path: Path) -> None:
    file = tmp_path / "a.jsonl"
    lines = [json.dumps({"text": str(number), "intent": "other"}) for number in range(100)]
    file.write_text("\n".join(lines), encoding="utf-8")
    assert [row.text for row in read_labelled(file, "intent", 4)] == ["0", "25", "50", "75"]
    assert len(read_labelled(file, "intent", 1000)) == 100
    assert len(list(read_jsonl(file))) == 100


def test_a_label_of_another_head_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "a.jsonl"
    file.write_text('{"text": "x", "label": "complaint"}\n', encoding="utf-8")
    with pytest.raises(ValueError, match=r"a.jsonl:1: label 'complaint' is no emotion"):
        read_labelled(file, "emotion")
