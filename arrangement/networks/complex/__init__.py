"""The polyhedral complex into which a network cuts a domain."""
