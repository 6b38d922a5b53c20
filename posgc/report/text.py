"""What a person reads on standard output."""

from __future__ import annotations

import math
import sys
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.tree import Tree

from posgc.assumptions import ReplayResult, Verdict
from posgc.information.items import Information
from posgc.information.words import describe_lags, describe_steps
from posgc.judge.judgement import Judgement
from posgc.judge.referee import Comparison
from posgc.language.diagnostics import render
from posgc.language.numerals import plural
from posgc.language.rounding import at_most, bracket
from posgc.model import Model
from posgc.model.rewards import reward_kind
from posgc.pipeline import Compiled, CompressionResult, Report, Simulation, Solution, Sweep
from posgc.play.sampler import CONFIDENCE, Episodes
from posgc.plugin.options import describe_options
from posgc.plugin.registry import Registry
from posgc.policy.artefact import Policy
from posgc.report.compressions import BASIS, attempts_table, sentences
from posgc.report.strategies import grow
from posgc.report.traces import trace_columns, trace_rows

__all__ = ["check", "info", "plot", "plugins", "replayed", "show", "simulate", "solve", "verify"]

WITNESS_LINES = 8
ANSWER = {True: "holds", False: "FAILS", None: "not decided"}


class _Console(Console):
    def on_broken_pipe(self) -> None:
        """Leave it to the command line to end quietly."""
        raise BrokenPipeError


def _console() -> Console:
    """Standard output; a pipe gets plain lines that are never wrapped or cut."""
    return _Console(highlight=False, width=None if sys.stdout.isatty() else 100_000)


def _say(console: Console, line: str = "") -> None:
    console.print(escape(line), soft_wrap=True)


def _heading(console: Console, compiled: Compiled) -> None:
    model = compiled.model
    title = f" — {model.title}" if model.title else ""
    _say(console, f"{model.name}{title}")
    sizes = model.signature
    _say(
        console,
        f"  {plural(model.n_agents, 'agent')}: {', '.join(sizes.agents)}; {plural(model.n_states, 'state')}; "
        f"actions {' × '.join(map(str, sizes.action_sizes))}; observations "
        f"{' × '.join(map(str, sizes.observation_sizes))}; horizon {model.horizon}; "
        f"rewards: {reward_kind(model).replace('_', '-')}",
    )
    _say(console, f"  sharing: {compiled.information.protocol.name}")
    for diagnostic in compiled.diagnostics:
        print(render(diagnostic, compiled.source), file=sys.stderr)


def check(report: Report) -> None:
    """The report of `posgc check`."""
    console = _console()
    _heading(console, report.compiled)
    _say(console)
    _verdict(console, "Assumption 1 (evolution of information)", report.evolution)
    _gamma(console, report)
    _verdict(console, "Assumption 3 (strategy-independent beliefs)", report.independence)
    if report.independence.witness is not None:
        _witness(console, report.independence.witness)
    if report.layers:
        shown = ", ".join(map(str, report.layers[:12])) + (", …" if len(report.layers) > 12 else "")
        _say(console, f"Common beliefs by step: {shown} ({sum(report.layers)} in all)")
    else:
        _say(console, f"Common beliefs by step: {report.layers_note}")
    table = Table("back-end", "applies", "concepts", "why not", box=None, pad_edge=False)
    rows: dict[tuple[str, bool, str], list[str]] = {}
    for concept, offers in report.offers.items():
        for offer in offers:
            rows.setdefault((offer.name, offer.applies, offer.reason), []).append(concept)
    for (name, applies, reason), concepts in rows.items():
        table.add_row(name, "yes" if applies else "no", ", ".join(concepts), escape(reason))
    console.print(table)
    _say(console)
    _compressions(console, report)


def _compressions(console: Console, report: Report) -> None:
    """What `--compress` may be given, as far as small limits tell, and what theory would ask of a window."""
    table = Table("compression", "nodes", "error (L1)", "", box=None, pad_edge=False)
    for offer in report.compressions:
        nodes = "" if offer.nodes is None else str(offer.nodes)
        error = "" if offer.error is None else at_most(offer.error, 4)
        table.add_row(escape(offer.spec), nodes, error, escape(offer.reason or BASIS.get(offer.kind or "", "")))
    console.print(table)
    theory = report.theory
    steps = plural(math.ceil(theory.window), "step", ",") if math.isfinite(theory.window) else "no length (γ may be 0)"
    _say(
        console,
        f"theory's window, γ⁻⁴ log(SH/ε) up to a constant, for γ = {theory.gamma:z.4g} on reachable "
        f"differences and ε = {theory.epsilon:g}: {steps}",
    )


