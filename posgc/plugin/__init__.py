"""The plug-in contract: everything that a plug-in needs to import of posgc's own."""

from posgc.compression.contract import Compression
from posgc.language.concepts import ConceptName
from posgc.language.diagnostics import Diagnostic, InputError, LimitError, Source, Span
from posgc.language.files import replace_file, require_writable
from posgc.language.numerals import plural, vanishes
from posgc.language.sharing.lag_table import NEVER
from posgc.play.environment import Budget, Environment
from posgc.plugin.backend import Backend, Facts, Learner, LearningProblem, NoOptions, Planner, Problem, Progress
from posgc.plugin.block import Block, Declared, Expression, Scope, Word
from posgc.plugin.exporter import Exporter, LiveExporter
from posgc.plugin.hookspecs import hookimpl
from posgc.plugin.importer import Imported, Importer, RewardReading, require_sense
from posgc.plugin.referee import Profile, Referee, SecondOpinion
from posgc.policy.artefact import Claim, Result
from posgc.policy.controllers import Controller, Controllers, ControllerStep
from posgc.policy.machine import Machine, PolicyStep
from posgc.policy.mixture import Mixture
from posgc.policy.opaque import Opaque, OpaquePlayer
from posgc.policy.stationary import Stationary

__all__ = [
    "NEVER",
    "Backend",
    "Block",
    "Budget",
    "Claim",
    "Compression",
    "ConceptName",
    "Controller",
    "ControllerStep",
    "Controllers",
    "Declared",
    "Diagnostic",
    "Environment",
    "Exporter",
    "Expression",
    "Facts",
    "Imported",
    "Importer",
    "InputError",
    "Learner",
    "LearningProblem",
    "LimitError",
    "LiveExporter",
    "Machine",
    "Mixture",
    "NoOptions",
    "Opaque",
    "OpaquePlayer",
    "Planner",
    "PolicyStep",
    "Problem",
    "Profile",
    "Progress",
    "Referee",
    "Result",
    "RewardReading",
    "Scope",
    "SecondOpinion",
    "Source",
    "Span",
    "Stationary",
    "Word",
    "hookimpl",
    "plural",
    "replace_file",
    "require_sense",
    "require_writable",
    "vanishes",
]
