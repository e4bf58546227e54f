"""``fengsheng backtest --index``: judged, swept and drawn from what an index holds."""

from __future__ import annotations

import asyncio
import json
import struct
from pathlib import Path

import pytest
from msgspec.structs import replace

from config.records import Match, MatchReason
from streams.index.sqlite import SqliteIndex
from tests.alerting.timeline import HOUR, WATCH, Story
from tests.commands.conftest import Run

DATA_NAME = "kept"


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Story, float]:
    """A data folder whose index holds two ordinary hours, a crisis, and calm; with the crisis' start."""
    folder = tmp_path_factory.mktemp(DATA_NAME)
    story = Story(3).ordinary(2)
    start = story.now
    story.crisis().ordinary(1)
    matches = [Match(watch=WATCH.id, reason=MatchReason.KEYWORD, keyword="青山茶饮")]

    async def write() -> None:
        index = SqliteIndex(folder / "index.sqlite")
        await index.open()
        await index.write_mentions([replace(m, watch=None, matches=matches) for m in story.mentions])
        await index.close()

    asyncio.run(write())
    return folder, story, start


@pytest.fixture
def watches(tmp_path: Path) -> Path:
    path = tmp_path / "watches.yaml"
    path.write_text(f"watches:\n  - {{id: {WATCH.id}, name: 青山茶饮, any: [青山茶饮]}}\n", encoding="utf-8")
    return path


def truth_file(tmp_path: Path, *crises: str) -> Path:
    path = tmp_path / "truth.yaml"
    path.write_text("crises:\n" + "".join(f"  - {crisis}\n" for crisis in crises), encoding="utf-8")
    return path


def test_known_crises_are_judged_and_the_sweep_says_what_a_higher_bar_would_miss(
    run: Run, kept: tuple[Path, Story, float], watches: Path, tmp_path: Path
) -> None:
    folder, story, start = kept
    truth = truth_file(tmp_path, f"{{watch: {WATCH.id}, start: {start}, end: {start + HOUR}, name: 异物}}")
    done = run(
        *("backtest", "--index", "--data", folder, "--watches", watches, "--truth", truth, "--json"),
        *("--sweep", "velocity=0.4,100000"),
    )
    assert done.exit_code == 0, done.stderr
    body = json.loads(done.stdout)
    found = body["watches"][WATCH.id]
    assert found["posts"] == len(story.mentions)
    (incident,) = found["incidents"]
    assert set(incident["lead"]) == {"cron", "spike"}
    assert 0 < incident["lead"]["cron"] <= 1200 + 60
    judged = body["judgement"][WATCH.id]
    assert (judged["recall"], judged["precision"], judged["false_pages"]) == (1.0, 1.0, 0)
    assert judged["delays"] == [incident["detected_at"] - start]
    assert body["judgement"]["*"]["crises"] == 1
    same, deaf = body["sweep"]
    assert (same["field"], same["value"], same["watches"]) == ("velocity", 0.4, body["watches"])
    assert deaf["watches"][WATCH.id]["incidents"] == []
    assert (deaf["judgement"]["*"]["recall"], deaf["judgement"]["*"]["precision"]) == (0.0, None)


def test_tables_say_it_to_people(
    run: Run, kept: tuple[Path, Story, float], watches: Path, tmp_path: Path
) -> None:
    folder, _, start = kept
    truth = truth_file(tmp_path, f"{{watch: {WATCH.id}, start: {start}, end: {start + HOUR}}}")
    done = run(
        *("backtest", "--index", "--data", folder, "--watches", watches, "--truth", truth),
        *("--sweep", "negative_share=0.3,0.99"),
    )
    assert done.exit_code == 0, done.stderr
    assert "recall" in done.stdout
    assert "negative_share" in done.stdout
    assert "合计 all" in done.stdout
    assert "0.99" in done.stdout


def test_only_the_time_that_was_asked_for_is_used(
    run: Run, kept: tuple[Path, Story, float], watches: Path
) -> None:
    folder, story, start = kept
    asked = ("backtest", "--index", "--data", folder, "--watches", watches, "--json", "--until", start)
    done = run(*asked)
    assert done.exit_code == 0, done.stderr
    found = json.loads(done.stdout)["watches"][WATCH.id]
    assert found["posts"] == sum(m.created_at < start for m in story.mentions)
    assert found["incidents"] == []
    nothing = run(*asked, "--since", "2000-01-01", "--until", "2000-01-02T00:00+08:00")
    assert nothing.exit_code == 1
    assert "no posts" in nothing.stderr


