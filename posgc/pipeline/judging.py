"""What becomes of a policy: verified, played, handed to other programs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

from posgc.assumptions import Verdict, belief_distances
from posgc.judge.histories import judge_histories
from posgc.judge.pairs import PolicyMismatch
from posgc.judge.referee import Comparison, compare
from posgc.judge.verify import Form, GapKind, Verification, gap_kind, verify
from posgc.language.diagnostics import Diagnostic, InputError, LimitError, Source
from posgc.language.display import Display
from posgc.model.rewards import reward_kind
from posgc.pipeline.checking import independence
from posgc.pipeline.compiling import Compiled, Request, quiet, timed
from posgc.play.players import Player, PolicyPlayer, RandomPlayer, UniformPlayer
from posgc.play.sampler import CONFIDENCE, Episodes, Estimate, estimate, record
from posgc.plugin.backend import Progress
from posgc.plugin.exporter import Exporter
from posgc.plugin.importer import RewardReading
from posgc.plugin.options import make_options
from posgc.plugin.referee import Referee
from posgc.plugin.registry import registry
from posgc.policy.artefact import Concept, Policy
from posgc.policy.compatibility import require_compatible
from posgc.policy.file import load_policy

__all__ = [
    "Simulation",
    "exporter_of",
    "referee_of",
    "request_of_policy",
    "second_opinion",
    "simulate",
    "verify_policy",
]


def request_of_policy(policy: Policy) -> tuple[Request, Source]:
    """How to compile the game that a policy carries.  Raises InputError when it carries none."""
    origin = policy.origin
    if origin is None:
        raise InputError([Diagnostic("E609", "the policy file carries no game", help="give the game with --game")])
    known: dict[str, RewardReading] = {"team": "team", "zero_sum": "zero_sum"}
    request = Request(
        origin.name,
        origin.share,
        origin.settings,
        None if origin.endless else origin.horizon,
        origin.discount,
        known.get(origin.reward),
        endless=origin.endless,
    )
    return request, Source(origin.name, origin.text)


def verify_policy(
    compiled: Compiled,
    policy: Policy,
    concept: Concept | None = None,
    progress: Progress = quiet,
    form: Form | None = None,
) -> tuple[Verification, Verdict]:
    """Recompute values and gap of a policy from the game alone: on pairs of node and belief where Assumption 3 is
    established, else on histories.

    `form` is of a CE, the policy's own where it is None.  Raises InputError when the policy does not belong to
    the game, lacks an instruction, or is asked for a gap that it cannot have; LimitError where there are too many pairs
    or information states, or a strategic form has too many prescriptions.
    """
    require_compatible(compiled.information, policy)
    verdict = independence(compiled, progress)
    concept = concept or policy.header.concept
    if form is not None and concept != "ce":
        raise InputError(
            [
                Diagnostic(
                    "E605",
                    f"only a CE has a strategic and an agent form, not {concept}",
                    help="add --concept ce, or leave --form out",
                )
            ]
        )
    if concept == "team" and reward_kind(compiled.model) != "common":
        raise InputError(
            [
                Diagnostic(
                    "E605",
                    "a team needs rewards that all agents share; these are not",
                    help="ask for --concept nash, ce or cce",
                )
            ]
        )
    kind: GapKind = gap_kind(concept, policy.header.options if form is None else {"form": form})
    information, most = compiled.information, compiled.request.max_nodes
    try:
        if not verdict.holds:
            return judge_histories(information, policy, kind, most, progress), verdict
        distances = partial(belief_distances, information, verdict)
        return verify(information, policy, kind, most, progress, distances), verdict
    except PolicyMismatch as error:
        raise InputError([Diagnostic("E610", f"the policy does not belong to this game: {error}")]) from None
    except ValueError as error:
        raise InputError([Diagnostic("E605", str(error))]) from None


@dataclass(frozen=True, repr=False)
class Simulation(Display):
    """Returns of a policy by playing it.  `policy` says which, `asked` episodes were wanted; `traces` are the first of
    them, in full (None where none were wanted); `claimed` is what the policy says of its values, None for players
    that say nothing."""

    compiled: Compiled
    policy: str
    asked: int
    estimate: Estimate
    traces: Episodes | None
    claimed: tuple[float, ...] | None

    @property
    def mean(self) -> dict[str, float]:
        """Mean discounted return of each agent."""
        return dict(zip(self.compiled.model.signature.agents, self.estimate.mean.tolist(), strict=True))

    @property
    def interval(self) -> dict[str, tuple[float, float]] | None:
        """Normal confidence interval of each mean (`posgc.play.sampler.CONFIDENCE`); None for a single episode."""
        found = self.estimate.interval
        agents = self.compiled.model.signature.agents
        return None if found is None else dict(zip(agents, map(tuple, found.tolist()), strict=True))

    def _facts(self) -> tuple[str, list[tuple[str, str]]]:
        interval = self.interval or {}
        means = [
            (
                f"mean of {agent}",
                f"{mean:z.6g}" + (f" in [{interval[agent][0]:z.6g}, {interval[agent][1]:z.6g}]" if interval else ""),
            )
            for agent, mean in self.mean.items()
        ]
        return f"simulation of {self.compiled.model.name}", [
            ("policy", self.policy),
            ("episodes", str(self.estimate.episodes)),
            *means,
            *([("level", f"{CONFIDENCE:g}")] if interval else []),
        ]


def simulate(
    compiled: Compiled, policy: str | Policy, episodes: int, traces: int = 0, progress: Progress = quiet
) -> Simulation:
    """Play `uniform`, `random:SEED`, a policy or a policy file, with the seed of the request.

    Raises InputError for a policy that cannot be read or does not belong to the game, LimitError where the
    traces are too long to keep.
    """
    model, seed = compiled.model, compiled.request.seed
    player, claimed = _player(compiled, policy)
    try:
        with timed(compiled.seconds, "traces"):
            kept = record(model, player, traces, seed) if traces else None
        with timed(compiled.seconds, "simulate"):
            found = estimate(model, player, episodes, seed, progress)
    except PolicyMismatch as error:
        raise InputError([Diagnostic("E610", f"the policy does not belong to this game: {error}")]) from None
    name = policy if isinstance(policy, str) else f"{policy.header.concept} policy of {policy.header.backend}"
    return Simulation(compiled, name, episodes, found, kept, claimed)


def _player(compiled: Compiled, policy: str | Policy) -> tuple[Player, tuple[float, ...] | None]:
    if isinstance(policy, Policy):
        return _fitting(compiled, policy)
    if policy == "uniform":
        return UniformPlayer(compiled.model), None
    if policy.startswith("random:"):
        try:
            return RandomPlayer(compiled.information, int(policy.removeprefix("random:"))), None
        except ValueError:
            raise InputError(
                [
                    Diagnostic(
                        "E613", f"--policy {policy:.40}: the seed is a whole number from 0", help="--policy random:1"
                    )
                ]
            ) from None
    return _fitting(compiled, load_policy(policy))


def _fitting(compiled: Compiled, policy: Policy) -> tuple[Player, tuple[float, ...]]:
    require_compatible(compiled.information, policy)
    return PolicyPlayer(compiled.information, policy), policy.header.values


def exporter_of(compiled: Compiled, name: str, options: Mapping[str, object]) -> tuple[Exporter, object]:
    """The exporter of that name with its options.  Raises InputError (E631, E632) where none serves this game."""
    exporters = registry().exporters
    if name not in exporters:
        raise InputError(
            [
                Diagnostic(
                    "E631", f"no installed plug-in writes {name}", help=f"formats: {', '.join(exporters) or 'none'}"
                )
            ]
        )
    reason = exporters[name].applies(compiled.information)
    if reason is not None:
        raise InputError(
            [
                Diagnostic(
                    "E632", f"{name} cannot hold this game: {reason}", help="`posgc plugins` lists the other formats"
                )
            ]
        )
    return exporters[name], make_options(exporters[name].options, options)


def referee_of(compiled: Compiled, name: str) -> Referee:
    """The referee of that name.  Raises InputError (E633) where it is not there or cannot judge this game."""
    referees = registry().referees
    why = f"no referee is called {name}" if name not in referees else referees[name].missing()
    if why is None and compiled.information.protocol.forget is not None:
        why = "under 'forget' the game tree has imperfect recall, in which a best response is another problem"
    if why is not None:
        raise InputError([Diagnostic("E633", why, help=f"referees: {', '.join(referees) or 'none'}")])
    return referees[name]


def second_opinion(compiled: Compiled, policy: Policy, checked: Verification | None, referee: Referee) -> Comparison:
    """What another program finds of a verified policy.

    Raises LimitError where the game tree is too large, InputError (E633) where the other program breaks.
    """
    if checked is None:
        raise LimitError("the policy is too large to verify, so there is nothing to ask the referee about")
    with timed(compiled.seconds, "referee"):
        try:
            return compare(compiled.information, policy, checked, referee.name, referee.judge)
        except LimitError:
            raise
        except Exception as error:  # another program may raise anything at all
            why = f"{referee.name} broke on the game tree: {type(error).__name__}: {error}"
            raise InputError([Diagnostic("E633", why, help="solve without --referee")]) from error
