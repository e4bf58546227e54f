"""Read YAML into typed models; an error names file, line, key, found and expected."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeVar

from pydantic import BaseModel, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.constructor import ConstructorError, RoundTripConstructor
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from config.findings import expected_of, found_of, shown
from config.language import A_MAPPING, Both, Language, said
from config.os_errors import why_refused

M = TypeVar("M", bound=BaseModel)

_NO_FILE: Final = Both("没有这个文件", "no such file")
_A_FILE: Final = Both("这里有一个 YAML 文件", "a YAML file here")
_READABLE: Final = Both("可读的文件", "a readable file")
_UTF8: Final = Both("UTF-8 文本（请把文件另存为 UTF-8）", "UTF-8 text (save the file as UTF-8)")
_YAML: Final = Both("正确的 YAML", "valid YAML")
_BROKEN: Final[Mapping[str, str]] = {
    "duplicate key": "键重复",
    "'\\t'": "制表符（缩进请用空格）",
    "impossible value": "没有这样的日期或数",
    "undefined alias": "* 开头的值（要用 * 请加引号）",
    "another document": "第二份文档（--- 只能有一份）",
    "mapping values are not allowed": "多出的冒号（值中有冒号请加引号，并检查缩进）",
    "did not find expected": "缩进或括号不对",
    "expected ',' or": "括号没有闭合，或少了逗号",
    "<block end>": "缩进不对",
    "could not find expected ':'": "缺少冒号",
    "unacceptable character": "不可见的控制字符",
    "special characters": "不可见的控制字符",
    "that cannot start any token": "不能这样开头的值（请加引号）",
}


@dataclass(frozen=True)
class Problem:
    """One thing wrong in one file."""

    file: str
    line: int | None
    key: str
    found: str
    expected: str

    def told(self, language: Language) -> str:
        """Return it as a person is told: where, what is there and what should be."""
        file, found, expected = (said(text, language) for text in (self.file, self.found, self.expected))
        where = file if self.line is None else f"{file}:{self.line}"
        key = f" {self.key}:" if self.key else ""
        if language == "zh":
            return f"{where}:{key}{f' 实际：{found}；' if found else ' '}应为：{expected}"
        return f"{where}:{key}{f' found {found},' if found else ''} expected {expected}"

    def __str__(self) -> str:
        return self.told("en")


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


class ManyMisplacedError(ValueError):
    """Several findings of one validator."""

    def __init__(self, findings: Sequence[MisplacedError]) -> None:
        super().__init__("; ".join(map(str, findings)))
        self.findings = list(findings)


def raise_all(findings: Sequence[MisplacedError]) -> None:
    """Raise what a validator found, all of it together; do nothing where that is nothing."""
    if findings:
        raise findings[0] if len(findings) == 1 else ManyMisplacedError(findings)


class ConfigError(Exception):
    """Configuration that can't be used; `problems` lists everything wrong at once."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = list(problems)
        super().__init__("\n".join(str(p) for p in self.problems))


class _Placing(RoundTripConstructor):
    """Gives its place to a value that only looks like one, as the date 2026-13-10 does."""

    def construct_non_recursive_object(self, node: Any, tag: str | None = None) -> Any:
        try:
            return super().construct_non_recursive_object(node, tag)
        except (ValueError, OverflowError) as error:
            problem = f"impossible value {node.value!r}: {error}"
            raise ConstructorError(None, None, problem, node.start_mark) from None


def read_yaml(path: Path) -> Any:
    """Return the document of `path` with its line numbers kept.

    Raises
    ------
    ConfigError
        The file is missing, is not UTF-8, or is not YAML.
    """
    file = str(path)
    try:
        raw = path.read_bytes()
        text = raw.decode("utf-8-sig")
    except FileNotFoundError:
        raise ConfigError([Problem(file, None, "", _NO_FILE, _A_FILE)]) from None
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        byte = f"0x{raw[error.start]:02x}"
        found = Both(f"字节 {byte}", f"byte {byte}")
        raise ConfigError([Problem(file, line, "", found, _UTF8)]) from None
    except OSError as error:
        raise ConfigError([Problem(file, None, "", why_refused(error), _READABLE)]) from None
    try:
        yaml = YAML(typ="rt")
        yaml.Constructor = _Placing
        return yaml.load(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line_no = mark.line + 1 if mark else None
        broken = (error.problem or "broken YAML").strip().removeprefix("found ")
        raise ConfigError([Problem(file, line_no, "", _in_chinese(broken), _YAML)]) from None
    except YAMLError as error:
        broken = str(error).split("\n")[0]
        raise ConfigError([Problem(file, None, "", _in_chinese(broken), _YAML)]) from None


def _in_chinese(broken: str) -> Both:
    """The parser's words, with Chinese ones for what people do wrong most."""
    for sign, zh in _BROKEN.items():
        if sign in broken:
            return Both(f"{zh}（{broken}）", broken)
    return Both(f"YAML 读不通（{broken}）", broken)


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


def kind_of(document: Any) -> Both:
    """Return what a document is, in words, where a mapping was expected."""
    if isinstance(document, list):
        return Both("列表", "a list")
    return Both(f"值 {shown(document)}", f"the value {shown(document)}")


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
        loc = tuple(part for part in item["loc"] if not str(part).startswith(("function-", "[key]")))
        place = _without_tags(document, [*under, *loc])
        cause = item.get("ctx", {}).get("error")
        if isinstance(cause, MisplacedError | ManyMisplacedError):
            problems += _placed(cause, document, file, place)
            continue
        entry = _node_at(document, place[:-1])
        expected = expected_of({**item, "loc": loc}, model, entry)
        problems.append(problem_at(document, file, place, found_of(item), expected))
    return problems


def _placed(
    cause: MisplacedError | ManyMisplacedError, document: Any, file: str, under: Sequence[int | str] = ()
) -> list[Problem]:
    findings = cause.findings if isinstance(cause, ManyMisplacedError) else [cause]
    return [problem_at(document, file, (*under, *one.at), one.found, one.expected) for one in findings]


def _node_at(document: Any, place: Sequence[int | str]) -> Any:
    for part in place:
        try:
            document = document[part]
        except (KeyError, IndexError, TypeError):
            return None
    return document


def _without_tags(document: Any, loc: Sequence[int | str]) -> list[int | str]:
    """`loc` without the ``type`` that pydantic puts between a member of a union and its keys."""
    place: list[int | str] = []
    left_out = False
    for part in loc:
        node = _node_at(document, place)
        if not left_out and isinstance(node, dict) and node.get("type") == part:
            left_out = True  # once: a receiver of the type webhook may be given the key webhook
            continue
        place.append(part)
        left_out = False
    return place


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
    file = str(path)
    if not isinstance(document, dict):
        raise ConfigError([Problem(file, 1, "", kind_of(document), A_MAPPING)])
    try:
        return model.model_validate(document)
    except ValidationError as error:
        problems = problems_of(error, document, file, model)
    # What only the entries together show is looked for where one of them is wrong by itself, too.
    disagreements: Callable[[Any], list[MisplacedError]] | None = getattr(model, "disagreements", None)
    if disagreements is not None:
        problems += _placed(ManyMisplacedError(disagreements(document)), document, file)
    raise ConfigError(sorted(dict.fromkeys(problems), key=lambda problem: problem.line or 0))
