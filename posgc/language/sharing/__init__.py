"""Sharing protocols: the standard structures, the rules of a `share` block, the table of lags they evaluate to."""
