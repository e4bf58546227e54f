"""Labels by reading: they join the right posts or fail."""

import lzma
from collections import Counter
from pathlib import Path

import pytest

from models.labelled import checksum, labelled_rows, read_labels, read_split
from models.labels import INTENTS


def test_the_shipped_labels_are_many_and_of_every_class() -> None:
    labels = read_labels()
    dev = Counter(label.intent for label in labels if label.split == "dev")
    assert sum(dev.values()) >= 600
    assert set(dev) == set(INTENTS)
    assert min(dev.values()) >= 30
    assert len({(label.file, label.line) for label in labels}) == len(labels)
    by_split = {
        split: {label.checksum for label in labels if label.split == split} for split in ("train", "dev")
    }
    assert not by_split["train"] & by_split["dev"]


def test_the_shipped_labels_join_the_data(data_dir: Path) -> None:
    rows = read_split(data_dir, "dev")
    assert len(rows) == sum(label.split == "dev" for label in read_labels())
    assert all(row.text for row in rows)


def test_a_post_that_is_another_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.txt.xz").write_bytes(lzma.compress("太难喝了\n".encode()))
    labels = tmp_path / "labels.tsv"
    labels.write_text(f"a.txt.xz\t1\t{checksum('好喝')}\tpraise\tpositive\tdev\n", encoding="utf-8")
    with pytest.raises(ValueError, match=r"a\.txt\.xz:1: not the post that labels\.tsv labels"):
        list(labelled_rows(tmp_path, "dev", labels))


@pytest.mark.parametrize(
    "line",
    [
        "a\t1\tff\tmood\tneutral\tdev",
        "a\tone\tff\tother\t-\tdev",
        "a\t1\tff\tother\t-",
        "a\t1\tff\tother\tgood\tdev",
    ],
)
def test_a_broken_line_is_named(tmp_path: Path, line: str) -> None:
    labels = tmp_path / "labels.tsv"
    labels.write_text(f"# head\n{line}\n", encoding="utf-8")
    with pytest.raises(ValueError, match=r"labels\.tsv:2: expected file, line"):
        read_labels(labels)
