"""A game that was read and compiled, and what can be asked of it."""

from __future__ import annotations

import dataclasses
import io
import os
from collections.abc import Mapping
from dataclasses import dataclass
from numbers import Integral
from typing import Any, BinaryIO

from posgc.api.choices import compression_asked, options_asked
from posgc.api.info import Info
from posgc.api.progress import shown
from posgc.language.concepts import ConceptName, concept_of
from posgc.language.diagnostics import Diagnostic, InputError
from posgc.language.display import Display, more_html
from posgc.language.files import replace_file
from posgc.model import Model
from posgc.pipeline import (
    Compiled,
    CompressionRequest,
    Report,
    Simulation,
    Solution,
    Verified,
    check,
    exporter_of,
    simulate,
    solve,
    verify_policy,
)
from posgc.play.chance import require_seed
from posgc.play.environment import Budget
from posgc.play.simulator import Simulator
from posgc.plugin.backend import Progress
from posgc.plugin.exporter import LiveExporter
from posgc.plugin.registry import registry
from posgc.policy.artefact import Policy
from posgc.policy.file import load_policy
from posgc.workers import Workers

__all__ = ["Game"]

Asked = Progress | bool | None
"""Progress: a callback `(stage, done, total)`, True for a bar on standard error, else nothing."""


