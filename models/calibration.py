"""How far probabilities are from what they say, and the temperature that brings them nearer.

Guo et al. 2017, "On Calibration of Modern Neural Networks": dividing the logits by a temperature that
minimises the log-likelihood on held-out rows leaves every label as it is and repairs most miscalibration.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

BINS: Final = 15
_LOW, _HIGH = 0.05, 20.0
_GOLDEN: Final = (5**0.5 - 1) / 2
_ROUNDS: Final = 60


def softmax(logits: NDArray[np.float64], temperature: float = 1.0) -> NDArray[np.float64]:
    """Give the distributions ``(rows, labels)`` of logits divided by a temperature."""
    scaled = logits / temperature
    powers = np.exp(scaled - scaled.max(axis=1, keepdims=True))
    result: NDArray[np.float64] = powers / powers.sum(axis=1, keepdims=True)
    return result


def negative_log_likelihood(
    logits: NDArray[np.float64], truth: Sequence[int], temperature: float = 1.0
) -> float:
    """Mean negative log-likelihood of the true labels, in nats."""
    chosen = softmax(logits, temperature)[np.arange(len(truth)), np.asarray(truth)]
    return float(-np.log(np.maximum(chosen, 1e-12)).mean())


def fit_temperature(logits: NDArray[np.float64], truth: Sequence[int]) -> float:
    """Find the temperature of least negative log-likelihood, by golden-section search on its logarithm.

    Raises
    ------
    ValueError
        If there are no rows.
    """
    if not len(truth):
        raise ValueError("no rows to fit a temperature on")
    low, high = float(np.log(_LOW)), float(np.log(_HIGH))
    for _ in range(_ROUNDS):
        left, right = high - _GOLDEN * (high - low), low + _GOLDEN * (high - low)
        if negative_log_likelihood(logits, truth, float(np.exp(left))) <= negative_log_likelihood(
            logits, truth, float(np.exp(right))
        ):
            high = right
        else:
            low = left
    return float(np.exp((low + high) / 2))


def calibration_error(probabilities: NDArray[np.float64], truth: Sequence[int], bins: int = BINS) -> float:
    """Expected calibration error: mean gap between confidence and accuracy over equal-width bins, by their rows.

    Naeini et al. 2015, with the confidence of the likeliest label as in Guo et al. 2017, eq. 3.
    """
    confidence = probabilities.max(axis=1)
    right = probabilities.argmax(axis=1) == np.asarray(truth)
    numbers = np.minimum((confidence * bins).astype(int), bins - 1)
    error = 0.0
    for number in range(bins):
        inside = numbers == number
        if inside.any():
            error += inside.mean() * abs(confidence[inside].mean() - right[inside].mean())
    return float(error)


def error_if_calibrated(probabilities: NDArray[np.float64], bins: int = BINS, draws: int = 200) -> float:
    """Expected calibration error that chance alone would show on as many rows: truths drawn from the distributions.

    The estimate is never zero, for each bin's accuracy scatters about its confidence (Vaicenavicius et al. 2019,
    "Evaluating model calibration in classification", 4.2: consistency resampling).
    """
    rng = np.random.default_rng(0)
    edges = probabilities.cumsum(axis=1)
    found = []
    for _ in range(draws):
        drawn = (rng.random((len(edges), 1)) < edges).argmax(axis=1)
        found.append(calibration_error(probabilities, drawn.tolist(), bins))
    return float(np.mean(found))
