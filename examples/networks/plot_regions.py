"""
Linear regions of a deep network
================================

A ReLU network is linear on each of finitely many polygons; here are all of them in a square,
for two layers of 16 neurons, coloured by the affine map.
"""

from arrangement import bounds, plot
from arrangement.networks import Network

network = Network.random([2, 16, 16, 1], rng=0)
regions = network.regions([(-2, 2), (-2, 2)])
print(
    len(regions), "regions; no network of these widths has more than", bounds.serra(2, [16, 16])
)

# %%
plot.regions(regions)

# %%
# Each region has its pattern, its affine map, its vertices and neighbours.
region = regions[0]
print(region)
