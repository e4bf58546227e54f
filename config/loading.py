"""Read YAML into typed models; an error names file, line, key, found and expected."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeVar, get_args

from pydantic import BaseModel, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError

M = TypeVar("M", bound=BaseModel)

ID: Final = r"^[a-z0-9][a-z0-9_-]{0,63}$"
IN_WORDS: Final = (
    "小写字母、数字、- 和 _ small letters, digits, - and _ (at most 64, the first a letter or digit)"
)
_MODEL = re.compile(r"^dictionary or instance of \w+$")


@dataclass(frozen=True)
class Problem:
    """One thing wrong in one file."""

    file: str
    line: int | None
    key: str
    found: str
    expected: str

    def __str__(self) -> str:
        where = self.file if self.line is None else f"{self.file}:{self.line}"
        key = f" {self.key}:" if self.key else ""
        found = f" found {self.found}," if self.found else ""
        return f"{where}:{key}{found} expected {self.expected}"


class MisplacedError(ValueError):
    """A finding of a validator about one key inside what it validates.

    Parameters
    ----------
    expected : what should be there.
    found : what is there.
    at : keys and indices that lead to it from the validated model.
    """

    def __init__(self, expected: str, found: str, at: Sequence[int | str]) -> None:
        super().__init__(expected)
        self.expected = expected
        self.found = found
        self.at = tuple(at)


class ConfigError(Exception):
    """Configuration that can't be used; `problems` lists everything wrong at once."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = list(problems)
        super().__init__("\n".join(str(p) for p in self.problems))


def read_yaml(path: Path) -> Any:
    """Return the document of `path` with its line numbers kept.

    Raises
    ------
    ConfigError
        The file is missing, is not UTF-8, or is not YAML.
    """
    try:
        raw = path.read_bytes()
        text = raw.decode("utf-8-sig")
    except FileNotFoundError:
        raise ConfigError([Problem(str(path), None, "", "no such file", "a YAML file here")]) from None
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        byte = f"byte 0x{raw[error.start]:02x}"
        raise ConfigError(
            [Problem(str(path), line, "", byte, "UTF-8 text (save the file as UTF-8)")]
        ) from None
    except OSError as error:
        raise ConfigError([Problem(str(path), None, "", str(error.strerror), "a readable file")]) from None
    try:
        return YAML(typ="rt").load(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line_no = mark.line + 1 if mark else None
        found = (error.problem or "broken YAML").strip().removeprefix("found ")
        raise ConfigError([Problem(str(path), line_no, "", found, "valid YAML")]) from None
    except YAMLError as error:
        raise ConfigError([Problem(str(path), None, "", str(error).split("\n")[0], "valid YAML")]) from None


def _line_of(document: Any, loc: Sequence[int | str]) -> int | None:
    """Line of the innermost part of `loc` that the document holds."""
    line: int | None = None
    node = document
    for part in loc:
        marks = getattr(node, "lc", None)
        try:
            if marks is not None and isinstance(part, int):
                line = marks.item(part)[0] + 1
            elif marks is not None and part in node:
                line = marks.key(part)[0] + 1
            node = node[part]
        except (KeyError, IndexError, TypeError, AttributeError):
            break
    return line


def kind_of(document: Any) -> str:
    """Return what a document is, in words, where a mapping was expected."""
    return "a list" if isinstance(document, list) else f"the value {_shown(document)}"


def _shown(value: Any) -> str:
    text = repr(value) if isinstance(value, str) else str(value)
    return text if len(text) <= 60 else text[:57] + "..."


def _keys_at(model: Any, loc: Sequence[int | str]) -> list[str]:
    """The keys that the model allows at `loc`; empty where that can't be told."""
    for part in loc:
        if isinstance(model, type) and issubclass(model, BaseModel):
            field = model.model_fields.get(str(part))
            model = None if field is None else field.annotation
        else:
            # list[X], dict[K, X]: the last argument is what the elements are.
            model = next(iter(get_args(model)[::-1]), None)
    if not (isinstance(model, type) and issubclass(model, BaseModel)):
        return []
    return [field.alias or name for name, field in model.model_fields.items()]


def problem_at(document: Any, file: str, place: Sequence[int | str], found: str, expected: str) -> Problem:
    """Return the problem with the line of `place`, the keys and indices that lead to it."""
    key = ".".join(str(part) for part in place)
    return Problem(file, _line_of(document, place), key, found, expected)


def problems_of(
    error: ValidationError,
    document: Any,
    file: str,
    model: type[BaseModel],
    under: Sequence[int | str] = (),
) -> list[Problem]:
    """Translate pydantic's findings into problems with lines; `under` leads to what was validated."""
    problems = []
    for item in error.errors(include_url=False):
        loc = [part for part in item["loc"] if not (isinstance(part, str) and part.startswith("function-"))]
        kind = item["type"]
        cause = item.get("ctx", {}).get("error")
        if isinstance(cause, MisplacedError):
            place = [*under, *loc, *cause.at]
            problems.append(problem_at(document, file, place, cause.found, cause.expected))
            continue
        if kind == "extra_forbidden":
            found = f"the unknown key {str(loc[-1])!r}"
            expected = f"one of {', '.join(keys)}" if (keys := _keys_at(model, loc[:-1])) else "no such key"
        elif kind == "missing":
            found, expected = "nothing", f"the key {str(loc[-1])!r}"
        else:
            message = item["msg"].removeprefix("Value error, ")
            expected = message.removeprefix("Input should be ").removeprefix("a valid ")
            expected = expected.replace(f"String should match pattern '{ID}'", IN_WORDS)
            expected = _MODEL.sub("a mapping of keys to values", expected)
            found = _shown(item["input"])
        problems.append(problem_at(document, file, [*under, *loc], found, expected))
    return problems


def load(path: Path, model: type[M]) -> M:
    """Return the `model` that the YAML file `path` describes.

    Raises
    ------
    ConfigError
        With every problem of the file, each with its line.
    """
    document = read_yaml(path)
    if document is None:
        document = {}
    if not isinstance(document, dict):
        raise ConfigError([Problem(str(path), 1, "", kind_of(document), "a mapping of keys to values")])
    try:
        return model.model_validate(document)
    except ValidationError as error:
        raise ConfigError(problems_of(error, document, str(path), model)) from None
