"""What a policy earns in the true game, and what a deviation could gain.

On pairs of node and belief, on histories, or by another program.
"""
