"""Networks as other programs store them."""
