"""Which number format a GPU serves in: the decision alone, and the measurement with a run that is told what to say."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch

from models.heads import ModelLoadError
from models.labels import HEADS
from models.serving import precision
from models.serving.precision import agreement, choose_device, decide, fastest, narrow_format

if TYPE_CHECKING:
    from models.serving.engine import Logits


@pytest.mark.parametrize(
    ("capability", "narrow"),
    [
        ((7, 0), torch.float16),
        ((7, 5), torch.float16),
        ((8, 0), torch.bfloat16),
        ((9, 0), torch.bfloat16),
        ((12, 0), torch.bfloat16),
    ],
)
def test_float16_is_only_for_gpus_without_bfloat16(capability: tuple[int, int], narrow: torch.dtype) -> None:
    assert narrow_format(capability) is narrow


@pytest.mark.parametrize(
    ("seconds", "same", "chosen"),
    [
        (0.5, 1.0, torch.bfloat16),
        (0.5, 0.995, torch.bfloat16),
        (0.5, 0.994, torch.float32),
        (0.01, 0.0, torch.float32),
        (0.9, 1.0, torch.bfloat16),
        (0.92, 1.0, torch.float32),
        (1.5, 1.0, torch.float32),
    ],
)
def test_half_the_bits_must_say_the_same_and_be_a_tenth_faster(
    seconds: float, same: float, chosen: torch.dtype
) -> None:
    assert decide(torch.bfloat16, seconds, 1.0, same) is chosen


def _logits(rows: int, wrong: int = 0) -> Logits:
    made: Logits = {head: np.zeros((rows, len(names)), np.float32) for head, names in HEADS.items()}
    for head in HEADS:
        made[head][:, 1] = 1
    made["intent"][:wrong, 2] = 2
    return made


def test_agreement_counts_the_labels_of_all_heads_and_trusts_no_logit_that_is_not_finite() -> None:
    exact = _logits(100)
    assert agreement(_logits(100), exact) == 1.0
    assert agreement(_logits(100, wrong=3), exact) == pytest.approx(0.99)
    for bad in (np.nan, np.inf):
        found = _logits(100)
        found["polarity"][7, 0] = bad
        assert agreement(found, exact) == 0.0


@pytest.mark.parametrize(
    ("wrong", "slow", "chosen"),
    [
        (0, torch.float32, torch.bfloat16),
        (2, torch.float32, torch.float32),
        (0, torch.bfloat16, torch.float32),
    ],
)
def test_the_weights_are_whole_again_where_float32_stays(
    wrong: int, slow: torch.dtype, chosen: torch.dtype, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda device: (9, 0))
    monkeypatch.setattr(precision, "_ROUNDS", 1)
    module = torch.nn.Linear(3, 2)
    module.weight.data.fill_(1 / 3)

    def run(rows: Sequence[Sequence[int]]) -> Logits:
        if module.weight.dtype is slow:
            time.sleep(0.05)
        return _logits(len(rows), 0 if module.weight.dtype is torch.float32 else wrong)

    assert fastest(module, torch.device("cpu"), run, [[1, 2]] * 100) is chosen
    assert module.weight.dtype is chosen
    kept = torch.full((2, 3), 1 / 3)
    assert torch.equal(module.weight.data, kept.to(chosen))


def test_a_gpu_that_is_not_there_is_refused_and_those_that_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    assert choose_device("cuda:1") == torch.device("cuda:1")
    assert choose_device("auto") == choose_device("cuda") == torch.device("cuda")
    with pytest.raises(
        ModelLoadError, match=r"device 'cuda:7': this torch sees only cuda:0, cuda:1; use one"
    ):
        choose_device("cuda:7")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(ModelLoadError, match="sees no CUDA GPU"):
        choose_device("cuda")
