"""
Decision regions, exactly
=========================

The sets on which a network answers one class are unions of polygons: their areas, the boundary
between them and their topology are found without a grid.
"""

from sklearn.datasets import make_moons
from sklearn.neural_network import MLPClassifier

from arrangement import plot
from arrangement.networks import Network

X, y = make_moons(200, noise=0.15, random_state=0)
model = MLPClassifier((12, 12), max_iter=2000, random_state=0).fit(X, y)
network = Network.from_sklearn(model)
regions = network.regions([(-2, 3), (-1.5, 2)])
decisions = regions.decision_regions()
print(len(regions), "linear regions,", len(decisions), "of one class each")

# %%
plot.regions(decisions, colour="class")

# %%
# How far may a sample move before the answer changes? The nearest point of the boundary.
sample = [float(v) for v in X[0]]
found = network.robustness(sample, [(-2, 3), (-1.5, 2)], "l2")
print(found)
