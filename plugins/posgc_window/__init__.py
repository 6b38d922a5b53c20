"""The compression `window`: finite memory of length L (Liu & Zhang 2023, Appendix E.4), for any lag table."""

from collections.abc import Sequence

from posgc.plugin import Compression, hookimpl
from posgc_window.compression import Window

__all__ = ["Window", "posgc_compressions"]


@hookimpl
def posgc_compressions() -> Sequence[Compression]:
    """This plug-in's one compression."""
    return (Window(),)
