"""A file whose writer did not say its encoding is UTF-8, or else GB18030 as a whole."""

from __future__ import annotations

import pytest

from streams.feeds.encoding import Transcoder

TEXT = "奶茶里喝出异物，太恶心了"


@pytest.mark.parametrize("missing", [1, 2])
def test_utf8_cut_in_the_middle_of_a_character_is_no_gb18030(missing: int) -> None:
    cut = TEXT.encode()[:-missing]
    transcoder = Transcoder("posts.txt")
    transcoder.learn([cut])
    assert transcoder.encoding == "utf-8"
    assert transcoder.utf8(cut) == cut


def test_gb18030_is_known_by_its_lines() -> None:
    transcoder = Transcoder("posts.txt")
    transcoder.learn([TEXT.encode("gb18030")])
    assert transcoder.utf8(TEXT.encode("gb18030")).decode() == TEXT
