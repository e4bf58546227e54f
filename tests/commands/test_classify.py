"""``fengsheng classify``: every line of any input once, in order, with its own fields."""

from __future__ import annotations

import gzip
import json
import lzma
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

import pytest

from models.labels import HEADS
from tests.commands.conftest import Run

BOM = b"\xef\xbb\xbf"


def test_plain_lines_and_json_lines_of_files_and_stdin_keep_order_and_fields(
    run: Run, tmp_path: Path
) -> None:
    mixed, rows = tmp_path / "mixed.txt", tmp_path / "rows.jsonl"
    mixed.write_bytes(
        BOM + "太恶心了，要求退款\r\n".encode() + b"\r\n   \n" + '{"text": "很好喝", "n": 1}\r\n'.encode()
    )
    rows.write_bytes('{"id": "x", "text": "", "deep": {"a": [1, null]}}\n{"text": "没有换行"}'.encode())
    done = run("classify", mixed, "-", rows, stdin="😀\n从标准输入 [/red]\n".encode())
    assert done.exit_code == 0, done.stderr
    found = [json.loads(line) for line in done.stdout.splitlines()]
    assert [row["text"] for row in found] == ["太恶心了，要求退款", "很好喝", "😀", "从标准输入 [/red]", "", "没有换行"]  # fmt: skip
    assert found[1]["n"] == 1
    assert (found[4]["id"], found[4]["deep"]) == ("x", {"a": [1, None]})
    for row in found:
        for head, labels in HEADS.items():
            scores = row["scores"][head]
            assert list(scores) == list(labels)
            assert sum(scores.values()) == pytest.approx(1, abs=0.001)
            assert row[head] == max(scores, key=scores.get)
    assert (found[0]["polarity"], found[1]["polarity"]) == ("negative", "positive")
    assert "很好喝" in done.stdout  # readable, not escaped


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b'{"text": "a"}\n\n{"text": \n', [":3:", "must be JSON"]),
        (b'{"id": 1}\n', [":1:", "no key 'text'"]),
        (b'ok\n{"text": 5}\n', [":2:", "text of type int"]),
        ("一二\n".encode() + b"\xff\xfa\n", [":2:", "byte 1 (0xff)", "neither UTF-8 nor GB18030"]),
        (b'{"a":' * 100_000, [":1:", "must be JSON"]),
        (b'{"text": "a", "n": ' + b"9" * 5000 + b"}", [":1:", "must be JSON"]),
        (b'{"text": "\\ud83d"}', [":1:", "half a character"]),
        ("一二三\n".encode("utf-16"), [":1:", "iconv -f UTF-16 -t UTF-8"]),
        ("一二三\n".encode("utf-16-le"), [":1:", "iconv -f UTF-16 -t UTF-8"]),
        ("太恶心了".encode()[:-1], [":1:", "the last character is incomplete"]),
        ("太恶\0心了\n好\n".encode(), [":1:", "NUL bytes"]),
        ("一二\n".encode() + "很难吃\n".encode("gbk"), [":2:", "GB18030, the rest of the file UTF-8"]),
        (b'{"text": "a", "n": NaN}\n', [":1:", "NaN is no JSON"]),
        (b'[\n {"text": "a"}\n]\n', [":1:", "jq -c"]),
    ],
    ids=[
        "broken",
        "no text",
        "number",
        "bytes",
        "deep",
        "big",
        "surrogate",
        "utf-16",
        "no BOM",
        "cut",
        "nul",
        "two encodings",
        "nan",
        "array",
    ],
)
def test_a_bad_row_names_its_file_and_line(run: Run, tmp_path: Path, data: bytes, told: list[str]) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_bytes(data)
    done = run("classify", path, FENGSHENG_LANGUAGE="en")
    assert done.exit_code == (0 if done.stdout else 1)
    assert f"{path}{told[0]}" in done.stderr
    assert all(part in done.stderr for part in told[1:])
    assert "Traceback" not in done.stderr
    assert ("GB18030 -t" in done.stderr) is False  # what was cut or is UTF-16 is no GB18030


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ('{"text": null}', "text 是空值（null）；"),
        ('{"text": [1]}', "text 是列表；"),
        ('{"text": "a}', "（字符串没有结束的引号：第 1 行第 10 个字符）"),
        ('{"text": "a" 1}', "（缺少 ','：第 1 行第 14 个字符）"),
        ('{"text": "a", "n": NaN}', "（NaN 不是 JSON 的写法）"),
    ],
)
def test_a_bad_row_is_told_in_chinese(run: Run, line: str, told: str) -> None:
    assert told in run("classify", stdin=line.encode()).stderr


def test_bad_rows_are_left_out_counted_and_told_at_the_end(run: Run) -> None:
    bad = '{"text": null}\n' * 7
    done = run("classify", stdin=f"好喝\n{bad}太恶心了\n".encode())
    assert done.exit_code == 0
    assert [json.loads(line)["text"] for line in done.stdout.splitlines()] == ["好喝", "太恶心了"]
    assert "读不了 7 行" in done.stderr
    assert [f"stdin:{n}：" in done.stderr for n in (2, 6, 7)] == [True, True, False]
    assert "另外 2 行" in done.stderr


def test_only_where_nothing_could_be_read_it_fails(run: Run) -> None:
    done = run("classify", stdin=b'{"text": 1}\n')
    assert (done.exit_code, done.stdout) == (1, "")
    assert "stdin:1" in done.stderr


