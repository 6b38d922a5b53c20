"""The plug-in contract: everything that a plug-in needs to import of posgc's own."""

from posgc.compression.contract import Compression
from posgc.language.diagnostics import Diagnostic, InputError, LimitError, Source, Span
from posgc.language.numerals import vanishes
from posgc.language.sharing.lag_table import NEVER
from posgc.plugin.backend import Backend, Facts, NoOptions, Planner, Problem, Progress
from posgc.plugin.block import Block, Declared, Expression, Scope, Word
from posgc.plugin.exporter import Exporter, LiveExporter
from posgc.plugin.hookspecs import hookimpl
from posgc.plugin.importer import Imported, Importer, RewardReading, require_sense
from posgc.plugin.referee import Judgement, Profile, Referee

__all__ = [
    "NEVER",
    "Backend",
    "Block",
    "Compression",
    "Declared",
    "Diagnostic",
    "Exporter",
    "Expression",
    "Facts",
    "Imported",
    "Importer",
    "InputError",
    "Judgement",
    "LimitError",
    "LiveExporter",
    "NoOptions",
    "Planner",
    "Problem",
    "Profile",
    "Progress",
    "Referee",
    "RewardReading",
    "Scope",
    "Source",
    "Span",
    "Word",
    "hookimpl",
    "require_sense",
    "vanishes",
]
