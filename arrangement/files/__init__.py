"""Files: text, archives and GraphML, read with care and written whole or not at all."""
