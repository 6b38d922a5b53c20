"""Game to arrays: reachable states, rows, laws, whole columns at a time."""
