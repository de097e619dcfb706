"""
Regions around a sample, with many inputs
=========================================

With 64 inputs nobody lists all regions. A walk starts in the one that a sample lies in and
goes on through facets, nearest first.
"""

from sklearn.datasets import load_digits
from sklearn.neural_network import MLPClassifier

from arrangement.networks import Network

digits = load_digits()
X = digits.data / 16
model = MLPClassifier((20,), max_iter=500, random_state=0).fit(X, digits.target)
network = Network.from_sklearn(model)
for region in network.walk([float(v) for v in X[0]], max_regions=10):
    print(region)
