"""What lies where a file shall be written is replaced only if it is a file; all else is written through."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest
import typer

from fengsheng.writing import check_writable, make_folder, write_whole

NEW, OLD = b'{"new": 1}\n', b"old"


def names(folder: Path) -> list[str]:
    return sorted(one.name for one in folder.iterdir())


def put(path: Path) -> None:
    check_writable(path)
    write_whole(path, NEW)


def refusal(path: Path, capsys: pytest.CaptureFixture[str]) -> str:
    told = ""
    for act in (check_writable, lambda path: write_whole(path, NEW)):
        with pytest.raises(typer.Exit) as ended:
            act(path)
        assert ended.value.exit_code == 1
        told = capsys.readouterr().err
        assert told.count("错误 error") == 1, told  # the first must not be taken for a failure of its own
    return told


def test_a_file_is_made_or_replaced_whole_and_keeps_its_permissions(tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    put(path)
    assert path.read_bytes() == NEW
    path.write_bytes(OLD)
    path.chmod(0o640)
    before = path.stat().st_ino
    put(path)
    assert (path.read_bytes(), path.stat().st_mode & 0o777) == (NEW, 0o640)
    assert path.stat().st_ino != before
    assert names(tmp_path) == ["report.json"]


def test_a_failure_leaves_the_old_file_and_nothing_beside_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "report.json"
    path.write_bytes(OLD)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "chmod", full)
    with pytest.raises(typer.Exit):
        write_whole(path, NEW)
    assert "磁盘已满" in capsys.readouterr().err
    assert path.read_bytes() == OLD
    assert names(tmp_path) == ["report.json"]


@pytest.mark.parametrize("there", [True, False])
def test_a_link_is_followed_and_stays(tmp_path: Path, there: bool) -> None:
    (tmp_path / "far").mkdir()
    target, link = tmp_path / "far" / "report.json", tmp_path / "link.json"
    if there:
        target.write_bytes(OLD)
    link.symlink_to(target)
    put(link)
    assert link.is_symlink()
    assert target.read_bytes() == NEW


@pytest.mark.parametrize("linked", [False, True])
def test_a_pipe_is_written_into_and_stays_a_pipe(tmp_path: Path, linked: bool) -> None:
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    path = fifo
    if linked:
        path = tmp_path / "link"
        path.symlink_to(fifo)
    got: list[bytes] = []
    reader = threading.Thread(target=lambda: got.append(fifo.read_bytes()), daemon=True)
    reader.start()
    put(path)
    reader.join(10)
    assert got == [NEW]
    assert fifo.is_fifo()
    assert names(tmp_path) == (["fifo", "link"] if linked else ["fifo"])


def test_a_stream_that_the_process_has_open_is_written_on(tmp_path: Path) -> None:
    # As `--report /dev/stdout > file` does: a rename would take the file from under the shell's stream.
    file = tmp_path / "file"
    with file.open("wb") as stream:
        stream.write(OLD)
        stream.flush()
        before = file.stat().st_ino
        put(Path(f"/proc/self/fd/{stream.fileno()}"))
    assert file.read_bytes() == OLD + NEW
    assert file.stat().st_ino == before
    reader, writer = os.pipe()
    put(Path(f"/proc/self/fd/{writer}"))
    os.close(writer)
    assert os.read(reader, 100) == NEW
    os.close(reader)


def test_a_folder_that_is_not_there_is_refused_and_not_made(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    told = refusal(tmp_path / "no" / "report.json", capsys)
    assert f"没有目录 {tmp_path / 'no'}；请先建立它" in told
    with pytest.raises(typer.Exit):
        make_folder(tmp_path / "no" / "pictures")
    assert "没有目录" in capsys.readouterr().err
    assert names(tmp_path) == []
    make_folder(tmp_path / "pictures")
    make_folder(tmp_path / "pictures")
    (tmp_path / "file").touch()
    with pytest.raises(typer.Exit):
        make_folder(tmp_path / "file")


def test_folders_circles_and_parents_that_are_files_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "是目录" in refusal(tmp_path, capsys)
    (tmp_path / "circle").symlink_to(tmp_path / "circle")
    assert "不能写入" in refusal(tmp_path / "circle", capsys)
    (tmp_path / "file").touch()
    assert "没有目录" in refusal(tmp_path / "file" / "report.json", capsys)
