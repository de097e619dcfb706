"""Pictures of arrangements and of loss landscapes, drawn by matplotlib (the extra `plot`).

`arrangement` draws the cells of an arrangement on a line, in the plane or on the sphere, and
its planes in space; `tope_graph` draws the graph of cells that share facets, and
`hasse_diagram` the posets of flats, faces and regions. `landscape` draws the cells of a
neuron's weight space by their loss, with the minima on them; `spectrum` draws the losses of the
minima of any number of neurons by kind, and `slice` the loss on a plane through their
parameters, with the boundaries of the cells; `index` draws the index of all critical points
against their loss. `pattern` draws a picture in the loss surface of a network, `surface` the
loss of a network of any depth on a line or plane of its parameters, and `regions` the linear
regions of a network with one or two inputs.
Each of these returns the figure that it has drawn on, and raises a MissingExtraError without
matplotlib. Figures are made without pyplot: no window opens and no backend changes. In .svg and
.pdf text stays text. `page` writes most of this as a page to explore, one HTML file.
"""

from arrangement.plot.diagrams import hasse_diagram, tope_graph
from arrangement.plot.indices import index
from arrangement.plot.loss_surfaces import surface
from arrangement.plot.network_regions import regions
from arrangement.plot.pages import page
from arrangement.plot.pictures import arrangement, landscape
from arrangement.plot.planted_patterns import pattern
from arrangement.plot.slices import slice
from arrangement.plot.spectra import spectrum

__all__ = [
    "arrangement",
    "hasse_diagram",
    "index",
    "landscape",
    "page",
    "pattern",
    "regions",
    "slice",
    "spectrum",
    "surface",
    "tope_graph",
]


def __dir__() -> list[str]:
    return sorted(__all__)
