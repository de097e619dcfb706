"""
Every minimum of one neuron on real digits
==========================================

Images of zeros and ones, reduced to two principal components and a bias, are planes through
the origin in the weight space of a neuron: on the sphere of directions they are great circles.
In each cell the loss is convex; every local minimum is found.
"""

from collections import Counter

from arrangement import data, plot
from arrangement.relu import OneHiddenLayer

digits = data.prepare(data.mnist(), classes=[0, 1], samples=60, features=2, labels="sign")
landscape = OneHiddenLayer(digits.X, digits.y).landscape()
print(len(landscape.cells), "cells")
print(Counter(piece.kind for piece in landscape.pieces))

# %%
# The best one: its loss, and the weights in the samples' coordinates.
best = landscape.global_minimum
print(best.kind, best.loss, best.weights, best.output_weights)

# %%
plot.landscape(landscape)
