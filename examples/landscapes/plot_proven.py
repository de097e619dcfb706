"""
Trained, polished, proven
=========================

L-BFGS ends near a minimum. ``polish`` finds the exact piece there, with a certificate that it
is a local minimum; ``fit_global`` proves what the global one is.
"""

import numpy as np
from matplotlib.figure import Figure
from scipy.optimize import minimize

from arrangement.relu import OneHiddenLayer

rng = np.random.default_rng(0)
X = rng.normal(size=(40, 2))
y = np.sin(2 * X[:, 0]) + 0.1 * rng.normal(size=40)
K, samples = 2, np.column_stack([X, np.ones(40)])
layer = OneHiddenLayer(X, y, hidden=K)


def loss(parameters):
    w, z = parameters[:-K].reshape(K, 3), parameters[-K:]
    active = samples @ w.T
    hidden = np.maximum(active, 0)
    residual = hidden @ z - y
    slope = 2 / len(y) * residual
    by_w = (slope[:, None] * (active > 0) * z).T @ samples
    return residual @ residual / len(y), np.concatenate([by_w.ravel(), hidden.T @ slope])


ends = [
    minimize(loss, rng.normal(size=4 * K), jac=True, method="L-BFGS-B").x for _ in range(20)
]
polished = [layer.polish((end[:-K].reshape(K, 3), end[-K:])) for end in ends]
print("after polishing:", *sorted({round(run.loss, 6) for run in polished}))

# %%
# The global minimum, with a lower bound that meets it.
best = layer.fit_global()
print(best.fun, best.lower_bound, best.status)
assert best.fun <= min(run.loss for run in polished) + 1e-9

# %%
figure = Figure(figsize=(5, 3), layout="constrained")
axes = figure.add_subplot(xlabel="run, sorted", ylabel="loss")
axes.plot(sorted(loss(end)[0] for end in ends), "o", label="ends of L-BFGS")
axes.plot(sorted(run.loss for run in polished), "x", label="polished")
axes.axhline(best.fun, color="k", label="global minimum, proven")
axes.legend(frameon=False)
figure
