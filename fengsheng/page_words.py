"""The words by which pages call a level or an intent, as options take them."""

from __future__ import annotations

import unicodedata

import typer

from alerting.message.labels import INTENTS
from config.records import Level
from fengsheng.language import say
from models.labels import LABEL_ZH

_COLOURS = {"红": Level.I, "橙": Level.II, "黄": Level.III, "蓝": Level.IV}
_ROMAN = {Level.I: "Ⅰ", Level.II: "Ⅱ", Level.III: "Ⅲ", Level.IV: "Ⅳ"}
_DIGITS = {"1": Level.I, "2": Level.II, "3": Level.III, "4": Level.IV}


def level_named(named: str) -> Level:
    """Return the level that is called so: ``III``, ``Ⅲ级``, ``Ⅲ级（黄）``, ``3级`` or ``黄``.

    Raises
    ------
    typer.BadParameter
        No level is.
    """
    # NFKC makes letters of the Roman numerals, and half-width brackets of （ and ）.
    word, _, colour = unicodedata.normalize("NFKC", named).strip().rstrip(")").partition("(")
    word = word.strip().removesuffix("级").strip().upper()
    found = _DIGITS.get(word) or _COLOURS.get(word) or next((one for one in Level if one == word), None)
    if found is None or (colour and _COLOURS.get(colour.strip()) is not found):
        known = "、".join(f"{level} {numeral}级" for level, numeral in _ROMAN.items())
        raise typer.BadParameter(
            say(f"没有这个级别：{named}；可用 {known}", f"no such level: {named}; expected one of {known}"),
            param_hint="--level",
        )
    return found


def intent_named(named: str) -> str:
    """Return the label of the intent that is called so: by it, in pages, or in the classifier's own words.

    Raises
    ------
    typer.BadParameter
        No intent is.
    """
    word = named.strip()
    for label, long in LABEL_ZH["intent"].items():
        if word in (label, long, INTENTS[label]):
            return label
    known = "、".join(f"{label} {zh}" for label, zh in INTENTS.items())
    raise typer.BadParameter(
        say(f"没有这种意图：{named}；可用 {known}", f"no such intent: {named}; expected one of {known}"),
        param_hint="--intent",
    )