@dataclass(frozen=True, eq=False, repr=False)
class Game(Display):
    """A game under a sharing protocol, made by `load`, `loads` or `from_arrays`; it never changes.

    `compiled.model` has the arrays, `compiled.information` who knows what when, `compiled.diagnostics` the warnings
    and notes of the file.  A game can be sent to another process.
    """

    compiled: Compiled

    @property
    def model(self) -> Model:
        """The arrays: n agents, S states, H decisions (`posgc.model.arrays.Model`)."""
        return self.compiled.model

    @property
    def name(self) -> str:
        """The name that the file gives the game."""
        return self.model.name

    @property
    def agents(self) -> tuple[str, ...]:
        """The names of the n agents, in the order of every axis [n]."""
        return self.model.signature.agents

    @property
    def info(self) -> Info:
        """Sizes, and who knows what when."""
        return Info.of(self.compiled)

    def check(self, *, max_nodes: int | None = None, progress: Asked = None) -> Report:
        """Assumptions 1 to 3 with proof or witness, γ, and which back-ends and compressions are on offer.

        Nothing is raised where an assumption fails: the report says so.  `max_nodes` limits the common beliefs.
        """
        with shown(progress) as told:
            return check(self._asked(max_nodes), told)

    def solve(
        self,
        concept: ConceptName,
        backend: str | None = None,
        compress: str | CompressionRequest | None = None,
        epsilon: float | str | None = None,
        *,
        options: Mapping[str, object] | None = None,
        samples: int | None = None,
        time_limit: float | None = None,
        max_nodes: int | None = None,
        seed: int | None = None,
        progress: Asked = None,
        **named: object,
    ) -> Solution:
        """A team optimum (`team`) or an equilibrium (`nash`, `ce`, `cce`), verified in the true game.

        `backend`: a plug-in's name, by default the first that applies; `options` are its options by name, which may
        also be given as keywords (`select="egalitarian"`), `epsilon` (tolerated gap of a stage, in the unit of the
        rewards) among them.  `samples`: joint steps that a back-end that learns may take.
        `compress`: `belief(0.01)`, `window(3)`, `exact`, `bisimulation`; with `auto`, `epsilon` is the gap of the whole
        game that is to be met, and `time_limit` the seconds after which nothing more is tried; look at
        `Solution.compression.met`.  Without `auto`, `time_limit` is a back-end's option of that name.
        `max_nodes` limits the common beliefs, `seed` is of whatever is random.

        Raises InputError for a concept, back-end or option that does not serve this game, its subclass AssumptionFails
        where one would if Assumption 3 held; LimitError past a limit, or where Assumption 3 is not decided.
        """
        concept_of(concept)
        if not (compress is None or isinstance(compress, str | CompressionRequest)):
            raise TypeError(f"compress is a text such as 'auto' or 'NAME(VALUE)', not {type(compress).__name__}")
        if not (options is None or isinstance(options, Mapping)):
            raise TypeError(f"options are a dictionary of values by name, not {type(options).__name__}")
        wanted = (
            compress if isinstance(compress, CompressionRequest) else compression_asked(compress, epsilon, time_limit)
        )
        chosen = options_asked(options or {}, named, epsilon, wanted, time_limit)
        budget = None if samples is None else Budget(samples)
        with shown(progress) as told:
            return solve(self._asked(max_nodes, seed), concept, backend, chosen, told, wanted, budget)

    def verify(
        self,
        policy: Policy | Solution | str | os.PathLike[str],
        concept: ConceptName | None = None,
        form: str | None = None,
        *,
        max_nodes: int | None = None,
        progress: Asked = None,
    ) -> Verified:
        """Values and gap of a policy (or of a file of one), recomputed from this game alone.

        `concept` and `form` (of a CE: `agent`, `strategic` or `extensive`; of a CCE the last two) say which deviations;
        by default the policy's own.
        `Verified.judgement.status` says what the numbers are: a policy that is no machine and too large to judge is
        played, and its values are estimates.  Raises InputError where the policy does not fit the game, cannot have
        such a gap, or needs a plug-in that is not installed; LimitError for a machine past `max_nodes`.
        """
        found = _policy(policy)
        compiled = self._asked(max_nodes)
        with shown(progress) as told:
            verification, _ = verify_policy(compiled, found, concept, told, form)
        return Verified(compiled, concept or found.header.concept, verification)

    def simulate(
        self,
        policy: Policy | Solution | str | os.PathLike[str] = "uniform",
        episodes: int = 10_000,
        *,
        traces: int = 0,
        seed: int | None = None,
        workers: int | None = None,
        ray: str | None = None,
        progress: Asked = None,
    ) -> Simulation:
        """Mean discounted returns of so many episodes, with a confidence interval.

        `policy`: a policy, the path of a policy file, `uniform`, or `random:SEED`.  `traces`: the first episodes that
        are kept in full (`Simulation.traces`).  Episode e of a seed is the same whatever the number of episodes.
        `workers`: processes that play, by default this one alone.  `ray`: the address of a Ray cluster that plays
        instead.
        Raises InputError where the policy cannot be read or does not fit, LimitError where the traces are too long to
        keep, ValueError for fewer than one episode or process.
        """
        if not isinstance(episodes, Integral):
            raise TypeError(f"episodes is a whole number, not {episodes!r}")
        policy = policy.policy if isinstance(policy, Solution) else policy
        player = policy if isinstance(policy, Policy) else os.fspath(policy)
        crew = Workers(workers, ray)
        with shown(progress) as told:
            return simulate(self._asked(None, seed), player, episodes, traces, told, crew)

    def simulator(self, seed: int = 0) -> Simulator:
        """A batch of episodes, a joint action at a time: samples only, never tables.  Raises ValueError for a negative
        seed."""
        return Simulator(self.model, seed)

    def env(self, library: str | None = None, **options: Any) -> Any:
        """An environment of another library, by default the first that a plug-in makes: PettingZoo's parallel one.

        `options` are of that environment: `view="information"` shows all that an agent knows by the protocol,
        `render_mode="ansi"` or `"human"`.  Raises InputError (E636) where the library is not installed, E631 where no
        plug-in makes one, E632 where this game cannot be one.
        """
        if library is None:
            live = (name for name, exporter in registry().exporters.items() if isinstance(exporter, LiveExporter))
            library = next(live, "")
        exporter, limits = exporter_of(self.compiled, library, {})
        if not isinstance(exporter, LiveExporter):
            what = f"{library} is written to files only"
            raise InputError([Diagnostic("E631", what, help=f"game.export({library!r}, PATH)")])
        missing = exporter.ready()
        if missing is not None:
            raise InputError([Diagnostic("E636", f"{library} is not installed", help=missing)])
        return exporter.make(self.compiled.information, limits, **options)

    def export(
        self, to: str, path: str | os.PathLike[str] | None = None, *, options: Mapping[str, object] | None = None
    ) -> str:
        """The game in another program's format, as text; written to `path` too where one is given.

        `to` is a format that `posgc plugins` lists, `options` are its options by name.  Raises InputError (E631, E632)
        where there is no such format or it cannot hold the game, E615 where the file cannot be written, LimitError
        where the text would be too large.
        """
        exporter, chosen = exporter_of(self.compiled, to, options or {})
        text = io.StringIO(newline="\n")
        exporter.export(self.compiled.information, chosen, text)
        written = text.getvalue()

        def write(file: BinaryIO) -> object:
            return file.write(written.encode())

        if path is not None:
            replace_file(path, write, *([self.compiled.request.path] if self.compiled.source is not None else []))
        return written

    def _asked(self, max_nodes: int | None = None, seed: int | None = None) -> Compiled:
        """The compiled game with other limits, and with seconds of its own."""
        if max_nodes is not None and max_nodes < 1:
            raise ValueError(f"max_nodes is {max_nodes}: at least one node is needed")
        if seed is not None:
            require_seed(seed)
        request = self.compiled.request
        asked = dataclasses.replace(
            request,
            max_nodes=request.max_nodes if max_nodes is None else max_nodes,
            seed=request.seed if seed is None else seed,
        )
        return dataclasses.replace(self.compiled, request=asked, seconds=dict(self.compiled.seconds))

    def _facts(self) -> tuple[str, list[tuple[str, str]]]:
        return self.info._facts()


@more_html.register
def _picture(shown: Game) -> str:
    from posgc.report.notebook import html_of_game

    return html_of_game(shown.compiled)


def _policy(policy: Policy | Solution | str | os.PathLike[str]) -> Policy:
    if isinstance(policy, Solution):
        return policy.policy
    return policy if isinstance(policy, Policy) else load_policy(os.fspath(policy))
