"""Team optima of a layer of stage games."""
