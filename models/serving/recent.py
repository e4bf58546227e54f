"""A bounded memory of what was answered last."""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import Generic, TypeVar

Value = TypeVar("Value")


class Recent(Generic[Value]):
    """Values by text, the least recently used dropped first. Safe for several threads.

    Attributes
    ----------
    hits, misses
        How often :meth:`get` found something, and how often not.
    """

    def __init__(self, size: int) -> None:
        self._size = size
        self._values: OrderedDict[str, Value] = OrderedDict()
        self._lock = threading.Lock()
        self.hits = 0
        self.misses = 0

    def get(self, text: str) -> Value | None:
        """Give what is kept for ``text``, and count whether there was something."""
        with self._lock:
            found = self._values.get(text)
            if found is None:
                self.misses += 1
            else:
                self.hits += 1
                self._values.move_to_end(text)
            return found

    def put(self, text: str, value: Value) -> None:
        """Keep a value."""
        with self._lock:
            self._values[text] = value
            self._values.move_to_end(text)
            while len(self._values) > self._size:
                self._values.popitem(last=False)

    def count_hit(self) -> None:
        """Count a text whose answer was already on its way."""
        with self._lock:
            self.hits += 1

    def __len__(self) -> int:
        return len(self._values)
