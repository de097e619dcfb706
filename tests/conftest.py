"""Settings of the test suite."""

from hypothesis import settings

# Compiling a kernel takes longer than any deadline; the first example would fail on it.
settings.register_profile("arrangement", deadline=None)
settings.load_profile("arrangement")
