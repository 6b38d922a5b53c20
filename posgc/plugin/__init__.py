"""The plug-in contract: everything that a plug-in needs to import of posgc's own."""

from posgc.compression.contract import Compression
from posgc.language.diagnostics import Diagnostic, InputError, LimitError, Source, Span
from posgc.language.protocol import NEVER
from posgc.plugin.backend import Backend, Facts, NoOptions, Planner, Problem, Progress
from posgc.plugin.hookspecs import hookimpl
from posgc.plugin.importer import Imported, Importer, RewardReading, require_sense

__all__ = [
    "NEVER", "Backend", "Compression", "Diagnostic", "Facts", "Imported", "Importer", "InputError", "LimitError",
    "NoOptions", "Planner", "Problem", "Progress", "RewardReading", "Source", "Span", "hookimpl",
    "require_sense",
]  # fmt: skip
