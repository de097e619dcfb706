"""The operators of ONNX on tensors of affine functions, and on constants.

Each function takes the graph that is being read, the inputs of its node (constants are arrays,
what depends on the input of the model is an :class:`Affine`, None is left out) and the node's
attributes by name.
"""
