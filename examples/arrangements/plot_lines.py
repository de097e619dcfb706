"""
Lines in the plane
==================

Eight random lines in general position cut the plane into 1 + 8 + 28 cells, 21 of them bounded.
"""

import numpy as np

from arrangement import Arrangement, bounds, plot

rng = np.random.default_rng(1)
lines = Arrangement(rng.normal(size=(8, 2)), rng.normal(size=8))
cells = lines.cells()
print(len(cells), "cells,", int(cells.bounded.sum()), "bounded")
assert len(cells) == bounds.zaslavsky(8, 2)

# %%
# Each cell has a sign for each line, a certified point inside, and neighbours across its sides.
print("signs of the first cell:", cells.signs[0])
print("a point in it:", cells.points[0])
print("pairs of neighbours (cell, cell, line):", *cells.edges[:3].tolist())

# %%
# Coloured by the number of neighbours, which is the number of sides.
sides = np.bincount(cells.edges[:, :2].ravel(), minlength=len(cells))
plot.arrangement(cells, values=sides, label="sides")