def _verdict(console: Console, name: str, verdict: Verdict) -> None:
    how = f" [{verdict.method}]" if verdict.method else ""
    _say(console, f"{name}: {ANSWER[verdict.holds]}{how}")
    lines = verdict.evidence.splitlines()
    for line in lines if verdict.witness is None else lines[:1]:
        _say(console, f"  {line.strip()}")
    for note in verdict.notes:
        _say(console, f"  note: {note}")


def _gamma(console: Console, report: Report) -> None:
    found = report.observability
    _say(console, f"Assumption 2 (γ-observability): {ANSWER[found.holds]}")
    for name, summary in (("γ", found.literal), ("γ on reachable differences", found.reachable)):
        worst = summary.worst
        at = f"; smallest at {', '.join(worst.action_labels[:3])} [{worst.method}]" if worst else ""
        _say(console, f"  {name}: {summary.in_words}{at}")
        if worst is not None and worst.witness is not None and name == "γ":
            _say(console, f"  witness: b = {_belief(worst.witness.b)} and b' = {_belief(worst.witness.b2)}")


def _belief(belief: tuple[tuple[int, str, float], ...]) -> str:
    shown = [f"{label}: {p:z.4g}" for _, label, p in belief[:4]]
    return "{" + "; ".join(shown) + ("; …" if len(belief) > 4 else "") + "}"


def _witness(console: Console, witness: Any) -> None:
    """The counterexample, laid out; `check --json` and `--witness FILE` hold all of it."""
    for number, (prescription, posterior) in enumerate(
        zip(witness["prescriptions"], witness["posteriors"], strict=True), start=1
    ):
        _say(console, f"  prescription {number}:")
        for agent, rules in prescription.items():
            plays = "; ".join(_assigned(r["action"]) + _given(r["private"], " when ") for r in rules)
            _say(console, f"    {agent}: {plays}")
        _say(console, f"  belief {number}:")
        for outcome in posterior[:WITNESS_LINES]:
            _say(console, f"    {outcome['probability']:z.6g}  {outcome['state']}{_given(outcome['private'], '; ')}")
        if len(posterior) > WITNESS_LINES:
            _say(console, f"    … {len(posterior) - WITNESS_LINES} more (--witness FILE writes all)")


def _assigned(values: dict[str, str]) -> str:
    return ", ".join(f"{item}={value}" for item, value in values.items()) or "no choice"


def _given(values: dict[str, str], lead: str) -> str:
    return lead + _assigned(values) if values else ""


def solve(solution: Solution, path: str | None, opinion: Comparison | None = None) -> None:
    """The outcome of `posgc solve`."""
    console = _console()
    header, claim = solution.policy.header, solution.policy.claim
    _heading(console, solution.compiled)
    verdict = solution.independence
    basis = verdict.method if verdict.holds else ANSWER[verdict.holds]
    _say(console, f"  {header.concept} by {header.backend}{_planned(solution)} (Assumption 3: {basis})")
    for note in claim.notes[:3]:
        _say(console, f"  {note}")
    _say(console)
    if solution.compression is not None:
        _compression(console, solution.compression, header.agents)
    if solution.judgement is None and solution.compiled.tail is not None:
        _say(
            console,
            f"the game has no end and was cut after {plural(solution.compiled.model.horizon, 'step')}; "
            f"the bounds include {at_most(solution.compiled.tail)} for what follows",
        )
    if solution.judgement is not None:
        _certificate(console, solution.compiled, solution.judgement)
    if claim.stage_gap is not None and solution.compression is not None:
        _say(console, f"stage games of the compressed game: gaps of at most {at_most(claim.stage_gap)}")
    elif claim.stage_gap is not None and claim.gap_bound is not None:
        _say(
            console,
            f"stage games: gaps of at most {at_most(claim.stage_gap)}, which bounds the gap by "
            f"{at_most(claim.gap_bound)}",
        )
    lower, upper = solution.bounds
    if lower is not None and upper is not None:
        _say(console, f"value of the game: {bracket(lower, upper)}")
    _opinion(console, opinion)
    _say(console, "seconds: " + ", ".join(f"{k} {v:.2f}" for k, v in solution.compiled.seconds.items()))
    if path is not None:
        _say(console, f"policy written to {path}; read it with: posgc show {path}")
    for caveat in claim.caveats:
        _say(console, f"note: {caveat}")


def _planned(solution: Solution) -> str:
    """What was planned on; the policy, where that was no graph."""
    if solution.candidate.on_graph:
        return f" on {plural(sum(solution.layers), 'common belief')}"
    strategy = solution.policy.strategy
    return f": {strategy.kind}" + (f", {plural(strategy.n_nodes, 'node')}" if strategy.sizes else "")


