"""The cache: whole files or none, many processes at once, no room, damage."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from models.serving import Classifier
from models.serving.kept import KEPT, folder, keep, write

FILE = Path("graphs/a.onnx")


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("FENGSHENG_CACHE", str(tmp_path / "kept"))
    return tmp_path / "kept"


def test_what_is_kept_is_made_once(place: Path) -> None:
    made: list[int] = []

    def make() -> bytes:
        made.append(1)
        return b"graph"

    assert keep(FILE, make) == keep(FILE, make) == place / FILE
    assert (place / FILE).read_bytes() == b"graph"
    assert made == [1]


def test_many_at_once_see_a_whole_file_or_none(place: Path) -> None:
    content = [bytes([index]) * 300_000 for index in range(8)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda one: write(place / FILE, one), content * 4))
    assert (place / FILE).read_bytes() in content
    assert [file.name for file in (place / FILE).parent.iterdir()] == ["a.onnx"]


def test_processes_that_start_together_all_serve(place: Path, directory: Path) -> None:
    code = (
        "import sys; from models.serving import Classifier; c = Classifier(sys.argv[1], engine='onnx-int8');"
        "print(c.classify(['气死我了'])[0].emotion); c.close()"
    )
    running = [
        subprocess.Popen([sys.executable, "-c", code, str(directory)], stdout=subprocess.PIPE)
        for _ in range(3)
    ]
    said = {process.communicate(timeout=120)[0] for process in running}
    assert [process.returncode for process in running] == [0, 0, 0]
    assert len(said) == 1
    assert len(list((place / "graphs").iterdir())) == 1


def test_without_room_the_work_is_done_in_memory_and_it_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, directory: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("FENGSHENG_CACHE", str(tmp_path / "file"))
    with caplog.at_level(logging.WARNING):
        classifier = Classifier(directory, device="cpu", engine="onnx-int8")
    assert len(classifier.classify(["气死我了"])) == 1
    classifier.close()
    assert "set FENGSHENG_CACHE to a folder with room" in caplog.text


def test_a_full_disk_leaves_nothing_behind(
    place: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    assert keep(FILE, lambda: b"graph") == b"graph"
    assert not any((place / FILE).parent.iterdir())
    assert "No space left on device" in caplog.text


def test_a_damaged_file_is_made_again(place: Path, directory: Path, caplog: pytest.LogCaptureFixture) -> None:
    Classifier(directory, device="cpu", engine="onnx-int8").close()
    (graph,) = (place / "graphs").iterdir()
    whole = graph.read_bytes()
    graph.write_bytes(whole[:1000])
    Classifier(directory, device="cpu", engine="onnx-int8").close()
    assert graph.read_bytes() == whole
    assert "is damaged" in caplog.text


def test_the_longest_unused_go_first(place: Path) -> None:
    for index in range(KEPT + 3):
        path = place / f"{index}.onnx"
        assert write(path, b"x")
        os.utime(path, (index, index))
    assert write(place / "last.onnx", b"x")
    assert len(list(place.iterdir())) == KEPT
    assert not (place / "0.onnx").exists()


def test_the_place_follows_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("FENGSHENG_CACHE", str(tmp_path))
    assert folder() == tmp_path
    monkeypatch.delenv("FENGSHENG_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert folder() == tmp_path / "fengsheng"
