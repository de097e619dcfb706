"""ReLU networks: their samples as arrangements, and their exact loss landscapes."""

from arrangement.relu.landscape import Landscape, OneHiddenLayer
from arrangement.relu.pieces import Piece, Pieces
from arrangement.relu.product import ProductGraph

__all__ = ["Landscape", "OneHiddenLayer", "Piece", "Pieces", "ProductGraph"]
