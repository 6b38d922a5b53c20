"""The policy: the artefact and its file, its values and exact gaps in the true game, its story for people."""
