"""Regions of a network: what can be asked of them."""
