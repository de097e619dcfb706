"""
Depth against width
===================

Networks with 24 hidden neurons each, arranged in one to six layers: how many regions the
square [−1, 1]² is cut into, over ten random initialisations, beside the most there can be.
"""

import numpy as np
from matplotlib.figure import Figure

from arrangement import bounds
from arrangement.networks import Network

shapes = [[24], [12] * 2, [8] * 3, [6] * 4, [4] * 6]
counts = [
    [len(Network.random([2, *shape, 1], rng=seed).regions([(-1, 1)] * 2)) for seed in range(10)]
    for shape in shapes
]
for shape, found in zip(shapes, counts, strict=True):
    print(shape, "mean", np.mean(found), "at most", bounds.serra(2, shape))

# %%
figure = Figure(figsize=(5, 3), layout="constrained")
axes = figure.add_subplot(xlabel="hidden layers", ylabel="regions")
axes.boxplot(counts, tick_labels=[len(shape) for shape in shapes])
figure