@pytest.mark.parametrize("name", ["posts.txt", "posts.txt.gz", "posts.txt.xz"])
def test_gb18030_and_compressed_files_are_read_as_feeds_read_them(
    run: Run, tmp_path: Path, name: str
) -> None:
    texts = ["奶茶里喝出异物，太恶心了", "很好喝", "plain"]
    path = tmp_path / name
    with open_for(path) as file:
        file.write("\n".join(texts).encode("gb18030"))
    done = run("classify", path)
    assert done.exit_code == 0, done.stderr
    assert [json.loads(line)["text"] for line in done.stdout.splitlines()] == texts


@pytest.mark.parametrize("pack", [gzip.compress, lzma.compress], ids=["gz", "xz"])
def test_compressed_texts_are_read_without_a_name_that_says_so(
    run: Run, tmp_path: Path, pack: Callable[[bytes], bytes]
) -> None:
    packed = pack("太恶心了\n很好喝\n".encode())
    (tmp_path / "posts.txt").write_bytes(packed)
    done = run("classify", "-", tmp_path / "posts.txt", stdin=packed)
    assert done.exit_code == 0, done.stderr
    assert [json.loads(line)["text"] for line in done.stdout.splitlines()] == ["太恶心了", "很好喝"] * 2
    cut = run("classify", stdin=packed[:-4])
    assert "Traceback" not in cut.stderr
    assert "压缩文件从这里起损坏" in cut.stderr


def open_for(path: Path) -> BinaryIO:
    if path.suffix == ".gz":
        return gzip.open(path, "wb")  # type: ignore[return-value]
    return lzma.open(path, "wb") if path.suffix == ".xz" else path.open("wb")  # type: ignore[return-value]


def test_a_damaged_compressed_file_gives_what_came_before(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "rows.gz"
    whole = gzip.compress("".join(f"第{n}杯太难喝了\n" for n in range(40)).encode(), mtime=0)
    path.write_bytes(whole[:-20])
    done = run("classify", path)
    assert "Traceback" not in done.stderr
    assert "压缩文件从这里起损坏" in done.stderr
    (tmp_path / "none.gz").write_bytes(b"no gzip at all")
    wrong = run("classify", tmp_path / "none.gz")
    assert wrong.exit_code == 1
    assert "压缩文件" in wrong.stderr


def test_explain_gives_the_words_and_where_they_stand(run: Run) -> None:
    lines = ["奶茶里喝出异物，太恶心了", "轉發微博", '{"text": "真好喝，太好喝了", "n": 1}']
    done = run("classify", "--explain", stdin="\n".join(lines).encode())
    assert done.exit_code == 0, done.stderr
    disgusting, nothing, tasty = [json.loads(line) for line in done.stdout.splitlines()]
    assert [list(row["explain"]) for row in (disgusting, nothing, tasty)] == [list(HEADS)] * 3
    assert disgusting["explain"]["emotion"][0]["word"] == "恶心"
    assert disgusting["explain"]["emotion"][0]["at"] == [9]
    assert nothing["explain"] == {head: [] for head in HEADS}
    assert {"word": "好喝", "at": [1, 5]}.items() <= tasty["explain"]["emotion"][0].items()
    for words in (words for row in (disgusting, tasty) for words in row["explain"].values()):
        weights = [word["weight"] for word in words]
        assert weights == sorted(weights, reverse=True)
        assert all(weight > 0 for weight in weights)
        assert len(words) <= 5


def test_without_it_no_reasons_are_given(run: Run) -> None:
    assert "explain" not in json.loads(run("classify", stdin="太恶心了".encode()).stdout)


def test_no_rows_are_no_output(run: Run) -> None:
    done = run("classify", stdin=b"\n\n")
    assert (done.exit_code, done.stdout) == (0, "")
    assert "输入是空的" in done.stderr


def test_a_reader_that_goes_away_is_no_failure(tmp_path: Path) -> None:
    many = tmp_path / "many.txt"
    # 180 kB of answers: more than a pipe holds.
    many.write_text("".join(f"第{n}杯\n" for n in range(300)), encoding="utf-8")
    process = subprocess.Popen(
        [sys.executable, "-m", "fengsheng", "classify", str(many)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stderr is not None
    with process:
        first = json.loads(process.stdout.readline())
        process.stdout.close()  # what `| head -1` does
        said = process.stderr.read().decode()
        status = process.wait(120)
    assert first["text"] == "第0杯"
    assert said == ""
    assert status == 0


def test_what_cannot_be_read_says_so(run: Run) -> None:
    done = run("classify", "--engine", "onnx-float32", stdin="This brand is terrible\n太难喝了\n".encode())
    assert done.exit_code == 0, done.stderr
    foreign, chinese = map(json.loads, done.stdout.splitlines())
    assert (foreign["readable"], chinese["readable"]) == (False, True)
    assert (foreign["emotion"], foreign["intent"], foreign["polarity"]) == ("neutral", "other", "neutral")
    assert max(foreign["scores"]["emotion"].values()) < 0.5


def test_an_unknown_engine_is_refused_with_those_there_are(run: Run) -> None:
    done = run("classify", "--engine", "tpu", stdin="太难喝了\n".encode())
    assert done.exit_code == 1
    assert "'tpu'" in done.stderr
    assert "onnx-int8" in done.stderr
