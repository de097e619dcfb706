"""
More cells than memory
======================

Cells come in portions when they are many; statistics of all of them need only one portion at a
time. Here: how many of the hyperplanes of a random arrangement a cell has on its positive
side.
"""

import numpy as np
from matplotlib.figure import Figure

from arrangement import Arrangement

rng = np.random.default_rng(0)
planes = Arrangement(rng.normal(size=(40, 4)), rng.normal(size=40))
print(planes.n_cells(), "cells, counted from flats")

counts = np.zeros(41, dtype=np.int64)
for portion in planes.iter_cells(batch_size=20_000):
    counts += np.bincount((portion.signs > 0).sum(axis=1), minlength=41)
assert counts.sum() == planes.n_cells()

# %%
figure = Figure(figsize=(6, 3), layout="constrained")
axes = figure.add_subplot(
    xlabel="hyperplanes on whose positive side a cell lies", ylabel="cells"
)
axes.bar(np.arange(41), counts)
figure
