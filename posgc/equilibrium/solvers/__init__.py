"""Linear programmes and complementarity problems, many at a time."""
