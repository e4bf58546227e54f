"""Lines are cut alike however the bytes arrive, and their encoding is found out."""

from __future__ import annotations

import logging

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.feeds.encoding import Transcoder
from streams.feeds.lines import Splitter


@given(st.lists(st.binary(max_size=8).map(lambda data: data.replace(b"x", b"\n")), max_size=12))
def test_cutting_the_stream_differently_changes_nothing(chunks: list[bytes]) -> None:
    whole, parts = Splitter("f"), Splitter("f")
    together = whole.push(b"".join(chunks))
    apart = [line for chunk in chunks for line in parts.push(chunk)]
    assert together == apart
    assert b"".join(line.data for line in apart) + parts.rest == b"".join(chunks)
    assert parts.offset == len(b"".join(chunks))
    assert [line.number for line in apart] == list(range(1, len(apart) + 1))
    for line in apart:
        assert b"".join(chunks)[line.start : line.end] == line.data


@given(st.lists(st.integers(min_value=0, max_value=30), min_size=1, max_size=8), st.integers(1, 9))
def test_a_line_beyond_the_limit_is_cut_but_keeps_its_place(sizes: list[int], step: int) -> None:
    data = b"".join(b"a" * size + b"\n" for size in sizes)
    splitter = Splitter("f", max_line=10)
    lines = [line for at in range(0, len(data), step) for line in splitter.push(data[at : at + step])]
    assert [line.size for line in lines] == [size + 1 for size in sizes]
    assert [line.too_long for line in lines] == [size > 10 for size in sizes]
    assert lines[-1].end == len(data)


def test_the_unfinished_line_can_be_taken_and_its_late_end_counts_as_no_line() -> None:
    splitter = Splitter("f")
    assert splitter.push(b'{"a":1}') == []
    last = splitter.flush()
    assert last is not None
    assert (last.number, last.start, last.end) == (1, 0, 7)
    blank, after = splitter.push(b'\n{"b":2}\n')
    assert (blank.data, blank.number) == (b"\n", 1)
    assert (after.number, after.start) == (2, 8)
    assert splitter.flush() is None


def test_gb18030_is_found_out_and_said_once(caplog: pytest.LogCaptureFixture) -> None:
    lines = [f'{{"text":"青山茶饮{number}"}}\n'.encode("gb18030") for number in range(3)]
    transcoder = Transcoder("old.jsonl")
    with caplog.at_level(logging.WARNING):
        transcoder.learn(lines)
        transcoder.learn(lines)
    assert [record.message for record in caplog.records] == ["old.jsonl: not UTF-8; read as GB18030 (GBK)"]
    assert transcoder.utf8(lines[2]).decode() == '{"text":"青山茶饮2"}\n'
    assert transcoder.utf8("后来的青山".encode()).decode() == "后来的青山"


@pytest.mark.parametrize(
    "lines",
    [
        ["青山".encode(), "青山".encode(), b"\xff\xfe\xfd"],  # one damaged line in a UTF-8 file
        ["青".encode()[:2] + b"\xff", b"\xff\xff"],  # neither
        [b"\xff\xfe{\x00"],  # UTF-16
    ],
)
def test_a_damaged_line_does_not_turn_a_file_into_gb18030(lines: list[bytes]) -> None:
    transcoder = Transcoder("f")
    transcoder.learn(lines)
    assert transcoder.encoding == "utf-8"
    assert [transcoder.utf8(line) for line in lines] == lines


def test_ascii_decides_nothing() -> None:
    transcoder = Transcoder("f")
    transcoder.learn([b'{"id":1}'])
    assert transcoder.encoding is None


@given(st.lists(st.binary(), max_size=4), st.binary())
def test_no_bytes_make_the_transcoder_raise(learnt: list[bytes], line: bytes) -> None:
    transcoder = Transcoder("f")
    transcoder.learn(learnt)
    assert isinstance(transcoder.utf8(line), bytes)
