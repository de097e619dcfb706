"""Losses on a plane as filled contours."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from arrangement.plot.canvas import DECADES, add_bar, needs_log
from arrangement.plot.windows import Floats, Window

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["paint_losses", "plane_size"]

BANDS = 24
"""Colours of the loss."""

SEEN = 0.9
"""The share of the picture whose losses the colours tell apart; they grow fast away from it."""


def plane_size(frame: Window) -> tuple[float, float]:
    """Inches of the figure: about 5.9 of its width are the plane, 1.9 of its height are not."""
    return 7.6, 1.9 + 5.9 * float(np.clip(frame.proportion or 0.8, 0.35, 1.3))


def paint_losses(axes: Axes, a: Floats, b: Floats, table: Floats, lines: bool = False) -> None:
    """Losses, shape (len(b), len(a)), as filled contours with a colour bar; and as lines."""
    from matplotlib import colormaps
    from matplotlib.colors import LinearSegmentedColormap, LogNorm
    from matplotlib.ticker import LogLocator, MaxNLocator

    low, high = float(table.min()), float(np.quantile(table, SEEN))
    if not high > low:
        high = low + (abs(low) or 1.0)
    pale = colormaps["Blues_r"](np.linspace(0.12, 1))
    scale: dict[str, Any] = {"cmap": LinearSegmentedColormap.from_list("pale", pale)}
    if needs_log(np.minimum(table.ravel(), high)):
        bottom = max(low, 10.0**-DECADES * high)
        levels = np.geomspace(bottom, high, BANDS + 1)
        scale |= {"norm": LogNorm(bottom, high), "extend": "both" if low < bottom else "max"}
        parts = (1.0, 2.0, 5.0) if high < 1e3 * bottom else (1.0,)
        marks = list(LogLocator(subs=parts).tick_values(bottom, high))
    else:
        levels = np.asarray(MaxNLocator(BANDS).tick_values(low, high))
        scale |= {"extend": "max"}
        marks = list(MaxNLocator(8).tick_values(low, high))
    ticks = [tick for tick in marks if levels[0] <= tick <= levels[-1]]
    drawn = axes.contourf(a, b, table, levels, **scale)
    add_bar(axes, drawn, "loss", ticks=ticks, format="%.4g").minorticks_off()
    if lines:
        axes.contour(a, b, table, levels[::2], colors="white", linewidths=0.4, alpha=0.7)
