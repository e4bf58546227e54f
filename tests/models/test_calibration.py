"""Temperatures: what they may change and what not."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.calibration import (
    calibration_error,
    cross_fitted,
    error_if_calibrated,
    fit_temperature,
    negative_log_likelihood,
    softmax,
)


def drawn(seed: int, rows: int, sharpness: float) -> tuple[np.ndarray, list[int]]:
    """Logits whose truth is drawn from their own softmax, then sharpened: the right temperature is known."""
    random = np.random.default_rng(seed)
    logits = random.normal(0, 2, (rows, 6))
    truth = [int(random.choice(6, p=row)) for row in softmax(logits)]
    return logits * sharpness, truth


@given(st.integers(0, 50), st.floats(0.1, 10))
def test_a_temperature_changes_no_label(seed: int, temperature: float) -> None:
    logits, _ = drawn(seed, 20, 1.0)
    assert (softmax(logits, temperature).argmax(1) == logits.argmax(1)).all()
    assert softmax(logits, temperature).sum(1) == pytest.approx(1.0)


@pytest.mark.parametrize("sharpness", [0.5, 1.0, 2.0, 4.0])
def test_the_known_temperature_is_found_and_calibrates(sharpness: float) -> None:
    logits, truth = drawn(3, 6000, sharpness)
    found = fit_temperature(logits, truth)
    assert found == pytest.approx(sharpness, rel=0.1)
    assert calibration_error(softmax(logits, found), truth) < 0.02
    assert calibration_error(cross_fitted(logits, truth), truth) < 0.02


@given(st.integers(0, 20), st.floats(0.2, 5))
def test_no_other_temperature_is_likelier(seed: int, other: float) -> None:
    logits, truth = drawn(seed, 60, 2.0)
    best = negative_log_likelihood(logits, truth, fit_temperature(logits, truth))
    assert best <= negative_log_likelihood(logits, truth, other) + 1e-6


def test_an_overconfident_guesser_is_found_out() -> None:
    probabilities = np.array([[0.95, 0.05]] * 10)
    assert calibration_error(probabilities, [0] * 5 + [1] * 5) == pytest.approx(0.45)
    assert calibration_error(np.array([[0.5, 0.5]] * 10), [0] * 5 + [1] * 5) == pytest.approx(0.0)


def test_without_rows_there_is_no_temperature() -> None:
    with pytest.raises(ValueError, match="no rows"):
        fit_temperature(np.zeros((0, 6)), [])


def test_truths_drawn_from_the_distributions_show_the_error_of_chance() -> None:
    rng = np.random.default_rng(3)
    few, many = (rng.dirichlet([1.0, 1.0, 1.0], size=rows) for rows in (100, 20_000))
    assert error_if_calibrated(many, draws=20) < 0.02 < error_if_calibrated(few, draws=20)
    drawn = [int(rng.choice(3, p=row)) for row in many]
    assert calibration_error(many, drawn) == pytest.approx(error_if_calibrated(many, draws=20), abs=0.01)
    sharpened = many**3 / (many**3).sum(axis=1, keepdims=True)
    assert calibration_error(sharpened, drawn) > 5 * error_if_calibrated(sharpened, draws=20)
