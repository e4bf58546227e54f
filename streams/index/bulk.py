"""Write many documents to Elasticsearch: sized requests, retries for each item, failures told apart."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

import msgspec
from elasticsearch import ApiError

from streams.index.base import Failure, IndexUnavailable
from streams.index.cluster import RETRYABLE, Cluster, Pauses, remedy

MOST_ITEMS: Final = 500
MOST_BYTES: Final = 5 * 1024 * 1024
"""Size of one request; Elasticsearch's guide advises a few megabytes."""

_INFRASTRUCTURE: Final = frozenset(
    {
        "cluster_block_exception",
        "index_closed_exception",
        "security_exception",
        "unavailable_shards_exception",
    }
)
CONFLICT: Final = "version_conflict_engine_exception"
_TOO_LARGE: Final = 413


@dataclass(frozen=True)
class Action:
    """Index or, without a `source`, delete one document.

    With `version` the document is written only over one of the same or a lower version
    (``external_gte``); losing to a higher one is no failure. With `unchanged_since`, a sequence
    number and primary term, only over that very state of it (-1: only where there is none); losing
    is a `Failure` of code `CONFLICT`.
    """

    index: str
    id: str
    source: bytes | None = None
    version: int | None = None
    unchanged_since: tuple[int, int] | None = None

    def lines(self) -> list[bytes]:
        """Return the action's lines of the request."""
        head: dict[str, Any] = {"_index": self.index, "_id": self.id}
        if self.version is not None:
            head |= {"version": self.version, "version_type": "external_gte"}
        if self.unchanged_since is not None and self.unchanged_since[0] < 0:
            return [msgspec.json.encode({"create": head}), self.source or b""]
        if self.unchanged_since is not None:
            head |= {"if_seq_no": self.unchanged_since[0], "if_primary_term": self.unchanged_since[1]}
        if self.source is None:
            return [msgspec.json.encode({"delete": head})]
        return [msgspec.json.encode({"index": head}), self.source]


def sized(actions: Sequence[Action]) -> Iterator[list[Action]]:
    """Yield `actions` in portions of at most `MOST_ITEMS` and about `MOST_BYTES`."""
    portion: list[Action] = []
    size = 0
    for action in actions:
        length = len(action.source or b"")
        if portion and (len(portion) >= MOST_ITEMS or size + length > MOST_BYTES):
            yield portion
            portion, size = [], 0
        portion.append(action)
        size += length
    if portion:
        yield portion


async def write(
    cluster: Cluster, actions: Sequence[Action], lost: Callable[[str], Awaitable[None]]
) -> list[Failure]:
    """Write `actions`, confirmed when this returns, and return those that can never be written.

    Parameters
    ----------
    lost : awaited with the name of an index that is not there, before its items are tried again.

    Raises
    ------
    IndexUnavailable
        Some items could not be written in time for a reason that is not theirs.
    """
    failures: list[Failure] = []
    for portion in sized(actions):
        failures += await _portion(cluster, portion, lost)
    return failures


async def _portion(
    cluster: Cluster, portion: Sequence[Action], lost: Callable[[str], Awaitable[None]]
) -> list[Failure]:
    what = f"writing {len(portion)} documents to {portion[0].index}"
    failures: list[Failure] = []
    pauses = Pauses(cluster.patience)
    pending = list(portion)
    while pending:
        lines = [line for action in pending for line in action.lines()]
        try:
            body = await cluster.call(what, partial(cluster.client.bulk, operations=lines), {_TOO_LARGE})
        except ApiError:
            # A proxy in between may take less than Elasticsearch does.
            if len(pending) == 1:
                size = len(pending[0].source or b"")
                return [
                    *failures,
                    Failure(pending[0].id, "too_large", f"{size} bytes, more than is let through"),
                ]
            half = len(pending) // 2
            for part in (pending[:half], pending[half:]):
                failures += await _portion(cluster, part, lost)
            return failures
        if not body["errors"]:
            break
        again: list[Action] = []
        worst = ""
        missing: set[str] = set()
        for action, item in zip(pending, body["items"], strict=True):
            [result] = item.values()
            status, error = result["status"], result.get("error")
            if error is None or (status == 409 and action.version is not None):
                continue  # a deletion that finds nothing (404) has no error
            kind, reason = error["type"], _reason(error)
            if kind == "index_not_found_exception" and action.source is None:
                continue
            if kind == "index_not_found_exception":
                missing.add(action.index)
            elif status not in RETRYABLE and kind not in _INFRASTRUCTURE:
                failures.append(Failure(action.id, kind, reason))
                continue
            worst = f"{kind}: {reason}"
            again.append(action)
        if again and not await pauses.wait():
            raise IndexUnavailable(
                f"Elasticsearch at {cluster.where} does not take {len(again)} of {len(portion)} documents: "
                f"{worst}{remedy(worst)} (while {what})"
            )
        for index in sorted(missing):
            await lost(index)
        pending = again
    return failures


def _reason(error: dict[str, Any]) -> str:
    cause = error.get("caused_by") or {}
    below = f" ({cause['reason']})" if cause.get("reason") else ""
    return f"{error.get('reason')}{below}"
