import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from models.commands import app
from models.places import ROOT

RUNNER = CliRunner()


@pytest.mark.parametrize("command", ["adapt", "finetune", "distil", "export", "evaluate", "posts", "bench"])
def test_every_command_has_help_with_an_example(command: str) -> None:
    result = RUNNER.invoke(app, [command, "--help"])
    assert result.exit_code == 0
    assert "Example: fengsheng model " + command in " ".join(result.stdout.split())


def test_evaluate_writes_figures_to_stdout(shipped: Path, tmp_path: Path) -> None:
    file = tmp_path / "dev.jsonl"
    rows = [{"text": "气死我了，太过分了", "label": "angry"}, {"text": "开心，今天真高兴", "label": "happy"}]
    file.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    result = RUNNER.invoke(app, ["evaluate", str(file), "--model", str(shipped), "--json", "--device", "cpu"])
    assert result.exit_code == 0
    assert json.loads(result.stdout)["rows"] == 2
    table = RUNNER.invoke(app, ["evaluate", str(file), "--model", str(shipped), "--device", "cpu"])
    assert "macro-F1" in table.stdout
    assert "truth \\ guess" in table.stdout


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (["evaluate", "missing.jsonl"], 1, "missing.jsonl"),
        (["evaluate", "missing.jsonl", "--head", "mood"], 2, "mood"),
        (["finetune", "--data", "nowhere", "--recipe", "huge"], 1, "no recipe huge"),
        (["finetune"], 2, "--data"),
        (["adapt", "--data", "nowhere", "--recipe", "small"], 1, "unknown key"),
        (["distil", "nowhere/at/all", "--data", "nowhere"], 1, "nowhere/at/all"),
        (["posts", "--data", "nowhere"], 1, "nowhere"),
        (["posts", "--data", "nowhere", "--split", "test"], 2, "--split"),
        (["evaluate", "/nope"], 1, "/nope: 没有这个文件或目录 no such file"),
        (["posts", "--data", "/nope"], 1, "--data /nope: 没有这个目录 no such folder"),
        (["posts", "--data", __file__], 1, "是文件，应为目录 a file, expected a folder"),
        (["finetune", "--data", "/nope", "--base", "."], 1, "--data /nope: 没有这个目录"),
        (["finetune", "--data", ".", "--base", ".", "--run-dir", __file__], 1, "这里已有一个文件，应为目录"),
        (
            ["finetune", "--data", ".", "--base", "/nope"],
            1,
            "基座 /nope：没有这个目录 base /nope: no such directory;",
        ),
        (["finetune", "--data", ".", "--base", __file__], 1, "是文件，应为目录"),
        (["adapt", "--data", ".", "--base", "/nope"], 1, "基座 /nope：没有这个目录"),
    ],
)
def test_a_failure_is_explained_on_stderr(arguments: list[str], status: int, message: str) -> None:
    result = RUNNER.invoke(app, arguments)
    assert result.exit_code == status
    assert message in result.stderr
    assert result.stdout == ""


@pytest.mark.parametrize("command", ["finetune", "adapt"])
@pytest.mark.parametrize(
    "wrong",
    [
        ["--data", "/nope", "--base", "."],
        ["--data", ".", "--base", "/nope"],
        ["--data", ".", "--base", "o/n"],
    ],
    ids=["data", "base", "hub"],
)
def test_a_refused_run_leaves_no_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: str, wrong: list[str]
) -> None:
    def offline(*_: object, **__: object) -> None:
        raise OSError("the hub does not answer")

    monkeypatch.setattr("huggingface_hub.snapshot_download", offline)
    monkeypatch.chdir(tmp_path)
    assert RUNNER.invoke(app, [command, *wrong]).exit_code == 1
    assert list(tmp_path.iterdir()) == []


def test_posts_are_joined_with_their_labels(data_dir: Path) -> None:
    result = RUNNER.invoke(app, ["posts", "--data", str(data_dir), "--split", "dev"])
    rows = [json.loads(line) for line in result.stdout.splitlines()]
    assert result.exit_code == 0
    assert len(rows) >= 600
    assert set(rows[0]) == {"id", "text", "intent", "polarity"}


@pytest.mark.parametrize("command", ["evaluate", "bench"])
def test_the_shipped_model_is_found_from_any_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    opened: list[str] = []

    def note(model: str, *_: object, **__: object) -> None:
        opened.append(model)
        raise ValueError("enough seen")

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("models.serving.Classifier", note)
    monkeypatch.setattr("models.bench.forward_rates", note)
    monkeypatch.setattr("models.bench.gpu_share", lambda _: None)
    file = tmp_path / "dev.jsonl"
    file.write_text('{"text": "气死我了", "label": "angry"}\n', encoding="utf-8")
    for words in ([], ["--model", "hub/name"], ["--model", str(tmp_path)]):
        assert RUNNER.invoke(app, [command, str(file), *words]).exit_code == 1
    assert opened == [str(ROOT / "models" / "fengsheng-small"), "hub/name", str(tmp_path)]
    missing = RUNNER.invoke(app, [command, str(file), "--model", "models/nosuch"])
    assert "models/nosuch：没有这个目录" in missing.stderr
    assert len(opened) == 3
