"""ReLU networks: their samples as arrangements, and their exact loss landscapes."""

from arrangement.relu.landscape import Landscape, OneHiddenLayer, Piece

__all__ = ["Landscape", "OneHiddenLayer", "Piece"]
