"""Every call of the table of concepts runs, on the data that stands above it."""

import re
from pathlib import Path

import matplotlib
import numpy as np
import pytest

matplotlib.use("Agg")

PAGE = (Path(__file__).parent.parent / "docs" / "concepts.md").read_text(encoding="utf-8")
ROWS = re.findall(r"^\| (.+?) \| .*\| `(.+)` \|$", PAGE, flags=re.MULTILINE)


def loss(n, w, z):
    """The mean squared error on the page's data, by numpy alone."""
    samples = np.column_stack([n["X"], np.ones(len(n["X"]))])
    return np.mean((np.maximum(samples @ np.transpose(w), 0) @ z - n["y"]) ** 2)


def slopes(n):
    """Of the loss at w = (1, 0), (0, 1) and z = (1, −1), by differences."""
    at, h = np.array([1.0, 0, 0, 1, 1, -1]), 1e-6
    values = [
        [loss(n, (at + s * e)[:4].reshape(2, 2), (at + s * e)[4:]) for s in (h, -h)]
        for e in np.eye(6)
    ]
    return np.subtract(*np.transpose(values)) / (2 * h)


def is_fit(R, n):
    """Is the gradient of least squares 0, on the samples that the first cell has active?"""
    samples = (
        np.column_stack([n["X"], np.ones(6)]) * (n["landscape"].cells.signs[0] > 0)[:, None]
    )
    return np.allclose(samples.T @ (samples @ R[0] - n["y"]), 0)


def eigenvalues(n):
    return np.linalg.eigvalsh(n["layer"].curvature([[1, 0], [0, 1]], [1, -1]).hessian)


CHECKS = {
    "cell": lambda v, n: len(np.unique(v, axis=0)) == len(v) == 2 * len(n["X"]),
    "parameter cell": lambda v, n: len(v) == 12 * 13 // 2,
    "A†y": lambda v, n: is_fit(v, n),
    "local minimum": lambda v, n: bool(v) and v.loss == pytest.approx(n["piece"].loss),
    "global minimum": lambda v, n: v == pytest.approx(n["piece"].loss),
    "gradient": lambda v, n: np.allclose(v, slopes(n), atol=1e-6),
    "Hessian": lambda v, n: np.array_equal(v, v.T),
    "index": lambda v, n: v == (sum(eigenvalues(n) < 0), 0, sum(eigenvalues(n) > 0)),
    "dead": lambda v, n: not any((signs > 0).any(axis=1).all() for signs in v.signs),
    "continuum": lambda v, n: (v > 0).all(),
    "blind spots": lambda v, n: v.any() and not v.all(),
    "saddles": lambda v, n: len(v) > 0,
    "index against loss": lambda v, n: v[1].min() == 0 < v[1].max(),
    "path between networks": lambda v, n: v.shape == (11,),
    "pattern theorem 1": lambda v, n: np.allclose(v - v[0], [0, 1, 1, 0], atol=0.05),
    "pattern theorem 2": lambda v, n: np.allclose(v, 0),
    "kinks": lambda v, n: len(v) > 0,
    "max-norm": lambda v, n: v.any() and not v.all(),
    "initialisation": lambda v, n: 0 < v < 1,
    "basins": lambda v, n: (v[0][1] >= 0).any(),
    "from a trained network": lambda v, n: v,
    "box": lambda v, n: v == pytest.approx(4),
    "argmax": lambda v, n: sum(v) == pytest.approx(4),
    "hashing": lambda v, n: 0 < len(v.X) <= 8,
}
"""What is known of the value v of a call, by other means."""


@pytest.fixture(scope="module")
def names():
    made = {}
    exec(re.search(r"```python\n(.*?)```", PAGE, flags=re.DOTALL)[1], made)
    return made


def test_every_line_of_a_table_has_a_call():
    lines = [line for line in PAGE.splitlines() if line.startswith("| ")]
    heads = [line for line in lines if line in ("| concept | what it is | call |",)]
    rules = [line for line in lines if line == "| --- | --- | --- |"]
    assert len(ROWS) == len(lines) - len(heads) - len(rules)
    assert len(ROWS) >= 50
    assert CHECKS.keys() <= {concept for concept, _ in ROWS}


@pytest.mark.parametrize(("concept", "call"), ROWS, ids=[concept for concept, _ in ROWS])
def test_a_concept_is_shown_by_its_call(names, concept, call):
    value = eval(call, names)
    assert value is not None
    if concept in CHECKS:
        assert CHECKS[concept](value, names)
