"""What an exception of code that posgc did not write says."""

from __future__ import annotations

__all__ = ["told"]


def told(error: BaseException) -> str:
    """Type and text of an exception, on one line; reading its text may fail as well."""
    try:
        text = " ".join(str(error).split())
    except Exception:  # `__str__` is the stranger's
        text = "its text cannot be read"
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
