"""What `posgc info` says: sizes, who learns what when as a picture of characters and in words, and the JSON object."""

from __future__ import annotations

from itertools import groupby

from posgc.information.flow import Flow, Made, flow
from posgc.information.items import Information
from posgc.information.words import describe_lags, describe_steps
from posgc.language.sharing.standard import fitting
from posgc.pipeline import Compiled
from posgc.report.console import heading, say, standard_output
from posgc.report.documents import Json, game_facts, said, sizes

__all__ = ["caption", "document", "structure", "text"]

NARROWEST = 8
"""Characters of a step, at least."""

NAMED = 20
"""Characters that the names of those who learn an item at one step may take; beyond, they are counted."""

SEEN, DONE = {False: "○", True: "●"}, {False: "□", True: "■"}
"""Marks of observations and of actions, hollow and, where they are common at the last step shown, filled."""


def structure(information: Information) -> str | None:
    """The standard structure that the protocol is, unless it goes by that name."""
    name = fitting(information.signature, information.protocol, information.makes)
    return None if name == information.protocol.name else name


def caption(shown: Flow) -> str:
    """Which steps are shown."""
    if shown.horizon == 1:
        return "one step"
    return f"steps 1 to {shown.steps}" + (f" of {shown.horizon}" if shown.steps < shown.horizon else "")


def text(compiled: Compiled, picture: str | None = None) -> None:
    """The facts, for a person; `picture` is the file that was drawn."""
    console, information = standard_output(), compiled.information
    heading(console, compiled)
    named = structure(information)
    if named is not None:
        say(console, f"  the structure is {named}")
    say(console)
    for row in drawing(flow(information)):
        say(console, f"  {row}".rstrip())
    say(console)
    for line in describe_lags(information):
        say(console, f"  {line}")
    say(console)
    told = [f"{name}: {line}" for name, declared in compiled.model.blocks.items() for line in declared.lines]
    for line in [*told, ""] if told else []:
        say(console, line)
    agents = compiled.model.signature.agents
    for step in describe_steps(information):
        run = f"steps {step.first} to {step.last}, as at {step.first}"
        say(console, f"step {step.first}" if step.first == step.last else run)
        say(console, f"  becomes common (z): {', '.join(step.common) or 'nothing'}")
        for agent, own in zip(agents, step.private, strict=True):
            say(console, f"  private to {agent} (p): {', '.join(own) or 'nothing'}")
    if picture is not None:
        say(console, f"picture written to {picture}")


def drawing(shown: Flow) -> list[str]:
    """The picture in characters: a row for each agent with the marks of its items, and under it, for the first item of
    each variable, arrows to those who learn it, shaded from where it is common."""
    firsts = shown.first()
    if not firsts:
        return ["nobody sees or does anything"]
    names = {m.item: _names(shown, m) for m in firsts}
    left = max(len(a) for a in (*shown.agents, *(f"  ○ {m.name}" for m in firsts))) + 2
    slots = {(m.item.kind, m.item.variable): sum(o.owner == m.owner for o in firsts[:k]) for k, m in enumerate(firsts)}
    marks = max(slots.values()) + 1
    longest = max((len(name) for told in names.values() for step, name in told if step <= shown.steps), default=0)
    width = max(NARROWEST, marks + 2, longest + 3)
    rows = ["".ljust(left) + "".join(f"step {h}".ljust(width) for h in range(1, shown.steps + 1))]
    common = shown.common_at(shown.steps)
    for agent, name in enumerate(shown.agents):
        row = name.ljust(left)
        for h in range(1, shown.steps + 1):
            own = {slots[m.item.kind, m.item.variable]: m for m in shown.made if (m.owner, m.item.time) == (agent, h)}
            row += "".join(_mark(own[k], own[k].item in common) if k in own else " " for k in range(marks)).ljust(width)
        rows.append(row)
        for made in (m for m in firsts if m.owner == agent):
            label = f"  {_mark(made, False)} {made.name}".ljust(left)
            begin = left + (made.item.time - 1) * width + slots[made.item.kind, made.item.variable]
            rows.append(_arrow(shown, made, names[made.item], label.ljust(begin), left, width))
    return [*rows, "", "○ observation, □ action; filled: common at the last step shown", *_last_line(shown, firsts)]


def _mark(made: Made, common: bool) -> str:
    return (SEEN if made.item.kind == "observation" else DONE)[common]


def _names(shown: Flow, made: Made) -> list[tuple[int, str]]:
    """Who learns the item, step by step."""
    others = {a.agent for a in made.arrivals if a.certain}
    found = []
    for step, group in groupby(made.arrivals, key=lambda arrival: arrival.step):
        arrivals = list(group)
        who = [shown.agents[a.agent] + ("" if a.certain else "?") for a in arrivals]
        listed = ", ".join(who)
        if len(arrivals) == len(shown.agents) - 1 == len(others) and len(arrivals) > 1:
            listed = "all"
        elif len(listed) > NAMED:
            listed = f"{len(who)} agents"
        found.append((step, listed))
    return found


def _arrow(shown: Flow, made: Made, told: list[tuple[int, str]], row: str, left: int, width: int) -> str:
    """The row of an item: from its mark to the steps at which it is learned."""
    if not told:
        return row + "  nobody else"
    row, end = row + "└", left + shown.steps * width
    for step, names in told:
        if step > shown.steps:
            row = row.ljust(end, "─") + f"▶ {names} at step {step}"
            break
        row = row.ljust(left + (step - 1) * width, "─") + f"▶ {names} "
    if made.common is not None and made.common <= shown.steps:
        return row.ljust(end, "░")
    return row


def _last_line(shown: Flow, firsts: list[Made]) -> list[str]:
    parts = ["░ common"] if any(m.common is not None and m.common <= shown.steps for m in firsts) else []
    parts += ["? perhaps"] if any(not a.certain for m in firsts for a in m.arrivals) else []
    return [", ".join([*parts, caption(shown)])]


def document(compiled: Compiled, picture: str | None = None) -> Json:
    """The object of `posgc info --json`; `picture` is the file that was drawn, or null."""
    information, agents = compiled.information, compiled.model.signature.agents
    steps = [
        {
            "first": s.first,
            "last": s.last,
            "becomes_common": list(s.common),
            "private": {agent: list(own) for agent, own in zip(agents, s.private, strict=True)},
        }
        for s in describe_steps(information, compiled.model.horizon)
    ]
    items = [
        {
            "item": information.label(m.item),
            "kind": m.item.kind,
            "step": m.item.time,
            "owner": agents[m.owner],
            "learned": [{"agent": agents[a.agent], "step": a.step, "certain": a.certain} for a in m.arrivals],
            "common": m.common,
        }
        for m in flow(information).made
    ]
    return {
        **game_facts(compiled),
        "structure": fitting(information.signature, information.protocol, information.makes),
        "sizes": sizes(compiled),
        "discount": compiled.model.discount,
        "sharing": describe_lags(information),
        "items": items,
        "steps": steps,
        "declared": {name: dict(declared.document) for name, declared in compiled.model.blocks.items()},
        "picture": picture,
        **said(compiled),
    }
