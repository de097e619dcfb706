"""
What a network can answer
=========================

The least and the largest output in a box, and the inputs where they are taken, exactly: not a
relaxation, and without listing all regions.
"""

from arrangement.networks import Network

network = Network.random([5, 20, 20, 20, 1], rng=1)
box = [(-0.1, 0.1)] * 5
found = network.output_range(box)
for end in (found.minima[0], found.maxima[0]):
    print(f"{float(end.value):+.6f} at {[round(float(x), 3) for x in end.point]}: {end.status}")

# %%
# Two networks are equal on a domain, or there is an input on which they are not.
small = Network.random([2, 8, 8, 1], rng=0)
print(small.equals(small.prune([(-1, 1)] * 2), [(-1, 1)] * 2))
print(small.equals(Network.random([2, 8, 8, 1], rng=1), [(-1, 1)] * 2))