def _compression(console: Console, found: CompressionResult, agents: tuple[str, ...]) -> None:
    if found.attempts:
        console.print(attempts_table(found.attempts))
    for line in sentences(found, agents):
        _say(console, line)
    _say(console)


def _certificate(console: Console, compiled: Compiled, checked: Judgement) -> None:
    if checked.gains is None or checked.gap is None or checked.nash_conv is None or checked.certified is None:
        _estimated(console, compiled, checked)
        return
    exact = checked.status == "exact"

    def gained(x: float) -> str:
        return f"{x:z.3g}" if exact else at_most(x)

    most = "" if exact else "at most "
    table = Table("agent", "value", f"gain by deviating{most and ', at most'}", box=None, pad_edge=False)
    for agent, value, gain in zip(compiled.model.signature.agents, checked.values, checked.gains, strict=True):
        table.add_row(escape(agent), f"{value:z.12g}", gained(gain))
    console.print(table)
    _say(
        console,
        f"{checked.deviations.title} gap in the true game: {most}{gained(checked.gap)} (largest single gain), "
        f"NashConv {most}{gained(checked.nash_conv)} (sum); merging and rounding change it by at most "
        f"{at_most(checked.error, 1)}",
    )
    if compiled.tail is not None:
        whole = at_most(checked.certified + compiled.tail)
        _say(
            console,
            f"the game has no end and was cut after {plural(compiled.model.horizon, 'step')}; later "
            f"deviations gain at most {at_most(compiled.tail)}, so its gap is at most {whole}",
        )
    if checked.judged_on == "histories":
        states = plural(sum(checked.pairs), "information state")
        _say(console, f"judged on histories ({states} of deviators), which does not need Assumption 3")
        if not exact:
            _say(
                console,
                "note: deviators remember all that they have ever known and been told, which may be more "
                "than this gap's definition allows (`forget`, earlier recommendations): the gains are upper "
                "bounds",
            )
    elif compiled.information.protocol.forget is not None:
        _say(console, "note: deviators are given the same memory as the agents (`forget`)")


def _estimated(console: Console, compiled: Compiled, checked: Judgement) -> None:
    """What playing says: means with intervals, and nothing of deviations."""
    assert checked.margins is not None and checked.confidence is not None
    table = Table("agent", "value, estimated", f"{checked.confidence:.0%} interval", box=None, pad_edge=False)
    for agent, mean, half in zip(compiled.model.signature.agents, checked.values, checked.margins, strict=True):
        table.add_row(escape(agent), f"{mean:z.6g}", f"{mean - half:z.6g} to {mean + half:z.6g}")
    console.print(table)
    _say(
        console,
        f"estimated by play ({plural(sum(checked.pairs), 'episode')}); what a deviation could gain is not known, "
        "and nothing is proved",
    )


def _opinion(console: Console, opinion: Comparison | None) -> None:
    """Whether the referee agrees, and where it first does not."""
    if opinion is None:
        return
    first, asked = opinion.disagreement, f"{plural(len(opinion.findings), 'number')} on {plural(opinion.nodes, 'node')}"
    if first is None:
        worst = max(f.difference for f in opinion.findings)
        _say(console, f"referee {opinion.referee} agrees: {asked}, largest difference {worst:z.3g}")
    else:
        of = f" of {first.agent}" if first.agent else ""
        _say(
            console,
            f"referee {opinion.referee} DISAGREES ({asked}): the {first.quantity}{of} is {first.ours:z.12g} "
            f"here, {first.theirs:z.12g} there",
        )


def verify(compiled: Compiled, checked: Judgement, opinion: Comparison | None = None) -> None:
    """The outcome of `posgc verify`."""
    console = _console()
    _heading(console, compiled)
    _say(console)
    _certificate(console, compiled, checked)
    _opinion(console, opinion)


def plot(found: Sweep, picture: str | None) -> None:
    """The outcome of `posgc plot`."""
    console = _console()
    _heading(console, found.compiled)
    _say(console, f"  {found.concept} by {found.backend} under each compression")
    _say(console)
    console.print(attempts_table(found.attempts))
    _say(console, f"picture written to {picture}" if picture else "nothing could be solved; no picture is written")


