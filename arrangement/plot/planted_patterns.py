"""A pattern in the loss surface of a network."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from arrangement.errors import InputError
from arrangement.plot.canvas import Target, canvas, colour_scale, figure_of
from arrangement.plot.marks import entitle

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from arrangement.networks.patterns import PatternNetwork

__all__ = ["pattern"]

SIDE = 256
"""At most so many points along an axis of a picture."""


def pattern(
    made: PatternNetwork,
    target: Target = None,
    *,
    title: str | None = None,
    source: str | None = None,
) -> Figure:
    """Draw the loss of a network on the plane of its parameters in which a pattern is.

    The loss is evaluated by forward passes of all samples, on the nodes of the pattern's grid
    and between them. Lighter is higher; the first axis of the pattern goes down, as in a
    picture.

    Parameters
    ----------
    made : PatternNetwork
        With one or two directions.
    target, source
        As in :func:`arrangement.plot.arrangement`.
    title : str, optional
        Instead of what is drawn.

    Raises
    ------
    InputError
        If the pattern has three axes.

    Examples
    --------
    >>> from arrangement import plot
    >>> from arrangement.networks import pattern_network
    >>> figure = plot.pattern(pattern_network([[0.0, 1.0], [2.0, 3.0]]))
    >>> print(figure.axes[0].get_title())
    Loss on a plane of the parameters
    error at most 0.00293
    """
    shape = made.values.shape
    if len(shape) > 2:
        raise InputError("a pattern of three axes is not drawn; give one or two")
    counts = [(n - 1) * max(1, SIDE // n) + 1 for n in shape]
    along = [np.linspace(0, 1, count) for count in counts]
    grid = np.stack(np.meshgrid(*along, indexing="ij"), axis=-1).reshape(-1, len(shape))
    loss = made.loss(grid).reshape(counts)
    with canvas(target, (5.2, 4.6)) as axes:
        if len(shape) == 1:
            axes.plot(along[0], loss, color="black", label="loss")
            nodes = np.linspace(0, 1, shape[0])
            axes.plot(
                nodes, made.values + made.shift, "o", color="#d55e00", ms=3, label="pattern"
            )
            axes.set_ylabel("loss")
            axes.legend(frameon=False)
        else:
            scale = colour_scale(loss.ravel())
            step = [0.5 / (count - 1) for count in counts]
            axes.imshow(
                loss,
                cmap=scale.mappable.cmap,
                norm=scale.mappable.norm,
                extent=(-step[1], 1 + step[1], 1 + step[0], -step[0]),
                interpolation="nearest",
            )
            scale.add_bar(axes, "loss")
            axes.set_ylabel("$h_1$, added to a bias")
        axes.set_xlabel(f"$h_{len(shape)}$, added to a bias")
        what = f"Loss on a {'line' if len(shape) == 1 else 'plane'} of the parameters"
        entitle(axes, title or what, "" if title else f"error at most {made.error:.3g}", source)
        return figure_of(axes)
