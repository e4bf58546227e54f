"""Fit the vocabulary to Weibo: drop the word pieces it never uses, add the tokens it needs.

A Chinese BERT's 21,128 pieces hold some 7,000 Chinese pieces in a ``##`` form that the tokeniser can never
produce (it splits every Chinese character into a word of its own), and thousands of rare foreign ones.
"""

from __future__ import annotations

import json
import shutil
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from models.additions import stand_ins

if TYPE_CHECKING:
    import torch

TOKENIZER_FILES = ("tokenizer.json", "tokenizer_config.json", "vocab.txt")
SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
_BATCH = 2000
# An entry of tokenizer.json's added_tokens, as Hugging Face tokenizers writes it.
_ADDED = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": False}


def count_pieces(tokenizer_file: Path, texts: Iterable[str]) -> Counter[str]:
    """Count the word pieces of ``texts`` under the tokeniser saved at ``tokenizer_file``."""
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(tokenizer_file))
    tokenizer.no_truncation()
    counts: Counter[str] = Counter()
    batch: list[str] = []

    def flush() -> None:
        for encoding in tokenizer.encode_batch(batch, add_special_tokens=False):
            counts.update(encoding.tokens)
        batch.clear()

    for text in texts:
        batch.append(text)
        if len(batch) == _BATCH:
            flush()
    flush()
    return counts


def _common_chinese(piece: str) -> bool:
    """Say whether a piece is one character of GB 2312, the 6,763 characters of everyday writing."""
    if len(piece) != 1 or not "\u4e00" <= piece <= "\u9fff":
        return False
    try:
        piece.encode("gb2312")
    except UnicodeEncodeError:
        return False
    return True


def choose_pieces(vocabulary: dict[str, int], counts: Counter[str], at_least: int) -> list[str]:
    """Choose the pieces to keep, in their old order.

    Kept are the special tokens, single ASCII characters in both forms (so any Latin word can still be
    spelt), the characters of GB 2312 (a brand's name may use one that the corpus lacks) and whatever was
    seen ``at_least`` times.
    """

    def keep(piece: str) -> bool:
        bare = piece.removeprefix("##")
        return (
            piece in SPECIAL
            or (len(bare) == 1 and bare.isascii())
            or _common_chinese(piece)
            or counts[piece] >= at_least
        )

    return sorted(filter(keep, vocabulary), key=vocabulary.__getitem__)


def _given_before(document: dict[str, Any]) -> dict[str, int]:
    """Tokens that the tokeniser was given beyond its vocabulary, and their ids."""
    known = document["model"]["vocab"]
    return {entry["content"]: entry["id"] for entry in document["added_tokens"] if entry["id"] >= len(known)}


def rebuild_tokenizer(
    base: Path, out: Path, pieces: Sequence[str], additions: Sequence[str]
) -> list[list[int]]:
    """Write ``base``'s tokeniser into ``out``, cut down to ``pieces`` and with ``additions`` as added tokens.

    Tokens that ``base`` was given beyond its vocabulary already stay.

    Returns
    -------
    list of list of int
        For every new id the old ids whose vectors' mean it starts from.

    Raises
    ------
    ValueError
        If the tokeniser of ``base`` is not a WordPiece one.
    """
    document: dict[str, Any] = json.loads((base / "tokenizer.json").read_text(encoding="utf-8"))
    if document["model"]["type"] != "WordPiece":
        raise ValueError(f"{base}: expected a WordPiece tokeniser, found {document['model']['type']}")
    old: dict[str, int] = document["model"]["vocab"]
    before = _given_before(document)
    new = {piece: index for index, piece in enumerate(pieces)}
    fresh = [token for token in [*before, *(t for t in additions if t not in before)] if token not in new]
    sources = [[old[piece]] for piece in pieces]
    sources += [[before[token]] if token in before else stand_ins(token, old) for token in fresh]
    ids = new | {token: len(new) + number for number, token in enumerate(fresh)}
    kept = [entry for entry in document["added_tokens"] if entry["id"] < len(old)]
    named = {entry["content"] for entry in kept}
    for token in [*additions, *before]:
        if token not in named:
            named.add(token)
            kept.append(_ADDED | {"content": token})
    document["model"]["vocab"] = new
    document["added_tokens"] = sorted(
        (entry | {"id": ids[entry["content"]]} for entry in kept), key=lambda entry: entry["id"]
    )
    processor = document["post_processor"]
    if processor["type"] == "TemplateProcessing":
        for piece, special in processor["special_tokens"].items():
            special["ids"] = [new[piece]]
    else:
        for role in ("cls", "sep"):
            processor[role][1] = new[processor[role][0]]
    document["truncation"] = document["padding"] = None
    out.mkdir(parents=True, exist_ok=True)
    (out / "tokenizer.json").write_text(json.dumps(document, ensure_ascii=False), encoding="utf-8")
    (out / "vocab.txt").write_text("\n".join(pieces) + "\n", encoding="utf-8")
    settings = json.loads((base / "tokenizer_config.json").read_text(encoding="utf-8"))
    settings["model_max_length"] = 512
    (out / "tokenizer_config.json").write_text(
        json.dumps(settings, ensure_ascii=False, indent=2) + "\n", encoding="utf-8"
    )
    return sources


def opened_tokenizer(base: Path, work: Path) -> Path:
    """Give a directory with ``base``'s tokeniser as ``tokenizer.json``; older bases have only ``vocab.txt``."""
    if (base / "tokenizer.json").is_file() and (base / "tokenizer_config.json").is_file():
        return base
    from transformers import AutoTokenizer

    AutoTokenizer.from_pretrained(base).save_pretrained(work)
    return work


def keep_tokenizer(base: Path, out: Path, size: int) -> list[list[int]]:
    """Copy ``base``'s tokeniser, of whatever kind, as it is; every one of ``size`` vectors stays where it was."""
    from transformers import AutoTokenizer

    AutoTokenizer.from_pretrained(base).save_pretrained(out)
    # What saving would only write in another form, or leave out, stays as it was.
    for name in TOKENIZER_FILES:
        if (base / name).is_file():
            shutil.copyfile(base / name, out / name)
    return [[row] for row in range(size)]


def rebuild_embeddings(weight: torch.Tensor, sources: Sequence[Sequence[int]]) -> torch.Tensor:
    """Make the word-embedding matrix of a rebuilt tokeniser: row ``i`` is the mean of ``sources[i]``'s rows."""
    import torch

    return torch.stack([weight[list(ids)].mean(0) for ids in sources])
