"""Agents, horizon and discount: what must be known before variables can be read."""

from __future__ import annotations

from collections.abc import Sequence

from posgc.language.diagnostics import Label
from posgc.language.diagnostics.report import Reporter
from posgc.language.elaborate.expressions import Expressions
from posgc.language.elaborate.values import INT, REAL, Env
from posgc.language.text import syntax as ast

__all__ = ["MAX_AGENTS", "MAX_HORIZON", "declare_agents", "declare_discount", "declare_horizon"]

MAX_AGENTS = 1000
MAX_HORIZON = 10**6


def declare_agents(expressions: Expressions, game: ast.GameText) -> tuple[str, ...] | None:
    """The names of the agents; None where the line is missing or wrong.  E205, E208, E308, E408."""
    texts = [item for item in game.items if isinstance(item, ast.Agents)]
    if not texts:
        if not any(isinstance(item, ast.Broken) and item.may_be("agents") for item in game.items):
            expressions.reporter.error("E208", "the game has no agents", game.span, "write `agents ann, bob;`")
        return None
    _once(expressions.reporter, texts, "the agents are declared twice")
    groups = [_group(expressions, group) for group in texts[0].groups]
    agents = tuple(name for group in groups for name in group or ())
    if None in groups or len(agents) > MAX_AGENTS:
        if None not in groups:
            expressions.reporter.error("E308", f"more than {MAX_AGENTS} agents", texts[0].span, "take fewer")
        expressions.context.names.lost.add("agents")
        return None
    return agents


def _group(expressions: Expressions, group: ast.AgentGroup) -> tuple[str, ...] | None:
    """The agents `ann`, or `robot[1]`, `robot[2]`, ...; None after reporting an error."""
    if group.size is None:
        return (group.name.text,)
    size = expressions.types.constant(group.size, Env(), INT, "the number of agents")
    if size is None or not 1 <= (number := int(size)) <= MAX_AGENTS:
        if size is not None:
            code, what = ("E408", "there are no agents") if number < 1 else ("E308", f"more than {MAX_AGENTS} agents")
            expressions.reporter.error(code, what, group.size.span, f"a game has 1 to {MAX_AGENTS} agents")
        return None
    return tuple(f"{group.name.text}[{k}]" for k in range(1, number + 1))


def _once(reporter: Reporter, texts: Sequence[ast.Agents | ast.Horizon | ast.Discount], message: str) -> None:
    """Reports every line but the first (E205)."""
    for again in texts[1:]:
        first = Label(texts[0].span, "first declared here")
        reporter.error("E205", message, again.span, "keep one of the lines", (first,))


def declare_horizon(expressions: Expressions, game: ast.GameText, override: int | None) -> int | None:
    """The number of decisions; None where it is missing or wrong.  E205, E411, E607, E623."""
    texts = [item for item in game.items if isinstance(item, ast.Horizon)]
    _once(expressions.reporter, texts, "the horizon is declared twice")
    written = None
    for text in texts[:1]:
        written = _whole(expressions, text)
    if override is not None:
        if not 1 <= override <= MAX_HORIZON:
            expressions.reporter.error(
                "E623",
                f"the horizon {override} is not between 1 and {MAX_HORIZON:,}",
                None,
                "it is the number of decisions",
            )
            expressions.context.names.lost.add("horizon")
            return None
        expressions.context.names.lost.discard("horizon")
        return override
    if not texts and "horizon" not in expressions.context.names.lost:
        expressions.reporter.error(
            "E607", "the game has no horizon", game.span, "write `horizon 3;`, or give `--horizon 3`"
        )
    if written is None:
        expressions.context.names.lost.add("horizon")
    return written


def _whole(expressions: Expressions, text: ast.Horizon) -> int | None:
    value = expressions.types.constant(text.value, Env(), REAL, "the horizon")
    if value is None or isinstance(value, str):
        return None
    if value != value // 1 or not 1 <= value <= MAX_HORIZON:
        expressions.reporter.error(
            "E411",
            f"the horizon {value:.12g} is not a whole number from 1 to {MAX_HORIZON:,}",
            text.value.span,
            "it is the number of decisions",
        )
        return None
    return int(value)


def declare_discount(expressions: Expressions, game: ast.GameText, override: float | None) -> float:
    """The discount factor, 1 unless declared.  E205, E410, E623."""
    texts = [item for item in game.items if isinstance(item, ast.Discount)]
    _once(expressions.reporter, texts, "the discount is declared twice")
    result = 1.0
    for text in texts[:1]:
        value = expressions.types.constant(text.value, Env(), REAL, "the discount")
        if value is not None and not isinstance(value, str):
            if 0 <= value <= 1:
                result = float(value)
            else:
                expressions.reporter.error(
                    "E410",
                    f"the discount {value:.12g} is not in [0, 1]",
                    text.value.span,
                    "a factor of 1 means no discounting",
                )
    if override is None:
        return result
    if not 0 <= override <= 1:
        expressions.reporter.error(
            "E623", f"the discount {override} is not in [0, 1]", None, "a factor of 1 means none"
        )
        return 1.0
    return float(override)
