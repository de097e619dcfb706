"""Hyperplanes as they are given, in normal form, in other coordinates, and in a domain."""
