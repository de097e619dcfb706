"""Every minimum: faces of neurons, their tuples, and which of them hold a minimum."""
