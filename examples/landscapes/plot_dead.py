"""
How often an initialisation is dead
===================================

A neuron that is active on no sample learns nothing. The weights for which it is so are a
convex cone, and the probability that an initialisation falls into it is its solid angle.
"""

import numpy as np
from matplotlib.figure import Figure

from arrangement.relu import OneHiddenLayer, dead_probability

rng = np.random.default_rng(0)
away = rng.normal(size=(15, 1)) + 3.0  # not normalised: all samples on one side
for name, X in [("centred", away - away.mean()), ("as measured", away)]:
    layer = OneHiddenLayer(X, rng.normal(size=15), hidden=4)
    dead = dead_probability(layer)
    print(f"{name}: a neuron starts dead with probability {dead.neuron} (exact: {dead.exact})")

# %%
# In between: the further the samples are from zero, the more neurons start dead.
shifts = np.linspace(0, 4, 41)
dead = [
    dead_probability(OneHiddenLayer(away - away.mean() + shift, np.zeros(15))).neuron
    for shift in shifts
]
figure = Figure(figsize=(5, 3), layout="constrained")
axes = figure.add_subplot(xlabel="mean of the samples", ylabel="probability of a dead neuron")
axes.plot(shifts, dead)
figure
