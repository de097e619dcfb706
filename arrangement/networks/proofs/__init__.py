"""Certificates that regions are all regions: written here, and verified apart."""
