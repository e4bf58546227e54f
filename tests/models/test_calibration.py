"""Calibrators: what they may change and what not."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.calibration import (
    calibration_error,
    error_if_calibrated,
    fit_temperature,
    negative_log_likelihood,
    softmax,
)
from models.calibrator import Calibrator, cross_fitted


def drawn(seed: int, rows: int, sharpness: float) -> tuple[np.ndarray, list[int]]:
    """Logits whose truth is drawn from their own softmax, then sharpened: the right temperature is known."""
    random = np.random.default_rng(seed)
    logits = random.normal(0, 2, (rows, 6))
    truth = [int(random.choice(6, p=row)) for row in softmax(logits)]
    return logits * sharpness, truth


@given(
    st.integers(0, 50),
    st.floats(0.1, 10),
    st.tuples(st.floats(0, 5), st.floats(0, 5), st.floats(-8, 8)),
    st.sampled_from([0.1, 1.0, 30.0]),
)
def test_a_calibrator_changes_no_label_and_no_order_among_the_others(
    seed: int, temperature: float, curve: tuple[float, float, float], sharpness: float
) -> None:
    logits, _ = drawn(seed, 20, sharpness)
    found = Calibrator(temperature, curve)(logits)
    assert found.sum(1) == pytest.approx(1.0)
    assert (found >= 0).all()
    likeliest = softmax(logits, temperature).argmax(1)
    rows = np.arange(len(logits))
    assert (found.argmax(1) == softmax(logits, temperature).argmax(1)).all()
    before, after = softmax(logits, temperature), found.copy()
    for table in (before, after):
        table[rows, likeliest] = 0
    shares = np.minimum(before.sum(1, keepdims=True), after.sum(1, keepdims=True)) > 1e-6
    assert np.where(shares, after / np.maximum(after.sum(1, keepdims=True), 1e-300), 0) == pytest.approx(
        np.where(shares, before / np.maximum(before.sum(1, keepdims=True), 1e-300), 0), abs=1e-6
    )


@given(st.integers(0, 20), st.tuples(st.floats(0, 5), st.floats(0, 5), st.floats(-3, 3)))
def test_who_is_surer_stays_surer(seed: int, curve: tuple[float, float, float]) -> None:
    rng = np.random.default_rng(seed)
    logits = np.stack([rng.normal(0, 3, 30), np.zeros(30)], axis=1)
    plain, bent = softmax(logits).max(1), Calibrator(1.0, curve)(logits).max(1)
    assert (np.diff(bent[np.argsort(plain)]) >= -1e-12).all()


def test_a_likeliest_label_that_a_temperature_cannot_mend_is_mended_by_the_curve() -> None:
    rng = np.random.default_rng(4)
    logits = rng.normal(0, 1.5, (8000, 6))
    said = softmax(logits).max(1)
    # Too sure in the middle, not sure enough at the top: what label smoothing leaves behind.
    really = np.where(said > 0.8, 0.5 + said / 2, said - 0.12)
    right = rng.random(8000) < really
    order = np.argsort(logits, axis=1)
    truth = np.where(right, order[:, -1], order[:, -2]).tolist()
    alone = softmax(logits, fit_temperature(logits, truth))
    assert calibration_error(cross_fitted(logits, truth), truth) < 0.6 * calibration_error(alone, truth)


def test_few_rows_get_a_temperature_and_no_curve() -> None:
    logits, truth = drawn(1, 49, 2.0)
    assert Calibrator.fit(logits, truth).curve == (1.0, 1.0, 0.0)


def test_rows_that_are_all_right_are_fitted_too() -> None:
    logits, _ = drawn(1, 200, 3.0)
    found = Calibrator.fit(logits, logits.argmax(1).tolist())
    assert np.isfinite(found(logits)).all()
    assert found(logits).max(1).mean() > 0.97


@given(st.integers(0, 20), st.floats(0.3, 3))
def test_a_calibrator_survives_its_file(seed: int, sharpness: float) -> None:
    logits, truth = drawn(seed, 80, sharpness)
    found = Calibrator.fit(logits, truth)
    assert Calibrator.read(json.loads(json.dumps(found.as_dict()))) == found


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
