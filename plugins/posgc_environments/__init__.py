"""Exporter plug-in: games as Python files that stand alone, by themselves or for reinforcement-learning libraries."""

from collections.abc import Sequence

from posgc.plugin import Exporter, hookimpl
from posgc_environments.exporters import GymnasiumExporter, OpenSpielExporter, PettingZooExporter, PythonExporter

__all__ = ["GymnasiumExporter", "OpenSpielExporter", "PettingZooExporter", "PythonExporter", "posgc_exporters"]


@hookimpl
def posgc_exporters() -> Sequence[Exporter]:
    """Four formats; writing them needs none of the libraries that they are for."""
    return PythonExporter(), PettingZooExporter(), GymnasiumExporter(), OpenSpielExporter()
