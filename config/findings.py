"""What pydantic found wrong with a value, in the words of people who write YAML."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any, Final, get_args, get_origin

from pydantic import BaseModel

from config.addresses import masked
from config.language import A_MAPPING, NOTHING, Both, message_of, one_of

ID: Final = r"^[a-z0-9][a-z0-9_-]{0,63}$"
_HOURS: Final = re.compile(r"^\^\(\[01\]")
_IN_WORDS: Final = Both(
    "小写字母、数字、- 和 _（最多 64 个，首位是字母或数字）",
    "small letters, digits, - and _ (at most 64, the first a letter or digit)",
)
_PLAIN: Final[Mapping[str, Both]] = {
    "string_type": Both("文字（数字、日期等请加引号）", "a string (quote numbers and dates)"),
    "list_type": Both("列表，如 [a, b]", "a list, as [a, b]"),
    "tuple_type": Both("列表，如 [a, b]", "a list, as [a, b]"),
    "dict_type": A_MAPPING,
    "model_type": A_MAPPING,
    "model_attributes_type": A_MAPPING,
    "int_type": Both("整数", "a whole number"),
    "int_parsing": Both("整数", "a whole number"),
    "int_from_float": Both("整数", "a whole number"),
    "float_type": Both("数字", "a number"),
    "float_parsing": Both("数字", "a number"),
    "finite_number": Both("有限的数", "a finite number"),
    "bool_type": Both("true 或 false", "true or false"),
    "bool_parsing": Both("true 或 false", "true or false"),
    "path_type": Both("文件或目录的路径", "a path"),
}
_BOUNDS: Final[Mapping[str, tuple[str, str, str]]] = {
    "greater_than": ("gt", "大于", "more than"),
    "greater_than_equal": ("ge", "不小于", "no less than"),
    "less_than": ("lt", "小于", "less than"),
    "less_than_equal": ("le", "不大于", "no more than"),
}


def found_of(item: Mapping[str, Any]) -> str:
    """Return what was found, of one of pydantic's errors."""
    kind, loc = item["type"], item["loc"]
    if kind == "extra_forbidden":
        return Both(f"未知的键 {str(loc[-1])!r}", f"the unknown key {str(loc[-1])!r}")
    if kind in ("missing", "union_tag_not_found"):
        return NOTHING
    if kind == "union_tag_invalid":
        return repr(item["ctx"]["tag"])
    return shown(item["input"])


def expected_of(item: Mapping[str, Any], model: type[BaseModel], entry: object = None) -> str:
    """Return what should be there in its place, of one of pydantic's errors on `model`.

    Parameters
    ----------
    entry : what the file has where the faulty key stands, its neighbours with it.
    """
    kind, loc, context = item["type"], item["loc"], item.get("ctx", {})
    if kind == "extra_forbidden":
        return _in_place_of(str(loc[-1]), model_at(model, loc[:-1]), entry)
    if kind == "missing":
        return Both(f"有键 {str(loc[-1])!r}", f"the key {str(loc[-1])!r}")
    if kind == "union_tag_not_found":
        key = str(context["discriminator"])
        return Both(f"有键 {key}", f"the key {key}")
    if kind == "union_tag_invalid":
        return one_of(tag.strip("'") for tag in str(context["expected_tags"]).split(", "))
    if kind in _BOUNDS:
        key, zh, en = _BOUNDS[kind]
        return Both(f"{zh} {context[key]:g} 的数", f"a number {en} {context[key]:g}")
    if kind in ("literal_error", "enum"):
        return one_of(re.findall(r"'([^']*)'", str(context["expected"])))
    if kind == "string_pattern_mismatch":
        return _of_the_form(str(context["pattern"]))
    if kind == "too_short":
        return Both(f"至少 {context['min_length']} 项", f"at least {context['min_length']} in the list")
    if kind == "string_too_short":
        return Both("不为空的文字", "text that is not empty")
    if kind.startswith(("datetime", "date_")):
        return Both("时间，如 2026-12-01 22:00", "a date and time, as 2026-12-01 22:00")
    if isinstance(cause := context.get("error"), ValueError):
        return message_of(cause)
    return _PLAIN.get(kind) or str(item["msg"]).removeprefix("Input should be ")


def shown(value: Any) -> str:
    """Return a value as a message shows it."""
    if value is None:
        return NOTHING
    text = masked(repr(value) if isinstance(value, str) else str(value))
    return text if len(text) <= 60 else text[:57] + "..."


def model_at(model: Any, loc: Sequence[int | str]) -> type[BaseModel] | None:
    """Return the model that checks what `loc` leads to; None where none does."""
    for part in loc:
        if get_origin(model) is Annotated:
            model = get_args(model)[0]
        if isinstance(model, type) and issubclass(model, BaseModel):
            named = {field.alias or name: field for name, field in model.model_fields.items()}
            model = None if part not in named else named[str(part)].annotation
        elif (member := _tagged(model, part)) is not None:
            model = member
        else:
            # list[X], dict[K, X]: the last argument is what the elements are.
            model = next(iter(get_args(model)[::-1]), None)
    return model if isinstance(model, type) and issubclass(model, BaseModel) else None


def _tagged(union: Any, tag: int | str) -> type[BaseModel] | None:
    """The member of a union whose ``type`` is `tag`."""
    for member in get_args(union):
        fields = getattr(member, "model_fields", {})
        if "type" in fields and fields["type"].default == tag:
            return member  # type: ignore[no-any-return]
    return None


def _in_place_of(key: str, model: type[BaseModel] | None, entry: object) -> str:
    """What to write where a key is unknown: the model's own advice, or the keys that there are."""
    if model is None:
        return Both("没有这个键", "no such key")
    advise: Callable[[str, object], Both | None] | None = getattr(model, "instead_of", None)
    advice = None if advise is None else advise(key, entry)
    return advice or one_of(field.alias or name for name, field in model.model_fields.items())


def _of_the_form(pattern: str) -> str:
    if pattern == ID:
        return _IN_WORDS
    if _HOURS.match(pattern):
        return Both(
            "时段，如 '22:00-07:30'（加引号，跨零点可以）",
            "hours as '22:00-07:30' (quoted; may go over midnight)",
        )
    return Both(f"符合 {pattern} 的文字", f"text of the form {pattern}")
