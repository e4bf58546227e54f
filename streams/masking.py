"""Take private numbers out of text, and names out of authors (PIPL: privacy by default)."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Callable

import msgspec

from config.records import Author, Mention

_EMAIL = re.compile(r"[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,4}")
_ID_CARD = re.compile(
    r"(?<![0-9A-Za-z])[1-9]\d{5}(?:18|19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3}[0-9Xx](?![0-9A-Za-z])"
)
_CARD = re.compile(r"(?<![0-9])[3-6]\d{3}(?:[ -]?\d{4}){2,3}(?:[ -]?\d{1,4})?(?![0-9])")
_PHONE = re.compile(r"(?<![0-9])(?:\+?86[ -]?)?1[3-9]\d[ -]?\d{4}[ -]?\d{4}(?![0-9])")
_PLATE = re.compile(
    "[京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼使领]"
    r"[A-HJ-NP-Z][·•. ]?(?=[A-HJ-NP-Z0-9]*\d)[A-HJ-NP-Z0-9]{5,6}(?![A-Za-z0-9])"
)
_AUTHOR = re.compile(
    r'("(?:user_?id|nick_?name|user_?nick_?name|user_?name|screen_name|sec_uid|short_user_id|user_unique_id|uid|user_link|'
    r'user_?url_token|creator_hash|avatar|profile_url|author_?id|author_?name|author_?url|author|user)"\s*:\s*)'
    r'(?:"(?:[^"\\]|\\.)*(?:"|$)|\{[^{}]*(?:\}|$)|-?\d+)',
    re.IGNORECASE,
)
"""Who wrote it, in the keys of crawlers and of our own form; also where the text ends within."""
_PSEUDONYM = re.compile(r"p-[0-9a-f]{16}")
_WIDE = str.maketrans("０１２３４５６７８９＠", "0123456789@")


def _luhn(digits: str) -> bool:
    """Check digit of bank cards (ISO/IEC 7812-1, annex B)."""
    total = 0
    for place, character in enumerate(reversed(digits)):
        value = int(character) * (2 if place % 2 else 1)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


def _card(match: re.Match[str]) -> str:
    found = match[0]
    # A number that follows the card after a space looks like its last group.
    for end in (len(found), max(found.rfind(" "), found.rfind("-"))):
        digits = re.sub(r"\D", "", found[: max(end, 0)])
        if 15 <= len(digits) <= 19 and _luhn(digits):
            return "〔银行卡〕" + found[end:]
    return found


_MASKS: tuple[tuple[re.Pattern[str], str | Callable[[re.Match[str]], str]], ...] = (
    (_EMAIL, "〔邮箱〕"),
    (_ID_CARD, "〔身份证〕"),
    (_CARD, _card),
    (_PHONE, "〔手机号〕"),
    (_PLATE, "〔车牌〕"),
)


def mask(text: str) -> str:
    """Return `text` with e-mails, id cards, bank cards, mobile phones and plates replaced.

    Full-width digits count as digits; bank cards must pass their check digit, so that
    order numbers stay readable. Masking twice changes nothing more.

    Examples
    --------
    >>> mask("打我电话138 0013 8000，车牌沪A·12345")
    '打我电话〔手机号〕，车牌〔车牌〕'
    """
    narrow = text.translate(_WIDE)
    # What one mask leaves can be another private number; each round has fewer digits.
    while (masked := _masked_once(narrow)) != narrow:
        text = narrow = masked
    return text


def mask_payload(text: str) -> str:
    """Return the beginning of a message as a dead letter may quote it: masked, and without who wrote it.

    By the text and not by its form, since what could not be read has often none.

    Examples
    --------
    >>> mask_payload('{"user_id": 5512345, "nickname": "小明", "content": "打138 0013 8000"')
    '{"user_id": "〔作者〕", "nickname": "〔作者〕", "content": "打〔手机号〕"'
    >>> mask_payload('{"author": {"id": "77", "name": "张三"}, "text": 5}')
    '{"author": "〔作者〕", "text": 5}'
    """
    return mask(_AUTHOR.sub(r'\1"〔作者〕"', text))


def _masked_once(text: str) -> str:
    for pattern, replacement in _MASKS:
        text = pattern.sub(replacement, text)
    return text


class Pseudonymiser:
    """Replaces author ids by a keyed hash, and names unless they are an organisation's.

    The same key gives the same pseudonym, so that authors can still be counted; without
    the key nobody can go back (HMAC-SHA-256, RFC 2104; the first 64 bits are kept).
    """

    def __init__(self, key: bytes, keep_organisation_names: bool = True) -> None:
        if not key:
            raise ValueError("an empty pseudonym key would let anybody undo the pseudonyms")
        self._key = key
        self._keep_organisation_names = keep_organisation_names

    def id(self, platform: str, author_id: str) -> str:
        """Return the pseudonym of an author: ``p-`` and 16 hex digits; a pseudonym stays as it is.

        So a feed can already send pseudonyms, and the worker's own pass changes nothing.
        """
        if _PSEUDONYM.fullmatch(author_id):
            return author_id
        data = f"{platform}:{author_id}".encode()
        return "p-" + hmac.new(self._key, data, hashlib.sha256).hexdigest()[:16]

    def mention(self, mention: Mention) -> Mention:
        """Return the mention as it may be sent on: text and title masked, its author under a pseudonym."""
        return msgspec.structs.replace(
            mention,
            text=mask(mention.text),
            title=None if mention.title is None else mask(mention.title),
            author=None if mention.author is None else self.author(mention.author, mention.platform),
        )

    def author(self, author: Author, platform: str) -> Author:
        """Return the profile under its pseudonym; a person's name is dropped."""
        organisation = author.verified_type is not None and 1 <= author.verified_type <= 7
        name = author.name if organisation and self._keep_organisation_names else None
        platform = author.platform or platform
        return Author(
            id=self.id(platform, author.id),
            platform=platform,
            name=name,
            followers=author.followers,
            friends=author.friends,
            statuses=author.statuses,
            verified=author.verified,
            verified_type=author.verified_type,
            badge=author.badge,
            updated_at=author.updated_at,
        )
