"""
Only what lies in a box
=======================

A domain is a box, a polytope or a cone. The cells that meet it are found without looking at
the others, and the cost is theirs.
"""

import numpy as np

from arrangement import Arrangement, plot

rng = np.random.default_rng(3)
lines = Arrangement(rng.normal(size=(30, 2)), rng.normal(size=30))
inside = lines.cells(domain=[(0, 1), (0, 1)])
print(lines.n_cells(), "cells,", len(inside), "of them meet the unit square")

# %%
plot.arrangement(inside, window=((0, 1), (0, 1)))

# %%
# A triangle, as half-planes G x ≤ h.
triangle = ([[-1, 0], [0, -1], [1, 1]], [0, 0, 1])
print(lines.n_cells(domain=triangle), "meet the triangle")
