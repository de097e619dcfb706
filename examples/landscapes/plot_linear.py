"""
Linear networks: all minima are global
======================================

Without activation every critical value comes from a subset of eigenvectors (Baldi and Hornik
1989): all minima are global, everything else is a saddle.
"""

import numpy as np
from matplotlib.figure import Figure

from arrangement.relu import LinearNetwork

rng = np.random.default_rng(0)
X = rng.normal(size=(30, 4))
Y = X @ rng.normal(size=(4, 3)) + 0.3 * rng.normal(size=(30, 3))
points = LinearNetwork(X, Y, hidden=2).critical_points()
for point in points[:4]:
    print(f"{point.loss:9.4f}  {point.kind:14}  {point.subset}  inertia {point.inertia}")

# %%
figure = Figure(figsize=(5, 3), layout="constrained")
axes = figure.add_subplot(xlabel="loss", ylabel="negative eigenvalues")
axes.plot([p.loss for p in points], [p.inertia[0] for p in points], "o")
figure
