"""From a head's logits to distributions whose likeliest label is right as often as it says.

Two steps, neither of which changes a label. One temperature (`models.calibration.fit_temperature`) shapes the whole
distribution. It leaves what class weights and label smoothing did to the likeliest label: too sure in the middle, not
sure enough at the top. So that label's probability goes through a curve of three numbers (Kull, Silva Filho and Flach
2017, "Beta calibration", eq. 8; of the likeliest label alone: Gupta and Ramdas 2022, "Top-label calibration"), and the
others share the rest as before.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_NEAREST: Final = 1e-6  # to 0 and 1, where the curve's logarithms end
_APART: Final = 1e-9
_RIDGE: Final = 1e-3
_ROUNDS: Final = 60
_FEWEST: Final = 50  # rows; three numbers fitted on fewer say nothing

Curve = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Calibrator:
    """What turns logits into probabilities.

    Attributes
    ----------
    temperature
        Logits are divided by it before the softmax.
    curve
        ``(a, b, c)`` with a, b >= 0: the likeliest label's probability p becomes
        ``1 / (1 + exp(-(a ln p - b ln(1 - p) + c)))``, and at least the next label's.
        (1, 1, 0) leaves all as it is.
    """

    temperature: float = 1.0
    curve: Curve = (1.0, 1.0, 0.0)

    @classmethod
    def fit(cls, logits: NDArray[np.float64], truth: Sequence[int]) -> Calibrator:
        """Fit both steps by maximum likelihood; on fewer than 50 rows the temperature alone.

        Raises
        ------
        ValueError
            If there are no rows.
        """
        import numpy as np

        from models.calibration import fit_temperature, softmax

        temperature = round(fit_temperature(logits, truth), 4)
        if len(truth) < _FEWEST:
            return cls(temperature)
        likeliest = softmax(logits, temperature).max(axis=1)
        right = logits.argmax(axis=1) == np.asarray(truth)
        a, b, c = (round(value, 4) for value in _fit_curve(likeliest, right))
        return cls(temperature, (a, b, c))

    @classmethod
    def read(cls, saved: Mapping[str, Any]) -> Calibrator:
        """Read what `as_dict` wrote.

        Raises
        ------
        ValueError
            If it is of another form; says what was expected.
        """
        temperature, curve = saved.get("temperature", 1.0), saved.get("curve", [1.0, 1.0, 0.0])
        if not _is_number(temperature) or not 0.01 <= temperature <= 100:
            raise ValueError(f"temperature is {temperature!r}, expected a number from 0.01 to 100")
        if not isinstance(curve, list) or len(curve) != 3 or not all(map(_is_number, curve)):
            raise ValueError(f"curve is {curve!r}, expected three numbers")
        a, b, c = map(float, curve)
        if a < 0 or b < 0:
            raise ValueError(f"curve is {curve!r}, expected its first two numbers not to be negative")
        return cls(float(temperature), (a, b, c))

    def as_dict(self) -> dict[str, Any]:
        """Give it as JSON."""
        return {"temperature": self.temperature, "curve": list(self.curve)}

    def __call__(self, logits: NDArray[np.float64]) -> NDArray[np.float64]:
        """Give the distributions ``(rows, labels)`` of logits; each sums to 1, its likeliest label is theirs."""
        import numpy as np

        from models.calibration import softmax

        found = softmax(logits, self.temperature)
        if self.curve == (1.0, 1.0, 0.0) or found.shape[1] < 2 or not len(found):
            return found
        order = np.argsort(found, axis=1)
        first, second = order[:, -1], order[:, -2]
        rows = np.arange(len(found))
        old, next_ = found[rows, first], found[rows, second]
        rest = np.maximum(1 - old, 1e-12)
        # Lower than this the next label would come out on top; as high, and the order of the labels would decide.
        least = next_ / (rest + next_) * (1 + _APART)
        new = np.maximum(_bend(old, self.curve), least)
        found *= ((1 - new) / rest)[:, None]
        found[rows, first] = new
        result: NDArray[np.float64] = found / found.sum(axis=1, keepdims=True)
        return result


def cross_fitted(logits: NDArray[np.float64], truth: Sequence[int], folds: int = 10) -> NDArray[np.float64]:
    """Give distributions in which every row's calibrator was fitted on other rows; for an honest error."""
    import numpy as np

    truths = np.asarray(truth)
    fold = np.arange(len(truths)) % folds
    result = np.empty_like(logits)
    for number in range(folds):
        inside = fold == number
        result[inside] = Calibrator.fit(logits[~inside], truths[~inside].tolist())(logits[inside])
    return result


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value)


def _features(likeliest: NDArray[np.float64]) -> NDArray[np.float64]:
    import numpy as np

    inside = np.clip(likeliest, _NEAREST, 1 - _NEAREST)
    return np.stack([np.log(inside), -np.log1p(-inside), np.ones_like(inside)], axis=1)


def _bend(likeliest: NDArray[np.float64], curve: Curve) -> NDArray[np.float64]:
    import numpy as np

    result: NDArray[np.float64] = 1 / (1 + np.exp(-_features(likeliest) @ np.array(curve)))
    return result


def _fit_curve(likeliest: NDArray[np.float64], right: NDArray[np.bool_]) -> Curve:
    """Fit by logistic regression; a slope that would be negative is 0 and the others are fitted anew."""
    import numpy as np

    features, free = _features(likeliest), np.ones(3, dtype=bool)
    while True:
        found = np.zeros(3)
        found[free] = _newton(features[:, free], right.astype(float))
        wrong = (found < 0) & np.array([True, True, False])
        if not wrong.any():
            return (float(found[0]), float(found[1]), float(found[2]))
        free &= ~wrong


def _newton(features: NDArray[np.float64], right: NDArray[np.float64]) -> NDArray[np.float64]:
    """Minimise the logistic loss with a small ridge, which keeps rows that are all right from running away."""
    import numpy as np

    ridge = _RIDGE * np.eye(features.shape[1])
    found = np.zeros(features.shape[1])
    for _ in range(_ROUNDS):
        says = 1 / (1 + np.exp(-features @ found))
        slope = features.T @ (says - right) + ridge @ found
        bend = (features * (says * (1 - says))[:, None]).T @ features + ridge
        step = np.linalg.solve(bend, slope)
        # A whole step may overshoot where nearly all rows are right.
        found -= step / max(1.0, float(np.abs(step).max()) / 4)
        if np.abs(step).max() < 1e-9:
            break
    return found
