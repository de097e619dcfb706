"""
Index against loss, completely
==============================

That critical points of high loss have many directions down is usually seen in samples. Here
all of them are listed, with the numbers of negative, zero and positive eigenvalues of the
Hessian, decided exactly.
"""

import numpy as np

from arrangement import plot
from arrangement.relu import OneHiddenLayer

rng = np.random.default_rng(2)
X = rng.normal(size=(7, 1))
landscape = OneHiddenLayer(X, rng.normal(size=7), hidden=2).landscape()
points = landscape.critical_points()
print(len(points), "critical points; the first and the last:")
print(points.loss[0], points.inertia[0], points.loss[-1], points.inertia[-1])

# %%
plot.index(points)
