"""Optimal teams of hidden histories: the coordinator's search over common-knowledge components."""
