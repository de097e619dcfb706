"""
Any width, as a convex program
==============================

With weight decay β the best network of any width is the solution of a convex program over all
activation patterns (Pilanci and Ergen 2020), and the cells are these patterns. Along β the
network loses its neurons one after the other.
"""

import numpy as np
from matplotlib.figure import Figure

from arrangement.relu import convex

rng = np.random.default_rng(1)
X = np.sort(rng.normal(size=(20, 1)), axis=0)
y = np.sin(3 * X[:, 0])
largest = convex.critical_beta(X, y)
betas = [0.5 * largest, 0.05 * largest, 0.005 * largest]
trained = [convex.train(X, y, beta) for beta in betas]
for beta, network in zip(betas, trained, strict=True):
    print(f"β = {beta:.4f}: {len(network.weights)} neurons, objective {network.fun:.6f}")

# %%
line = np.linspace(X.min(), X.max(), 200)
figure = Figure(figsize=(6, 3.5), layout="constrained")
axes = figure.add_subplot(xlabel="x")
axes.plot(X[:, 0], y, "ko", markersize=4, label="samples")
for beta, network in zip(betas, trained, strict=True):
    hidden = np.maximum(np.column_stack([line, np.ones(200)]) @ network.weights.T, 0)
    axes.plot(line, hidden @ network.output_weights, label=f"β = {beta:.3g}")
axes.legend(frameon=False)
figure
