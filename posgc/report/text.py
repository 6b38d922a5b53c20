"""What a person reads on standard output."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from posgc.information.items import Information
from posgc.judge.judgement import Judgement
from posgc.judge.referee import Comparison
from posgc.language.diagnostics.code_table import Code
from posgc.language.numerals import plural
from posgc.language.rounding import at_most, bracket
from posgc.model import Model
from posgc.pipeline import Compiled, CompressionResult, Simulation, Solution, Sweep
from posgc.play.sampler import CONFIDENCE, Episodes
from posgc.plugin.options import describe_options
from posgc.plugin.registry import Registry
from posgc.policy.artefact import Policy
from posgc.report.certificate import certificate, second_opinion
from posgc.report.checked import ANSWER, check, replayed
from posgc.report.compressions import attempts_table, sentences
from posgc.report.console import heading, put, say, standard_output
from posgc.report.explained import explained_code
from posgc.report.parts import Branch, Part
from posgc.report.strategies import grown
from posgc.report.traces import trace_columns, trace_rows

__all__ = [
    "check",
    "explain",
    "found_by",
    "plot",
    "plugins",
    "replayed",
    "show",
    "simulate",
    "solve",
    "solved",
    "verify",
]


def explain(code: Code) -> None:
    """What `posgc explain` says of a code."""
    console, explained = standard_output(), explained_code(code)
    say(console, f"{code.code}: {code.title}")
    say(console, code.explanation)
    parts = (("Wrong:", explained.wrong), ("posgc says:", explained.said), ("Right:", explained.right))
    for title, example in parts:
        if example:
            say(console)
            say(console, title)
            for row in example.splitlines():
                say(console, f"    {row}".rstrip())


def solve(solution: Solution, path: str | None, opinion: Comparison | None = None) -> None:
    """The outcome of `posgc solve`."""
    console = standard_output()
    heading(console, solution.compiled)
    for line in found_by(solution):
        say(console, f"  {line}")
    say(console)
    for part in (*solved(solution), *second_opinion(opinion)):
        put(console, part)
    say(console, "seconds: " + ", ".join(f"{k} {v:.2f}" for k, v in solution.compiled.seconds.items()))
    if path is not None:
        say(console, f"policy written to {path}; read it with: posgc show {path}")
    for caveat in solution.policy.claim.caveats:
        say(console, f"note: {caveat}")


def found_by(solution: Solution) -> Iterator[str]:
    """How the policy was found."""
    header, verdict = solution.policy.header, solution.independence
    basis = verdict.method if verdict.holds else ANSWER[verdict.holds]
    yield f"{header.concept} by {header.backend}{_planned(solution)} (Assumption 3: {basis})"
    yield from solution.policy.claim.notes[:3]


def solved(solution: Solution) -> Iterator[Part]:
    """What is known of the policy: values, gaps and bounds, and of the compression that it was planned on."""
    claim, compiled = solution.policy.claim, solution.compiled
    if solution.compression is not None:
        yield from _compression(solution.compression, solution.policy.header.agents)
    if solution.judgement is None and compiled.tail is not None:
        yield (
            f"the game has no end and was cut after {plural(compiled.model.horizon, 'step')}; "
            f"the bounds include {at_most(compiled.tail)} for what follows"
        )
    if solution.judgement is not None:
        yield from certificate(compiled, solution.judgement)
    if claim.gap_estimate is not None:
        yield estimated_gap(claim.gap_estimate)
    if claim.stage_gap is not None and solution.compression is not None:
        yield f"stage games of the compressed game: gaps of at most {at_most(claim.stage_gap)}"
    elif claim.stage_gap is not None and claim.gap_bound is not None:
        yield (
            f"stage games: gaps of at most {at_most(claim.stage_gap)}, which bounds the gap by "
            f"{at_most(claim.gap_bound)}"
        )
    lower, upper = solution.bounds
    if lower is not None and upper is not None:
        yield f"{solution.bounds_title}: {bracket(lower, upper)}{_after(solution)}"


def estimated_gap(found: dict[str, float]) -> str:
    """`Claim.gap_estimate` as a sentence."""
    judged, asked = int(found["judged"]), int(found["refits"])
    of = "" if judged == asked else f" of {asked}"
    return (
        f"estimated by the learner from {judged}{of} refits to resampled episodes, which proves nothing: gap "
        f"{found['middle']:.3g} in the middle, {found['level']:.0%} of them from {found['lower']:.3g} to "
        f"{found['upper']:.3g}"
    )


def _after(solution: Solution) -> str:
    """What the bounds of a game without end include, where the certificate does not say that it was cut."""
    tail, checked = solution.compiled.tail, solution.judgement
    if tail is None or checked is None or checked.proved:
        return ""
    steps = plural(solution.compiled.model.horizon, "step")
    return f" (the game has no end and was cut after {steps}; {at_most(tail)} of it is for what follows)"


def _planned(solution: Solution) -> str:
    """What was planned on; the policy, where that was no graph."""
    if solution.candidate.on_graph:
        return f" on {plural(sum(solution.layers), 'common belief')}"
    strategy = solution.policy.strategy
    return f": {strategy.kind}" + (f", {plural(strategy.n_nodes, 'node')}" if strategy.sizes else "")


def _compression(found: CompressionResult, agents: tuple[str, ...]) -> Iterator[Part]:
    if found.attempts:
        yield attempts_table(found.attempts)
    yield from sentences(found, agents)
    yield ""


def verify(compiled: Compiled, checked: Judgement, opinion: Comparison | None = None) -> None:
    """The outcome of `posgc verify`."""
    console = standard_output()
    heading(console, compiled)
    say(console)
    for part in (*certificate(compiled, checked), *second_opinion(opinion)):
        put(console, part)


def plot(found: Sweep, picture: str | None) -> None:
    """The outcome of `posgc plot`."""
    console = standard_output()
    heading(console, found.compiled)
    say(console, f"  {found.concept} by {found.backend} under each compression")
    say(console)
    put(console, attempts_table(found.attempts))
    say(console, f"picture written to {picture}" if picture else "nothing could be solved; no picture is written")


def simulate(simulation: Simulation, path: str | None) -> None:
    """The outcome of `posgc simulate`."""
    console, compiled, found = standard_output(), simulation.compiled, simulation.estimate
    heading(console, compiled)
    if simulation.traces is not None and path is None:
        _traces(console, compiled.model, simulation.traces)
    elif path is not None:
        say(console, f"traces written to {path}")
    say(console)
    discounted = "" if compiled.model.discount == 1 else f", discounted by {compiled.model.discount:z.10g}"
    say(
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
    say(
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
        say(console)
        say(console, f"episode {episode}")
        console.print(table)


def show(information: Information, policy: Policy, width: int, depth: int, limit: int) -> None:
    """A policy as a tree; raises as `posgc.report.strategies.grown`."""
    header = policy.header
    made = f"{header.game} under {header.protocol}: {header.concept} by {header.backend}"
    kind = "" if policy.strategy.kind == "machine" else f", {policy.strategy.kind}"
    tree = grown(information, policy.strategy, width, depth, limit)
    put(standard_output(), Branch(f"{made}{kind}, {_claimed(policy)}", tree))


def _claimed(policy: Policy) -> str:
    values = policy.claim.values
    return "no value claimed" if values is None else f"claimed values {', '.join(f'{v:z.6g}' for v in values)}"


def plugins(found: Registry) -> None:
    """What is installed."""
    console = standard_output()
    table = Table("plug-in", "distribution", "version", "defect", box=None, pad_edge=False)
    for plugin in found.plugins:
        table.add_row(*map(escape, (plugin.name, plugin.distribution, plugin.version, plugin.defect or "")))
    console.print(table)
    for backend in found.backends.values():
        say(console, f"back-end {backend.name}: {backend.summary}; {', '.join(sorted(backend.concepts))}")
        for line in describe_options(backend.options):
            say(console, f"  --option {line}")
    for compression in found.compressions.values():
        say(console, f"compression {compression.name}: {compression.summary}")
        for line in describe_options(compression.options):
            say(console, f"  {line}")
    for importer in found.importers.values():
        say(console, f"importer {importer.name}: {importer.summary}")
    for exporter in found.exporters.values():
        say(console, f"exporter {exporter.name}: {exporter.summary}")
        for line in describe_options(exporter.options):
            say(console, f"  --option {line}")
    for referee in found.referees.values():
        say(console, f"referee {referee.name}: {referee.summary}")
    for block in found.blocks.values():
        say(console, f"block {block.name}: {block.summary}")
