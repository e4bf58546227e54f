import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.metrics import report

PAIRS = st.lists(st.tuples(st.integers(0, 2), st.integers(0, 2)), min_size=1)


def test_figures_worked_out_by_hand() -> None:
    found = report(("a", "b", "c"), truth=[0, 0, 0, 1, 1, 2], guess=[0, 0, 1, 1, 2, 2])
    assert found.per_class["a"].precision == 1.0
    assert found.per_class["a"].recall == pytest.approx(2 / 3)
    assert found.per_class["a"].f1 == pytest.approx(0.8)
    assert found.per_class["b"].f1 == pytest.approx(0.5)
    assert found.per_class["c"].f1 == pytest.approx(2 / 3)
    assert found.macro_f1 == pytest.approx((0.8 + 0.5 + 2 / 3) / 3)
    assert found.accuracy == pytest.approx(4 / 6)
    assert found.confusion == ((2, 1, 0), (0, 1, 1), (0, 0, 1))


@given(PAIRS)
def test_accuracy_is_the_diagonal_and_every_figure_a_share(pairs: list[tuple[int, int]]) -> None:
    truth, guess = [a for a, _ in pairs], [b for _, b in pairs]
    found = report(("a", "b", "c"), truth, guess)
    assert found.accuracy == pytest.approx(sum(a == b for a, b in pairs) / len(pairs))
    assert 0 <= found.macro_f1 <= 1
    assert sum(map(sum, found.confusion)) == len(pairs)


@given(st.lists(st.integers(0, 2), min_size=1))
def test_a_perfect_guess_scores_one(truth: list[int]) -> None:
    assert report(("a", "b", "c"), truth, truth).macro_f1 == 1.0


def test_unequal_lengths_are_refused() -> None:
    with pytest.raises(ValueError, match="shorter"):
        report(("a", "b"), [0, 1], [0])
