"""The operators of ONNX on tensors of affine functions, and on constants."""
