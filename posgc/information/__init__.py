"""Protocol to common and private information; the common-information graph, a layer at a time."""
