"""What the game is, and who knows what when."""

from __future__ import annotations

import hashlib

from posgc.information.flow import flow
from posgc.information.words import describe_lags, describe_steps
from posgc.language.diagnostics import render
from posgc.language.numerals import plural
from posgc.model.rewards import reward_kind
from posgc.pipeline import Compiled
from posgc.report.informed import caption, structure
from posgc.report.page.blocks import Block, Bullets, Facts, Fold, Section, Verbatim
from posgc.report.page.cutting import cut, cut_text
from posgc.report.page.figures import flow_figure
from posgc.report.parts import Grid

__all__ = ["fingerprint", "game_section", "knowledge_section"]

VALUES, VARIABLES, RULES, RUNS = 12, 40, 40, 12
"""What is shown of a long list: values of a variable, variables, sentences on a protocol, runs of like steps."""

LINES, CHARACTERS = 400, 40_000
"""What is shown of the text of a game."""

REWARDS = {
    "common": "all agents share one reward: they are a team",
    "zero_sum": "what one agent gains the other loses: a zero-sum game",
    "general": "every agent has rewards of its own",
}


def fingerprint(compiled: Compiled) -> str:
    """SHA-256 of the text of the game; "" for one that was read from no text."""
    return "" if compiled.source is None else hashlib.sha256(compiled.source.text.encode()).hexdigest()


def game_section(compiled: Compiled) -> Section:
    """Agents, variables, rewards, the text, and what is odd about it."""
    model = compiled.model
    signature = model.signature
    whole = model.discount == 1
    end = "without end, cut where what follows no longer matters, after " if compiled.request.endless else ""
    facts = [
        ("agents", ", ".join(cut(signature.agents, VARIABLES, "agents", ""))),
        ("decisions", f"{end}{plural(model.horizon, 'step')}"),
        ("rewards", REWARDS[reward_kind(model)]),
        ("discount", "none: a reward counts the same at every step" if whole else f"{model.discount:.10g}"),
        ("sharing protocol", compiled.information.protocol.name),
        *((f"parameter {name}", value) for name, value in compiled.request.settings.items()),
    ]
    rows = [
        *(("state", name, _listed(values)) for name, values in zip(model.state_names, model.state_labels, strict=True)),
        *(
            (kind, f"{v.name} of {signature.agents[v.agent]}", _listed(v.values))
            for kind, variables in (("action", signature.actions), ("observation", signature.observations))
            for v in variables
        ),
    ]
    blocks: list[Block] = [Facts(facts), Grid(("kind", "variable", "values"), rows[:VARIABLES])]
    if len(rows) > VARIABLES:
        blocks.append(f"… {len(rows) - VARIABLES:,} more variables: the text of the game has all of them")
    blocks += [Fold(*_warnings(compiled))] if compiled.diagnostics else []
    blocks += [_text(compiled)] if compiled.source is not None else []
    blocks += (
        [Bullets([f"{name}: {line}" for name, declared in model.blocks.items() for line in declared.lines])]
        if model.blocks
        else []
    )
    lead = (
        "At each step every agent sees its observations, chooses an action, and is paid; the state moves on by chance. "
        "Of the state an agent knows what it was shown, and what it is told."
    )
    return Section("game", "The game", lead, blocks)


def _listed(values: tuple[str, ...]) -> str:
    return ", ".join(cut(values, VALUES, "values", ""))


def _warnings(compiled: Compiled) -> tuple[str, list[Block]]:
    rendered = "\n".join(render(d, compiled.source) for d in compiled.diagnostics)
    kept, left = cut_text(rendered, LINES, CHARACTERS, "`posgc check` prints all")
    blocks: list[Block] = [Verbatim(kept, "warnings"), *([left] if left else [])]
    return f"What looks odd in the text: {plural(len(compiled.diagnostics), 'warning')}", blocks


def _text(compiled: Compiled) -> Fold:
    source = compiled.source
    assert source is not None
    kept, left = cut_text(source.text, LINES, CHARACTERS, f"{source.name} has all")
    summary = f"The text of the game: {source.name}, {plural(source.text.count(chr(10)), 'line')}"
    return Fold(summary, [Verbatim(kept, "text of the game"), *([left] if left else [])])


def knowledge_section(compiled: Compiled) -> Section:
    """The picture, the rules in words, and the steps one by one."""
    information, agents = compiled.information, compiled.model.signature.agents
    runs = describe_steps(information, RUNS)
    rows = [
        (
            str(run.first) if run.first == run.last else f"{run.first} to {run.last}, as at {run.first}",
            _items(run.common),
            *map(_items, run.private),
        )
        for run in runs
    ]
    blocks: list[Block] = [
        flow_figure(compiled),
        f"The picture shows {caption(flow(information))}. Circles are observations, squares are actions; an arrow "
        "leads to the moment at which another agent learns the item.",
        Bullets(cut(describe_lags(information), RULES, "rules", "`posgc info` prints all")),
        Grid(("step", "everybody now knows as well", *(f"only {agent} knows" for agent in agents)), rows),
    ]
    if runs and runs[-1].last < information.horizon:
        left = information.horizon - runs[-1].last
        blocks.append(f"… {left:,} more steps: `posgc info --json` has all that differ")
    named = structure(information)
    same = f" It is the standard structure {named}." if named is not None else ""
    name = information.protocol.name
    lead = f"The sharing protocol {name} says who is told what, and how late.{same}{_example(compiled)}"
    return Section("knowledge", "Who knows what, and when", lead, blocks)


def _items(items: tuple[str, ...]) -> str:
    return ", ".join(cut(items, VALUES, "items", "")) or "nothing"


def _example(compiled: Compiled) -> str:
    """How items are written, with one of the game."""
    made = flow(compiled.information).made
    if not made:
        return ""
    first = made[0]
    owner, verb = compiled.model.signature.agents[first.owner], "sees" if first.item.kind == "observation" else "does"
    label = compiled.information.label(first.item)
    return f" {label} is written for the {first.item.kind} {first.name} that {owner} {verb} at step {first.item.time}."
