"""What a parser returns for a line that is no mention: a named reason, never an exception."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum


class Code(StrEnum):
    """Why a line was rejected; the text form is what dead letters carry."""

    NOT_UTF8 = "not_utf8"
    NUL_BYTES = "nul_bytes"
    TOO_LONG = "too_long"
    NOT_JSON = "not_json"
    NOT_AN_OBJECT = "not_an_object"
    UNKNOWN_FORM = "unknown_form"
    MISSING_FIELD = "missing_field"
    WRONG_TYPE = "wrong_type"
    BAD_TIME = "bad_time"
    UNSUPPORTED = "unsupported"
    UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True)
class Rejected:
    """One line that could not be read.

    Attributes
    ----------
    code : the kind of fault, a `Code`; of a `Refused`, that of `streams.decoding`.
    reason : what was found and what was expected, for a person.
    file, line : where it stood (line numbers start at 1; 0 when not known).
    offset : byte offset of the line's beginning in its (uncompressed) file.
    payload : the beginning of the line; may hold private data, mask before storing.
    size : length of the whole line in bytes.
    """

    code: str
    reason: str
    file: str = ""
    line: int = 0
    offset: int = 0
    payload: bytes = b""
    size: int = 0

    def at(self, file: str, line: int, offset: int, payload: bytes, size: int) -> Rejected:
        """Return the same fault with the place where it was found."""
        return replace(self, file=file, line=line, offset=offset, payload=payload[:2000], size=size)

    @property
    def where(self) -> str:
        """``file:line``, as editors and compilers write it."""
        return f"{self.file}:{self.line}" if self.line else self.file


@dataclass(frozen=True, slots=True)
class Refused(Rejected):
    """One line that holds a mention, but one that no worker takes (`streams.decoding.check_mention`)."""


def missing(field: str, form: str) -> Rejected:
    """Return the rejection of a row of `form` that lacks `field`."""
    return Rejected(Code.MISSING_FIELD, f"{form}: field {field!r} is missing or empty")
