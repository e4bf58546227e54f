"""What all records share: immutability, the version, and their JSON form."""

from __future__ import annotations

from typing import Final, TypeVar

import msgspec

FORMAT_VERSION: Final = 1


class Record(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Base of all records: immutable, keyword-only, defaults left out of the JSON."""


R = TypeVar("R", bound=Record)


def encode(record: Record) -> bytes:
    """Return the record's JSON form (UTF-8)."""
    return msgspec.json.encode(record)


def decode(data: bytes | str, kind: type[R]) -> R:
    """Return the record that `data` holds.

    Raises
    ------
    msgspec.DecodeError
        `data` is not JSON.
    msgspec.ValidationError
        It is JSON but not a `kind`; the message names the field.
    """
    return msgspec.json.decode(data, type=kind)
