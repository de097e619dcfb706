"""A figure that notebooks show, though pyplot does not know of it."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import numpy as np
from matplotlib import rc_context
from matplotlib.collections import Collection
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

__all__ = ["ShownFigure"]

# Text stays text, for papers and their search; the same picture twice is the same bytes.
FILES = {"svg.fonttype": "none", "pdf.fonttype": 42, "svg.hashsalt": "arrangement"}


MOST_SHAPES = 20_000
"""An artist of more of them becomes one image in a .svg or .pdf, and all else stays."""


class ShownFigure(Figure):
    """A figure of matplotlib that Jupyter and IPython show as a picture."""

    def savefig(self, *args: Any, **options: Any) -> None:
        """Write the picture, as of any figure of matplotlib; its text as text."""
        for artist in self.findobj():
            size = 0
            if isinstance(artist, Line2D):
                size = np.size(artist.get_xdata())
            elif isinstance(artist, Collection):
                size = max(len(artist.get_paths()), np.size(artist.get_offsets()) // 2)
            if size > MOST_SHAPES:
                artist.set_rasterized(True)
        with rc_context(FILES):
            super().savefig(*args, **options)

    def _repr_png_(self) -> bytes:
        stream = BytesIO()
        self.savefig(stream, format="png", dpi=100)
        return stream.getvalue()
