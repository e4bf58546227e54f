"""A tiny world for the model tests: an encoder of a few thousand weights and data sets of a few rows."""

from __future__ import annotations

import json
import lzma
import os
from pathlib import Path

import pytest

from models.recipe import Recipe

REPOSITORY = Path(__file__).resolve().parents[2]
SHIPPED = REPOSITORY / "models" / "fengsheng-small"

TEXTS = {
    "angry": ["气死我了", "太恶心了投诉", "垃圾公司", "怒了怒了"],
    "happy": ["好开心呀", "太好喝了", "哈哈真棒", "爱了爱了"],
    "sad": ["好难过啊", "伤心地哭", "失望透顶", "泪流满面"],
    "fear": ["好害怕呀", "吓死人了", "太恐怖了", "怕得发抖"],
    "surprise": ["居然这样", "没想到啊", "震惊全场", "惊呆我了"],
    "neutral": ["今天开会", "公司在北京", "三点出发", "书在桌上"],
}
UNLABELLED = [
    "请问这个多少钱呀？",
    "强烈建议增加一个窗口",
    "坚决抵制这种黑心店",
    "已经下单了坐等快递",
    "转发抽三位送新品券包邮",
    "客服态度太差了没人理",
    "要求退款并且公开道歉",
    "味道真的很棒强烈推荐",
    "今天早上在河边走走",
]


@pytest.fixture(scope="session")
def data_dir() -> Path:
    """The research data, where this machine has it."""
    for place in (os.environ.get("FENGSHENG_DATA"), REPOSITORY.parent / "shared" / "data"):
        if place and (Path(place) / "emotion").is_dir():
            return Path(place)
    pytest.skip("no data sets: set FENGSHENG_DATA to their folder")


@pytest.fixture(scope="session")
def shipped() -> Path:
    assert (SHIPPED / "model.safetensors").is_file(), f"{SHIPPED}: the shipped weights are missing"
    return SHIPPED


def _write(path: Path, lines: list[str]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with lzma.open(path, "wt", encoding="utf-8") as file:
        file.writelines(line + "\n" for line in lines)


@pytest.fixture(scope="session")
def tiny_data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with every file that a fine-tuning run reads."""
    folder = tmp_path_factory.mktemp("data")
    for name, end in (("usual_train", ""), ("usual_dev", "。"), ("virus_train", ""), ("virus_dev", "。")):
        rows = [
            json.dumps({"text": text + end, "label": label}, ensure_ascii=False)
            for label, texts in TEXTS.items()
            for text in texts
        ]
        _write(folder / f"emotion/smp2020_{name}.jsonl.xz", rows)
    texts = [json.dumps({"text": text, "label": 1}, ensure_ascii=False) for text in UNLABELLED]
    for name in (
        "emotion/polarity",
        "streams/covid_cascades",
        "streams/change3_control",
        "intent/car_complaints",
    ):
        _write(folder / f"{name}.jsonl.xz", texts)
    extra = {"sadness": "太难过了呀", "like": "很喜欢这个", "anger": "真是气人啊"}
    _write(
        folder / "emotion/extra_emotion.jsonl.xz",
        [json.dumps({"text": text, "label": label}, ensure_ascii=False) for label, text in extra.items()],
    )
    _write(folder / "emotion/offensive.jsonl.xz", texts)
    _write(folder / "mlm/weibo.txt.xz", UNLABELLED)
    return folder


@pytest.fixture(scope="session")
def tiny_labels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Labels by reading for the unlabelled texts, half of them for training."""
    from models.labelled import checksum

    intents = ["inquiry", "suggestion", "boycott", "purchase", "promotion", "complaint", "redress", "praise"]
    polarities = ["neutral", "-", "negative", "positive"]
    path = tmp_path_factory.mktemp("labels") / "labels.tsv"
    path.write_text(
        "".join(
            f"mlm/weibo.txt.xz\t{line}\t{checksum(text)}\t{intent}\t{polarities[line % 4]}\t{('train', 'dev')[line % 2]}\n"
            for line, (text, intent) in enumerate(zip(UNLABELLED, intents, strict=False), 1)
        ),
        encoding="utf-8",
    )
    return path


@pytest.fixture(scope="session")
def tiny_base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A random two-layer BERT with a WordPiece tokeniser, saved the Hugging Face way."""
    import torch
    from tokenizers import BertWordPieceTokenizer
    from transformers import BertConfig, BertModel, BertTokenizer

    folder = tmp_path_factory.mktemp("base")
    chars = sorted(
        {char for texts in TEXTS.values() for text in texts for char in text} | set("".join(UNLABELLED))
    )
    letters = [chr(code) for code in range(33, 127) if not chr(code).isupper()]
    unused = ["##气", "ლ", "ྀ"]
    pieces = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *unused]
    pieces += [char for char in chars if char not in letters] + letters + [f"##{char}" for char in letters]
    vocabulary = {piece: index for index, piece in enumerate(pieces)}
    BertTokenizer(tokenizer_object=BertWordPieceTokenizer(vocabulary)._tokenizer).save_pretrained(folder)
    torch.manual_seed(1)
    config = BertConfig(
        vocab_size=len(vocabulary),
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=64,
        max_position_embeddings=128,
    )
    BertModel(config, add_pooling_layer=False).save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def tiny_recipe() -> Recipe:
    return Recipe(
        name="fengsheng-tiny",
        base="tiny",
        epochs=12,
        batch_rows=8,
        max_tokens=32,
        learning_rate=3e-3,
        head_learning_rate=3e-3,
        hidden_dropout=0.1,
        keep_pieces_seen=1,
        corpus_stride=1,
        intent_rows_per_class=4,
        polarity_rows=4,
        extra_rows=2,
        offensive_rows=2,
        example_copies=1,
        checkpoint_every=3,
        threads=1,
        loss_weights={"emotion": 1.0, "intent": 0.3, "polarity": 0.1},
    )
