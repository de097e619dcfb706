"""Pictures of arrangements and of loss landscapes, drawn by matplotlib (the extra `plot`).

`arrangement` draws the cells of an arrangement on a line, in the plane or on the sphere;
`landscape` draws the cells of a neuron's weight space by their loss, with the minima on them.
Figures are made without pyplot: no window opens and no backend changes.
"""

from arrangement.plot.pictures import arrangement, landscape

__all__ = ["arrangement", "landscape"]
