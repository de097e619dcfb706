"""
Two neurons: minima, saddles and the way between them
=====================================================

With K neurons a parameter cell is a set of K cells of the arrangement. Minima that fill a
polyhedron are found with their dimension; pieces in each other's closure are one component.
"""

import numpy as np

from arrangement import plot
from arrangement.relu import OneHiddenLayer

rng = np.random.default_rng(0)
X, y = rng.normal(size=(8, 1)), np.sin(np.arange(8.0))
layer = OneHiddenLayer(X, y, hidden=2)
landscape = layer.landscape()
for piece in landscape.pieces[:5]:
    print(f"{piece.loss:.6f}  {piece.kind:10}  dimension {piece.dimension}")
print(len(landscape.pieces), "pieces in", len(landscape.components), "components")

# %%
# Losses of all pieces by kind, with the differentiable saddles beside them.
plot.spectrum(landscape, saddles=landscape.saddles())

# %%
# The loss on the plane through the three best pieces, with every kink where it is.
plot.slice(landscape, through=landscape.pieces[:3])
