"""Assumption 3: from the wiring alone, and exactly on the vertices of a layer."""
