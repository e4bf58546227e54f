"""The language in which this program talks to its user: ``language`` of the settings, Chinese unless they say ``en``.

The environment's ``FENGSHENG_LANGUAGE`` is above the file, as for every setting. Until a
configuration has been read it is the only one that is known.
"""

from __future__ import annotations

import os
from typing import cast

from config.language import Both, Language, message_of, said

_LANGUAGES = ("zh", "en")


class _Chosen:
    language: Language = "zh"


def speak(language: Language) -> None:
    """Talk in `language` from now on, unless the environment names one."""
    _Chosen.language = language


def language() -> Language:
    """Return the language to talk in."""
    named = os.environ.get("FENGSHENG_LANGUAGE", "")
    return cast("Language", named) if named in _LANGUAGES else _Chosen.language


def told(text: str | BaseException) -> str:
    """Return a text, or what an error says, in the user's language where it is known in both."""
    return said(message_of(text) if isinstance(text, BaseException) else text, language())


def say(zh: str, en: str) -> str:
    """Return the one of the two texts that is in the user's language."""
    return told(Both(zh, en))