def test_a_timeline_is_written_as_png_with_the_incident_in_its_colour(
    run: Run, kept: tuple[Path, Story, float], watches: Path, tmp_path: Path
) -> None:
    folder, _, _ = kept
    pictures = tmp_path / "pictures"
    done = run("backtest", "--index", "--data", folder, "--watches", watches, "--json", "--png", pictures)
    assert done.exit_code == 0, done.stderr
    picture = (pictures / f"{WATCH.id}.png").read_bytes()
    assert picture[:8] == b"\x89PNG\r\n\x1a\n"
    assert struct.unpack(">II", picture[16:24]) == (1600, 480)


@pytest.mark.parametrize(
    ("crisis", "told"),
    [
        ("{watch: nobody, start: 1, end: 2}", "truth.yaml:2: crises.0.watch: found 'nobody'"),
        ("{watch: qingshan-tea, start: soon, end: 2}", "crises.0.start: found 'soon', expected a moment"),
        ("{watch: qingshan-tea, start: 2024-03-16 12:00, end: 2024-03-16 11:00}", "a moment after start"),
        ("{watch: qingshan-tea, start: 1, ende: 2}", "ende"),
    ],
)
def test_what_is_wrong_in_a_truth_file_is_told_with_its_place(
    run: Run, kept: tuple[Path, Story, float], watches: Path, tmp_path: Path, crisis: str, told: str
) -> None:
    truth = truth_file(tmp_path, crisis)
    words = ("backtest", "--index", "--data", kept[0], "--watches", watches, "--truth", truth)
    done = run(*words, FENGSHENG_LANGUAGE="en")
    assert done.exit_code == 1
    assert told in done.stderr


def test_rules_of_another_file_are_used(
    run: Run, kept: tuple[Path, Story, float], watches: Path, tmp_path: Path
) -> None:
    rules = tmp_path / "other.yaml"
    rules.write_text(
        "rules:\n  default:\n    levels:\n      IV: {when: velocity >= 100000, mentions: 15, authors: 12}\n",
        encoding="utf-8",
    )
    done = run("backtest", "--index", "--data", kept[0], "--watches", watches, "--rules", rules, "--json")
    assert done.exit_code == 0, done.stderr
    assert json.loads(done.stdout)["watches"][WATCH.id]["incidents"] == []


@pytest.mark.parametrize(
    ("arguments", "status", "told"),
    [
        ((), 2, "files of posts, or --index"),
        (("posts.jsonl", "--index"), 2, "not both"),
        (("posts.jsonl", "--since", "2024-01-01"), 2, "go with --index"),
        (("--index", "--sweep", "z"), 2, "z=3,4,5"),
        (("--index", "--sweep", "z=a"), 2, "z=3,4,5"),
        (("--index", "--sweep", "fame=3"), 1, "no level asks for 'fame'"),
        (("--index", "--sweep", "window=-5"), 1, "--sweep window=-5, rules default"),
        (("--index", "--since", "someday"), 1, "--since 'someday' is no moment"),
        (("--index", "--data", "nowhere"), 1, "no index at"),
    ],
)
def test_what_can_not_be_done_is_explained(
    run: Run, watches: Path, arguments: tuple[str, ...], status: int, told: str
) -> None:
    done = run("backtest", *arguments, "--watches", watches, FENGSHENG_LANGUAGE="en")
    assert done.exit_code == status
    assert told in " ".join(done.stderr.split())


def test_everything_wrong_in_a_truth_file_is_told_at_once(
    run: Run, kept: tuple[Path, Story, float], watches: Path, tmp_path: Path
) -> None:
    truth = truth_file(
        tmp_path, "{watch: nobody, start: soon, end: 2}", "{watch: qingshan-tea, start: 2}",
        "{watch: qingshan-tea, start: 2, end: 1}",
    )  # fmt: skip
    done = run("backtest", "--index", "--data", kept[0], "--watches", watches, "--truth", truth)
    for place in ("crises.0.watch", "crises.0.start", "crises.1.end", "crises.2.end"):
        assert place in done.stderr
    assert "应为：晚于 start 的时间" in done.stderr
