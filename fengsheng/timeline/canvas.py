"""A picture of dots: filled rectangles and short labels, written as PNG."""

from __future__ import annotations

import struct
import zlib
from typing import Final

import numpy as np

from fengsheng.timeline.glyphs import HEIGHT, WIDTH, columns_of

Colour = tuple[int, int, int]
_SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"
_TRUE_COLOUR: Final = 2
SCALE: Final = 2
"""Dots a side of each dot of a label."""


class Canvas:
    """`width` x `height` dots, counted from the upper left corner."""

    def __init__(self, width: int, height: int, colour: Colour) -> None:
        self.width, self.height = width, height
        self._dots = np.empty((height, width, 3), np.uint8)
        self._dots[:] = colour

    def fill(self, left: int, top: int, right: int, bottom: int, colour: Colour) -> None:
        """Fill the dots from (left, top) to, not including, (right, bottom); what is outside is cut."""
        self._dots[max(top, 0) : max(bottom, 0), max(left, 0) : max(right, 0)] = colour

    def write(self, left: int, top: int, text: str, colour: Colour) -> None:
        """Write `text` with its upper left corner there."""
        for place, character in enumerate(text):
            for x, column in enumerate(columns_of(character)):
                for y in range(HEIGHT):
                    if column >> y & 1:
                        at_x = left + ((WIDTH + 1) * place + x) * SCALE
                        self.fill(at_x, top + y * SCALE, at_x + SCALE, top + (y + 1) * SCALE, colour)

    @staticmethod
    def width_of(text: str) -> int:
        """Return the dots that `text` is wide."""
        return (WIDTH + 1) * SCALE * len(text)

    def png(self) -> bytes:
        """Return the picture as PNG (ISO/IEC 15948), true colour, rows unfiltered."""
        rows = np.zeros((self.height, 1 + 3 * self.width), np.uint8)
        rows[:, 1:] = self._dots.reshape(self.height, -1)
        header = struct.pack(">IIBBBBB", self.width, self.height, 8, _TRUE_COLOUR, 0, 0, 0)
        return (
            _SIGNATURE
            + _chunk(b"IHDR", header)
            + _chunk(b"IDAT", zlib.compress(rows.tobytes(), 9))
            + _chunk(b"IEND", b"")
        )


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
