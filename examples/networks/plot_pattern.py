"""
Any picture in a loss surface
=============================

Skorokhodov and Burtsev (2019) showed that every low-dimensional pattern occurs in the loss
surface of a large enough network. Here is the network, for a given picture, and the plane of
its parameters on which the loss is the picture, with the exact error.
"""

import numpy as np

from arrangement import plot
from arrangement.networks import pattern_network

u, v = np.meshgrid(np.linspace(-1.3, 1.3, 24), np.linspace(-1.3, 1.3, 24))
heart = ((u**2 + v**2 - 1) ** 3 - u**2 * v**3 < 0).astype(float)
made = pattern_network(heart)
print(made)

# %%
plot.pattern(made)