def simulate(simulation: Simulation, path: str | None) -> None:
    """The outcome of `posgc simulate`."""
    console, compiled, found = _console(), simulation.compiled, simulation.estimate
    _heading(console, compiled)
    if simulation.traces is not None and path is None:
        _traces(console, compiled.model, simulation.traces)
    elif path is not None:
        _say(console, f"traces written to {path}")
    _say(console)
    discounted = "" if compiled.model.discount == 1 else f", discounted by {compiled.model.discount:z.10g}"
    _say(
        console,
        f"{simulation.policy}, seed {compiled.request.seed}: mean return of "
        f"{plural(found.episodes, 'episode')}{discounted}, normal {CONFIDENCE:.0%} interval",
    )
    claims = simulation.claimed or ()
    table = Table("agent", "mean", "interval", *(["the file's claim"] if claims else []), box=None, pad_edge=False)
    for i, agent in enumerate(compiled.model.signature.agents):
        between = "" if found.interval is None else f"[{found.interval[i][0]:z.6g}, {found.interval[i][1]:z.6g}]"
        table.add_row(escape(agent), f"{found.mean[i]:z.6g}", escape(between), *(f"{v:z.12g}" for v in claims[i:][:1]))
    console.print(table)
    rate = found.episodes * compiled.model.horizon / max(compiled.seconds["simulate"], 1e-9) / 1e6
    _say(
        console,
        "seconds: "
        + ", ".join(f"{k} {v:.2f}" for k, v in compiled.seconds.items())
        + f" ({rate:z.3g} million joint steps a second)",
    )


def _traces(console: Console, model: Model, traces: Episodes) -> None:
    for episode in range(traces.returns.shape[1]):
        table = Table(*map(escape, trace_columns(model, traces)), box=None, pad_edge=False)
        for row in trace_rows(model, traces, episode):
            table.add_row(*map(escape, row))
        _say(console)
        _say(console, f"episode {episode}")
        console.print(table)


def info(compiled: Compiled) -> None:
    """The facts of `posgc info`."""
    console = _console()
    _heading(console, compiled)
    _say(console)
    for line in describe_lags(compiled.information):
        _say(console, f"  {line}")
    _say(console)
    told = [f"{name}: {line}" for name, declared in compiled.model.blocks.items() for line in declared.lines]
    for line in [*told, ""] if told else []:
        _say(console, line)
    agents = compiled.model.signature.agents
    for step in describe_steps(compiled.information):
        run = f"steps {step.first} to {step.last}, as at {step.first}"
        _say(console, f"step {step.first}" if step.first == step.last else run)
        _say(console, f"  becomes common (z): {', '.join(step.common) or 'nothing'}")
        for agent, own in zip(agents, step.private, strict=True):
            _say(console, f"  private to {agent} (p): {', '.join(own) or 'nothing'}")


def show(information: Information, policy: Policy, width: int, depth: int, limit: int) -> None:
    """A policy as a tree; raises as `posgc.report.strategies.grow`."""
    header = policy.header
    made = f"{header.game} under {header.protocol}: {header.concept} by {header.backend}"
    kind = "" if policy.strategy.kind == "machine" else f", {policy.strategy.kind}"
    tree = Tree(escape(f"{made}{kind}, {_claimed(policy)}"))
    grow(tree, information, policy.strategy, width, depth, limit)
    _console().print(tree)


def _claimed(policy: Policy) -> str:
    values = policy.claim.values
    return "no value claimed" if values is None else f"claimed values {', '.join(f'{v:z.6g}' for v in values)}"


def replayed(result: ReplayResult) -> None:
    """The outcome of `posgc check --replay`."""
    console = _console()
    _say(console, f"witness {'confirmed' if result.confirmed else 'REFUTED'}: {result.reason}")
    _say(console, f"L1 distance of the two posteriors, recomputed: {result.distance:z.6g}")


def plugins(found: Registry) -> None:
    """What is installed."""
    console = _console()
    table = Table("plug-in", "distribution", "version", "defect", box=None, pad_edge=False)
    for plugin in found.plugins:
        table.add_row(*map(escape, (plugin.name, plugin.distribution, plugin.version, plugin.defect or "")))
    console.print(table)
    for backend in found.backends.values():
        _say(console, f"back-end {backend.name}: {backend.summary}; {', '.join(sorted(backend.concepts))}")
        for line in describe_options(backend.options):
            _say(console, f"  --option {line}")
    for compression in found.compressions.values():
        _say(console, f"compression {compression.name}: {compression.summary}")
        for line in describe_options(compression.options):
            _say(console, f"  {line}")
    for importer in found.importers.values():
        _say(console, f"importer {importer.name}: {importer.summary}")
    for exporter in found.exporters.values():
        _say(console, f"exporter {exporter.name}: {exporter.summary}")
        for line in describe_options(exporter.options):
            _say(console, f"  --option {line}")
    for referee in found.referees.values():
        _say(console, f"referee {referee.name}: {referee.summary}")
    for block in found.blocks.values():
        _say(console, f"block {block.name}: {block.summary}")
