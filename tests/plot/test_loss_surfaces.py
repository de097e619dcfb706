"""Pictures of the loss on lines and planes of the parameters of any network."""

import numpy as np
import pytest

pytest.importorskip("matplotlib")

from matplotlib.collections import LineCollection

from arrangement import InputError, plot
from arrangement.networks import Network
from arrangement.relu import NetworkLoss, bias_direction, directions_at, loss_surface
from tests.amounts import first

rng = np.random.default_rng(0)
NETWORK = Network.random([3, 5, 4, 3], rng=1)
X, CLASSES = rng.normal(size=(6, 3)), [0, 1, 2, 0, 1, 2]
SOFTMAX = NetworkLoss(NETWORK, X, CLASSES, "softmax")
OTHERS = [Network.random([3, 5, 4, 3], rng=k) for k in (2, 3)]


def labels(figure):
    return [text.get_text() for one in figure.legends for text in one.get_texts()]


def lines(figure):
    return [c for c in figure.axes[0].collections if isinstance(c, LineCollection)]


@pytest.mark.parametrize("suffix", first(1, [".png", ".svg", ".pdf"]))
@pytest.mark.parametrize("kind", first(1, ["random", "filter", "gradient", "hessian"]))
def test_every_plane(kind, suffix, tmp_path):
    surface = loss_surface(SOFTMAX, kind, points=12)
    figure = plot.surface(surface, tmp_path / f"a{suffix}", source="a data set")
    assert (tmp_path / f"a{suffix}").stat().st_size > 1000
    assert figure.axes[0].get_title().startswith("a data set\nsoftmax loss, 6 samples")
    assert labels(figure)[0] == f"the network, loss {SOFTMAX.value():.4g}"
    assert not lines(figure)


def test_axes_say_what_moves_and_the_title_which_loss():
    loss = NetworkLoss(NETWORK, X, CLASSES, "softmax", penalty="l2", alpha=0.1)
    axes = plot.surface(loss_surface(loss, layer=0, points=3), kinks=False).axes[0]
    assert axes.get_xlabel() == "random direction of layer 0, filter-normalised"
    assert axes.get_title().startswith("softmax loss + 0.1 l2 penalty, 6 samples")
    D = [bias_direction(NETWORK, 0, 2), loss.parameters]
    axes = plot.surface(loss_surface(loss, D, points=3), kinks=False).axes[0]
    assert axes.get_xlabel() == "added to the bias of neuron 2 of layer 0"
    assert axes.get_ylabel() == "second direction"


def test_kinks_are_drawn_where_one_layer_moves():
    surface = loss_surface(SOFTMAX, "random", layer=0, points=12)
    kinks = surface.kinks()
    for given in (True, kinks):
        (drawn,) = lines(plot.surface(surface, kinks=given))
        np.testing.assert_array_equal(drawn.get_segments(), kinks)
    assert not lines(plot.surface(surface, kinks=False))


def test_what_penalties_draw():
    loss = NetworkLoss(NETWORK, X, CLASSES, "softmax", penalty="l1", alpha=0.1, max_norm=2.0)
    surface = loss_surface(loss, "random", layer=0, points=12)
    figure = plot.surface(surface)
    assert "a weight is 0" in labels(figure)
    assert "a neuron's weights are longer than 2" in labels(figure)
    assert len(lines(figure)) == 2
    line = loss_surface(loss, directions_at(loss, "random", 0)[:1], points=30)
    figure = plot.surface(line)
    assert labels(figure)[:2] == ["kinks of the loss", "a weight is 0"]
    upright = [
        one.get_xdata()[0] for one in figure.axes[0].lines if one.get_linestyle() == "--"
    ]
    zeros = [-b / a for a, b in line.zero_weights() if abs(b) <= abs(a)]
    assert sorted(upright) == pytest.approx(sorted(zeros))


@pytest.mark.slow
def test_through_networks(tmp_path):
    figure = plot.surface(loss_surface(SOFTMAX, through=OTHERS, points=9), tmp_path / "a.png")
    losses = [NetworkLoss(one, X, CLASSES, "softmax").value() for one in (NETWORK, *OTHERS)]
    named = [f"{letter}: loss {loss:.4g}" for letter, loss in zip("ABC", losses, strict=True)]
    assert labels(figure)[:3] == named
    line = loss_surface(SOFTMAX, through=OTHERS[:1], points=9)
    figure = plot.surface(line, tmp_path / "b.svg")
    assert labels(figure)[:2] == named[:2]
    (graph,) = (one for one in figure.axes[0].lines if len(one.get_xdata()) == 9)
    np.testing.assert_array_equal(graph.get_ydata(), line.losses)


def test_a_graph_goes_through_its_kinks():
    line = loss_surface(SOFTMAX, [bias_direction(NETWORK, 0, 1)], points=5, window=(-5, 5))
    graph = plot.surface(line).axes[0].lines[1]
    assert set(line.kinks()) <= set(graph.get_xdata())
    assert len(line.kinks())
    expected = line.values(np.asarray(graph.get_xdata())[:, None])
    np.testing.assert_allclose(graph.get_ydata(), expected)


@pytest.mark.slow
def test_a_constant_loss_and_one_that_is_forbidden(tmp_path):
    still = Network([np.zeros((2, 1)), [[0.0, 0.0]]], [[-1.0, -1.0], [0.0]])
    loss = NetworkLoss(still, [[1.0]], [2.0], max_norm=1e-9)
    D = np.zeros((2, 7))
    D[0, 0] = D[1, 1] = 0.1
    plot.surface(loss_surface(loss, D, points=6), tmp_path / "a.png")


@pytest.mark.slow
def test_the_same_picture_is_the_same_bytes(tmp_path):
    for name in ("a.svg", "b.svg"):
        surface = loss_surface(SOFTMAX, "filter", layer=1, points=8, rng=5)
        plot.surface(surface, tmp_path / name)
    assert (tmp_path / "a.svg").read_bytes() == (tmp_path / "b.svg").read_bytes()


def test_something_else_is_no_surface(tmp_path):
    with pytest.raises(InputError, match="surface must be LossSurface"):
        plot.surface(SOFTMAX, tmp_path / "a.png")
    assert not list(tmp_path.iterdir())
