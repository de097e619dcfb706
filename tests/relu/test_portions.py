"""The landscape of one neuron from portions of its faces, beside that of all at once."""

import numpy as np
import pytest

from arrangement.errors import SizeError
from arrangement.relu import OneHiddenLayer, one_hidden_layer
from arrangement.relu.minima import portions
from tests.amounts import first
from tests.landscape_reference import Reference
from tests.relu.test_landscape import data_set


@pytest.fixture
def in_portions(monkeypatch):
    """A landscape of one neuron in portions, however few its faces are."""

    def landscape(layer, **options):
        with monkeypatch.context() as patch:
            patch.setattr(one_hidden_layer, "VERY_FEW", -1)
            found = layer.landscape(**options)
        assert not found.table.cells.complete
        return found

    return landscape


def problem(seed, largest=12, features=3):
    X, y, bias = data_set(seed, largest, features)
    if seed % 7 == 3:
        y = np.abs(y) + 0.5  # a neuron of weights zero is in place
    slope = (0.0, 0.25, -0.5)[seed // 2 % 3]
    return {
        "X": X, "y": y, "bias": bias, "output_bias": seed % 4 == 1, "negative_slope": slope
    }  # fmt: skip


def columns(landscape):
    pieces = landscape.pieces
    names = ("signs", "output_signs", "loss", "kind", "dimension", "decided", "level")
    return [getattr(pieces, name).tolist() for name in names] + [
        landscape.doubtful,
        landscape.component.tolist(),
    ]


@pytest.mark.parametrize("seed", first(6, range(200)))
def test_portions_have_the_pieces_of_the_whole_table(seed, in_portions):
    layer = OneHiddenLayer(**problem(seed))
    kinds = (None, ["isolated", "dead"], "zero", ["boundary"])[seed // 3 % 4]
    options = {"exact": seed % 5 == 2, "kinds": kinds}
    if seed % 6 == 4:
        options["max_loss"] = 0.8 * float(np.mean(layer.targets**2))
    assert columns(in_portions(layer, **options)) == columns(layer.landscape(**options))


@pytest.mark.parametrize("seed", first(3, range(40)))
def test_portions_have_the_pieces_of_the_specification(seed, in_portions):
    data = problem(seed, largest=6, features=2)
    landscape = in_portions(OneHiddenLayer(**data))
    expected = Reference(**data).pieces()
    found = {
        ((tuple(signs[0]), s[0]),): loss
        for signs, s, loss in zip(
            landscape.pieces.signs.tolist(),
            landscape.pieces.output_signs.tolist(),
            landscape.pieces.loss.tolist(),
            strict=True,
        )
    }
    assert found == {states: float(loss) for states, loss in expected.items()}


def test_few_faces_are_kept_and_the_graph_has_all():
    rng = np.random.default_rng(3)
    layer = OneHiddenLayer(rng.normal(size=(40, 2)), rng.normal(size=40))
    landscape = layer.landscape()
    whole = layer.search(layer.faces())
    assert landscape.n_faces == (1, 1560, 3120, 1562)
    assert len(landscape.table) < 100
    assert len(landscape.pieces) <= len(landscape.table)
    assert len(landscape.cells) == len(landscape.graph) == 1562
    inside = landscape.pieces.kind != "boundary"
    assert landscape.attained.sum() == inside.sum()
    assert landscape.min_loss[landscape.attained].tolist() == pytest.approx(
        whole.rational.fits(np.flatnonzero(landscape.attained)[:, None])[0].tolist()
    )
    # Each piece on a facet is found in the row of its edge.
    facet = landscape.table.codimension[landscape.pieces.faces[:, 0]] == 1
    rows = np.flatnonzero(landscape.boundary_minimum)
    signs = landscape.cells.signs[landscape.cells.edges[rows, 0]].copy()
    signs[np.arange(len(rows)), landscape.cells.edges[rows, 2]] = 0
    found = dict(zip(map(tuple, signs.tolist()), landscape.boundary_loss[rows], strict=True))
    expected = dict(
        zip(
            map(tuple, landscape.pieces.signs[facet, 0].tolist()),
            landscape.pieces.loss[facet],
            strict=True,
        )
    )
    assert found == expected
    assert len(landscape.saddles()) == len(layer.landscape(kinds="dead").saddles())


@pytest.mark.parametrize("exact", first(1, [False, True]))
def test_a_neuron_of_weights_zero_among_thousands_of_rays(exact):
    rng = np.random.default_rng(5)
    X, y = rng.normal(size=(40, 2)), rng.random(40) + 0.5
    y[np.linalg.norm(X, axis=1).argmin()] = -0.3
    landscape = OneHiddenLayer(X, y).landscape(kinds="zero", exact=exact)
    assert landscape.pieces.output_signs.tolist() == [[-1]]
    # Its margin is that of the ray on which it gains least beside the size of its terms.
    X = np.column_stack([X, np.ones(40)])
    rays = np.cross(X[:, None], X[None])[np.triu_indices(40, 1)]
    outputs = np.maximum(np.concatenate([rays, -rays]) @ X.T, 0.0)
    outputs[outputs < 1e-12 * outputs.max(axis=1, keepdims=True)] = 0.0
    outputs = outputs[outputs.any(axis=1)]
    gain, size = outputs @ y, outputs @ np.abs(y)
    assert landscape.pieces.margin.tolist() == pytest.approx([(gain / size).min()], rel=1e-3)


def test_faces_that_hold_minima_may_be_too_many(monkeypatch):
    monkeypatch.setattr(portions, "BYTES_PER_SIGN", 2**40)
    rng = np.random.default_rng(0)
    with pytest.raises(SizeError, match=r"more than 435 faces .* may hold minima.* max_loss"):
        OneHiddenLayer(rng.normal(size=(30, 2)), np.zeros(30)).landscape()
