"""
The loss of a deep network on a plane
=====================================

Between three trained networks: cross-entropy, with the exact kinks of the plane where one
layer moves.
"""

from sklearn.datasets import make_moons
from sklearn.neural_network import MLPClassifier

from arrangement import plot
from arrangement.networks import Network
from arrangement.relu import NetworkLoss, loss_surface

X, y = make_moons(60, noise=0.2, random_state=0)
networks = [
    Network.from_sklearn(MLPClassifier((6,), max_iter=3000, random_state=seed).fit(X, y))
    for seed in range(3)
]
loss = NetworkLoss(networks[0], X, y, "softmax")
surface = loss_surface(loss, through=networks[1:], points=81)
plot.surface(surface)
