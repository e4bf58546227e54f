"""How far a partition is done: what a worker may commit of what it has read."""

from __future__ import annotations


class Progress:
    """The first offset of a partition that is not done yet.

    Offsets that the log does not have (compacted away, or markers of transactions) are
    done. Nothing here depends on the order in which messages are finished.

    Parameters
    ----------
    start : offset of the first message to be read.

    Examples
    --------
    >>> progress = Progress(10)
    >>> for offset in (10, 11, 14):
    ...     progress.read(offset)
    >>> progress.finish(11)
    >>> progress.next
    10
    >>> progress.finish(10)
    >>> progress.next  # the log has no 12 and 13
    14
    """

    def __init__(self, start: int) -> None:
        self._next = start
        self._unread = start
        self._done: set[int] = set()
        self._gaps: dict[int, int] = {}

    @property
    def next(self) -> int:
        """Offset to commit: all before it is done."""
        return self._next

    def read(self, offset: int) -> None:
        """Note that the log gave `offset` next; what it passed over does not exist."""
        if offset > self._unread:
            self._gaps[self._unread] = offset
        self._unread = max(self._unread, offset + 1)
        self._advance()

    def finish(self, offset: int) -> None:
        """Note that the message at `offset` is dealt with."""
        if offset >= self._next:
            self._done.add(offset)
        self._advance()

    def _advance(self) -> None:
        while True:
            if self._next in self._done:
                self._done.remove(self._next)
                self._next += 1
            elif self._next in self._gaps:
                self._next = self._gaps.pop(self._next)
            else:
                return
