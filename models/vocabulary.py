"""Drop the word pieces that Weibo never uses, so that the committed weights stay small.

A Chinese BERT's 21,128 pieces hold some 7,000 Chinese pieces in a ``##`` form that the tokeniser can never
produce (it splits every Chinese character into a word of its own), and thousands of rare foreign ones.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch

SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
_BATCH = 2000


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


def prune_tokenizer(base: Path, out: Path, pieces: Sequence[str]) -> list[int]:
    """Write ``base``'s tokeniser cut down to ``pieces`` into ``out``; return the old ids, by new id.

    Raises
    ------
    ValueError
        If the tokeniser of ``base`` is not a WordPiece one.
    """
    document: dict[str, Any] = json.loads((base / "tokenizer.json").read_text(encoding="utf-8"))
    if document["model"]["type"] != "WordPiece":
        raise ValueError(f"{base}: expected a WordPiece tokeniser, found {document['model']['type']}")
    old: dict[str, int] = document["model"]["vocab"]
    new = {piece: index for index, piece in enumerate(pieces)}
    document["model"]["vocab"] = new
    for token in document["added_tokens"]:
        token["id"] = new[token["content"]]
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
    return [old[piece] for piece in pieces]


def prune_embeddings(weight: torch.Tensor, old_ids: Sequence[int]) -> torch.Tensor:
    """Select the rows of a word-embedding matrix that stay, in their new order."""
    import torch

    return weight[torch.tensor(old_ids, dtype=torch.long, device=weight.device)].clone()
