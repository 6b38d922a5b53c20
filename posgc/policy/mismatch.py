"""What is raised where a policy has no instruction for something that happens in the game."""

__all__ = ["PolicyMismatch"]


class PolicyMismatch(Exception):
    """The policy has no prescription or no edge for something that can happen in the game."""
