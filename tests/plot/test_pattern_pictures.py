import numpy as np
import pytest

from arrangement import plot
from arrangement.errors import InputError
from arrangement.networks import pattern_network

pytest.importorskip("matplotlib")


def test_the_loss_is_drawn_where_the_pattern_is(tmp_path):
    values = np.array([[0.0, 1.0, 0.0], [3.0, 0.0, 2.0]])
    made = pattern_network(values, [[0.0], [1.0]], [1.0, 2.0])
    figure = plot.pattern(made, source="two rows")
    drawn = figure.axes[0].images[0].get_array()
    steps = [(n - 1) // (m - 1) for n, m in zip(drawn.shape, values.shape, strict=True)]
    assert np.abs(drawn[:: steps[0], :: steps[1]] - values - made.shift).max() <= made.error
    plot.pattern(made, tmp_path / "a.svg")
    assert (tmp_path / "a.svg").read_text().lstrip().startswith("<?xml")


def test_the_title_has_room():
    figure = plot.pattern(pattern_network(np.eye(5)[:, :4]))
    figure.draw_without_rendering()
    title = figure.axes[0].title.get_window_extent()
    assert 0 < title.x0 < title.x1 < figure.bbox.width


def test_a_curve_and_what_is_not_drawn():
    figure = plot.pattern(pattern_network([1.0, 0.0, 2.0]))
    line, nodes = figure.axes[0].lines
    assert nodes.get_ydata().tolist() == [1, 0, 2]
    assert abs(line.get_ydata()[0] - 1) < 2e-3
    with pytest.raises(InputError, match="three axes"):
        plot.pattern(pattern_network(np.zeros((2, 2, 2))))
