"""What the picture shows, read back from its dots."""

from __future__ import annotations

import struct
import zlib

import numpy as np
import pytest

from alerting.backtest import IncidentReport, Moment
from config.records import Level
from fengsheng.timeline import timeline_png
from fengsheng.timeline.canvas import Canvas
from fengsheng.timeline.chart import LEVEL_COLOURS
from fengsheng.timeline.glyphs import GLYPHS, columns_of

ZONE = "Asia/Shanghai"


def dots_of(png: bytes) -> np.ndarray:
    """Decode a PNG of unfiltered true colour, checking each chunk's sum."""
    at, data, size = 8, b"", (0, 0)
    while at < len(png):
        length = struct.unpack(">I", png[at : at + 4])[0]
        name, body = png[at + 4 : at + 8], png[at + 8 : at + 8 + length]
        assert zlib.crc32(name + body) == struct.unpack(">I", png[at + 8 + length : at + 12 + length])[0]
        if name == b"IHDR":
            size = struct.unpack(">II", body[:8])
        data += body if name == b"IDAT" else b""
        at += 12 + length
    width, height = size
    rows = np.frombuffer(zlib.decompress(data), np.uint8).reshape(height, 1 + 3 * width)
    assert not rows[:, 0].any()
    return rows[:, 1:].reshape(height, width, 3)


def share_of(dots: np.ndarray, colour: tuple[int, int, int]) -> float:
    return float((dots == np.array(colour, np.uint8)).all(axis=2).mean())


def moments(peak: float = 30.0) -> list[Moment]:
    return [Moment(60.0 * n, peak if n == 50 else 1.0, 0.5, 2.0, 0) for n in range(100)]


def test_the_picture_holds_what_was_drawn() -> None:
    canvas = Canvas(40, 20, (255, 255, 255))
    canvas.fill(30, 10, 99, 99, (1, 2, 3))
    dots = dots_of(canvas.png())
    assert dots.shape == (20, 40, 3)
    assert (dots[10:, 30:] == (1, 2, 3)).all()
    assert (dots[:10] == 255).all()


@pytest.mark.parametrize("level", list(Level))
def test_an_incident_stands_in_its_colour_for_as_long_as_it_lasted(level: Level) -> None:
    def area(resolved: float | None) -> float:
        one = IncidentReport(level=level, started_at=600, detected_at=660, resolved_at=resolved, pages=1)
        return share_of(dots_of(timeline_png("x", moments(), [one], ZONE)), LEVEL_COLOURS[level])

    assert area(1200) < area(2400) < area(None)


def test_the_one_high_minute_of_a_long_history_is_seen() -> None:
    long = [Moment(60.0 * n, 30.0 if n == 40_000 else 1.0, 0.5, 2.0, 0) for n in range(100_000)]
    dots = dots_of(timeline_png("x", long, [], ZONE))
    flat = dots_of(timeline_png("x", [m._replace(velocity=min(m.velocity, 1.0)) for m in long], [], ZONE))
    upper = slice(70, 200)
    line = np.array((32, 78, 140), np.uint8)
    assert (dots[upper, 110:] == line).all(axis=2).any()
    assert not (flat[upper, 110:] == line).all(axis=2).any()


@pytest.mark.parametrize(
    "told",
    [[Moment(0.0, 0.0, 0.0, 0.0, 0)], [Moment(1.7e9, 1e9, 0.0, 1e-9, 4)], moments()[:2]],
)
def test_any_moments_can_be_drawn(told: list[Moment]) -> None:
    assert dots_of(timeline_png("QINGSHAN-TEA", told, [], ZONE)).shape == (480, 1600, 3)


def test_no_moments_are_refused() -> None:
    with pytest.raises(ValueError, match="no moments"):
        timeline_png("x", [], [], ZONE)


def test_every_sign_of_an_id_or_a_time_has_a_shape_of_its_own() -> None:
    signs = "abcdefghijklmnopqrstuvwxyz0123456789-_:./ "
    assert len({columns_of(sign) for sign in signs}) == len(signs)
    assert all(len(columns_of(sign)) == 5 for sign in GLYPHS)
    assert columns_of("青") == columns_of("茶") not in [columns_of(sign) for sign in GLYPHS]
