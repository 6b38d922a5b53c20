"""posgc: a declarative compiler for partially observable stochastic games.

`posgc.load` reads a game, `Game` is what can be asked of it; docs/python.md shows the way.  Names are imported when
they are first used, so that `import posgc` costs next to nothing.
"""

TYPE_CHECKING = False  # true for type checkers; `typing` itself would take longer to import than all of this
if TYPE_CHECKING:
    from posgc import learn
    from posgc.api.comparing import compare
    from posgc.api.designing import design
    from posgc.api.game import Game
    from posgc.api.info import Info
    from posgc.api.reading import from_arrays, load, loads
    from posgc.assumptions.observability import GammaSummary, ObservabilityReport
    from posgc.assumptions.verdict import Verdict
    from posgc.language.diagnostics import Diagnostic, InputError, LimitError
    from posgc.language.sharing.lag_table import NEVER, LagTable
    from posgc.pipeline.checking import Report
    from posgc.pipeline.comparing import Comparison
    from posgc.pipeline.compiling import AssumptionFails
    from posgc.pipeline.designing import Design
    from posgc.pipeline.playing import Simulation
    from posgc.pipeline.solving import Solution
    from posgc.pipeline.verified import Verified
    from posgc.play.simulator import Simulator
    from posgc.policy.artefact import Policy
    from posgc.policy.file import load_policy

__all__ = [
    "NEVER",
    "AssumptionFails",
    "Comparison",
    "Design",
    "Diagnostic",
    "Game",
    "GammaSummary",
    "Info",
    "InputError",
    "LagTable",
    "LimitError",
    "ObservabilityReport",
    "Policy",
    "Report",
    "Simulation",
    "Simulator",
    "Solution",
    "Verdict",
    "Verified",
    "__version__",
    "compare",
    "design",
    "from_arrays",
    "learn",
    "load",
    "load_policy",
    "loads",
]
__version__ = "0.1.0"

_HOMES = {
    "posgc.api.comparing": ("compare",),
    "posgc.api.designing": ("design",),
    "posgc.api.game": ("Game",),
    "posgc.api.info": ("Info",),
    "posgc.api.reading": ("from_arrays", "load", "loads"),
    "posgc.assumptions.observability": ("GammaSummary", "ObservabilityReport"),
    "posgc.assumptions.verdict": ("Verdict",),
    "posgc.language.diagnostics": ("Diagnostic", "InputError", "LimitError"),
    "posgc.language.sharing.lag_table": ("NEVER", "LagTable"),
    "posgc.pipeline.checking": ("Report",),
    "posgc.pipeline.comparing": ("Comparison",),
    "posgc.pipeline.compiling": ("AssumptionFails",),
    "posgc.pipeline.designing": ("Design",),
    "posgc.pipeline.playing": ("Simulation",),
    "posgc.pipeline.solving": ("Solution",),
    "posgc.pipeline.verified": ("Verified",),
    "posgc.policy.artefact": ("Policy",),
    "posgc.policy.file": ("load_policy",),
    "posgc.play.simulator": ("Simulator",),
}


def __getattr__(name: str) -> object:
    """The public name `name`, imported now."""
    from importlib import import_module

    if name == "learn":  # a package of its own, which `import posgc` leaves alone
        return import_module("posgc.learn")
    home = next((module for module, names in _HOMES.items() if name in names), None)
    if home is None:
        raise AttributeError(f"module 'posgc' has no attribute {name!r}")
    found = getattr(import_module(home), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
