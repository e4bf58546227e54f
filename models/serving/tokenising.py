"""Texts to token ids by ``tokenizers`` alone, so that serving needs no transformers."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from models.heads import ModelLoadError
from models.serving.directory import ModelDirectory

if TYPE_CHECKING:
    from tokenizers import Tokenizer as _Inner


class Tokeniser:
    """The tokeniser of a model directory: ``tokenizer.json``, else ``vocab.txt``, else ``vocab.json`` and merges.

    Parameters
    ----------
    directory
        Where the files lie.
    max_length
        Tokens that a row is cut to, special ones included.

    Raises
    ------
    ModelLoadError
        If none of the files is there or one is damaged.
    """

    def __init__(self, directory: ModelDirectory, max_length: int) -> None:
        settings = _settings(directory)
        limit = settings.get("model_max_length")
        self.max_length = min(max_length, directory.max_length, int(limit) if limit else max_length)
        try:
            self._inner = _open(directory, settings)
        except Exception as error:  # tokenizers raises bare Exception for a damaged file
            raise ModelLoadError(
                f"model {directory.name}: its tokeniser can't be opened ({type(error).__name__}: {error})",
                f"模型 {directory.name}：分词器打不开（{type(error).__name__}: {error}）",
            ) from None
        self._inner.no_padding()
        self._inner.enable_truncation(self.max_length)
        self.pad_id = int(directory.config.get("pad_token_id") or 0)

    def encode(self, texts: Sequence[str]) -> list[list[int]]:
        """Give the token ids of normalised texts, in their order."""
        return [list(found.ids) for found in self._inner.encode_batch(list(texts))]

    def knows(self, piece: str) -> bool:
        """Say whether one word or sign has an id of its own."""
        return self._inner.token_to_id(piece) is not None


def _settings(directory: ModelDirectory) -> dict[str, Any]:
    path = directory.path / "tokenizer_config.json"
    try:
        found = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    except (OSError, ValueError) as error:
        raise ModelLoadError(
            f"model {directory.name}: {path.name} can't be opened ({error})",
            f"模型 {directory.name}：{path.name} 打不开（{error}）",
        ) from None
    return found if isinstance(found, dict) else {}


def _open(directory: ModelDirectory, settings: dict[str, Any]) -> _Inner:
    # Hugging Face's Rust library starts threads of its own and warns when a process forks after that.
    from tokenizers import BertWordPieceTokenizer, ByteLevelBPETokenizer, Tokenizer
    from tokenizers.processors import RobertaProcessing

    path = directory.path
    if (path / "tokenizer.json").is_file():
        return Tokenizer.from_file(str(path / "tokenizer.json"))
    if (path / "vocab.txt").is_file():
        pieces = (path / "vocab.txt").read_text(encoding="utf-8").splitlines()
        made = BertWordPieceTokenizer(
            {piece: index for index, piece in enumerate(pieces)},
            lowercase=bool(settings.get("do_lower_case", True)),
            handle_chinese_chars=bool(settings.get("tokenize_chinese_chars", True)),
            strip_accents=settings.get("strip_accents"),
        )
        cut: _Inner = made._tokenizer
        return cut
    made = ByteLevelBPETokenizer(
        str(path / "vocab.json"),
        str(path / "merges.txt"),
        add_prefix_space=bool(settings.get("add_prefix_space", False)),
    )
    inner: _Inner = made._tokenizer
    begin, end = (_id_of(inner, name) for name in ("<s>", "</s>"))
    inner.post_processor = RobertaProcessing(("</s>", end), ("<s>", begin), add_prefix_space=False)
    return inner


def _id_of(inner: _Inner, piece: str) -> int:
    found = inner.token_to_id(piece)
    if found is None:
        raise ValueError(f"its vocabulary lacks {piece}")
    return found
