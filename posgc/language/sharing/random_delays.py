"""Laws of delays that are drawn for each item: `{1: 0.9, never: 0.1}`, `geometric(0.5, 4)`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from math import fsum

from posgc.language import ir
from posgc.language.elaborate.values import INT, REAL, Env, Typed
from posgc.language.sharing.constants import Constants, typed
from posgc.language.sharing.lag_table import LONGEST_RANDOM, NEVER
from posgc.language.text import syntax as ast

__all__ = ["Law", "SharedDelays", "law_of"]

Law = tuple[tuple[int, float], ...]
"""(lag, probability) by ascending lag, last `NEVER` where an item may get lost."""

_TOLERANCE = 1e-9  # absolute, on the sum of the probabilities


def law_of(constants: Constants, node: ast.Expression, env: Env) -> Law | None:
    """The law that is written, made to sum to 1 exactly; None after reporting an error (E402, E403, E514)."""
    if "never" not in env.bindings:
        env = env.bind("never", Typed(ir.Const(NEVER, node.span), INT))
    match node:
        case ast.Mixture(pairs=pairs):
            found = [_row(constants, lag, p, env) for lag, p in pairs]
        case ast.Call(name="geometric", arguments=(p, cap), primed=False):
            found = list(_geometric(constants, p, cap, env))
        case _:
            cure = "write `{1: 0.9, never: 0.1}`, or `geometric(0.5, 4)` for a retry at each of 4 steps"
            constants.reporter.error("E514", "this is not a law of delays", node.span, cure)
            return None
    weights = defaultdict[int, float](float)
    for row in found:
        if row is None:
            return None
        weights[row[0]] += row[1]
    total = fsum(weights.values())
    if abs(total - 1) > _TOLERANCE:
        cure = "mend one of them; what is lost arrives `never`: `{1: 0.9, never: 0.1}`"
        constants.reporter.error("E403", f"these probabilities sum to {total:.12g}, not to 1", node.span, cure)
        return None
    return tuple((lag, p / total) for lag, p in sorted(weights.items()) if p > 0)


class SharedDelays:
    """The `chance` lines of a block: what channels that name one of them draw together."""

    def __init__(self, constants: Constants, lines: Sequence[tuple[ast.SharedDelay, Env]]) -> None:
        self.constants = constants
        self.lines = dict[str, tuple[ast.SharedDelay, Env]]()  # with the arguments of their block
        for line, arguments in lines:
            name = line.target.name
            if name in self.lines:
                constants.reporter.error("E205", f"`{name}` is drawn twice", line.span, "keep one of the lines")
            for index in line.target.indices:
                if isinstance(index, ast.Reference) and constants.indices.is_fresh(index, arguments):
                    constants.indices.is_misspelt(index.name, index.span, arguments)
                else:
                    cure = f"write a fresh name, `chance {name}[k] ~ ...`"
                    constants.reporter.error("E514", "an index of a chance must be new", line.target.span, cure)
            self.lines[name] = line, arguments
        self._laws = dict[str, Law | None]()

    def law_of(self, node: ast.Expression, env: Env) -> tuple[Law | None, str | None]:
        """The law that is written or named, and the name of the draw that others share; the law is None after reporting
        an error."""
        known = self.lines.get(node.name) if isinstance(node, ast.Reference) and not node.primed else None
        if known is None or not isinstance(node, ast.Reference):
            return law_of(self.constants, node, env), None
        line, inner = known
        target = line.target
        if len(node.indices) != len(target.indices):
            written = f"{target.name}[{', '.join('k' for _ in target.indices)}]" if target.indices else target.name
            what = f"`{target.name}` has {len(target.indices)} indices, not {len(node.indices)}"
            self.constants.reporter.error("E514", what, node.span, f"write `{written}`")
            return None, None
        values = list[int]()
        for index, at in zip(target.indices, node.indices, strict=True):
            value = self.constants.number(at, env, "an index of a chance")
            if value is None:
                return None, None
            values.append(value)
            if isinstance(index, ast.Reference):
                inner = inner.bind(index.name, typed(value))
        key = f"{target.name}[{', '.join(map(str, values))}]" if values else target.name
        if key not in self._laws:
            self._laws[key] = law_of(self.constants, line.law, inner)
        return self._laws[key], key


def _row(constants: Constants, lag: ast.Expression, p: ast.Expression, env: Env) -> tuple[int, float] | None:
    steps, probability = constants.number(lag, env, "a delay"), _probability(constants, p, env)
    if steps is None or probability is None:
        return None
    if steps != NEVER and not 0 <= steps <= LONGEST_RANDOM:
        _too_long(constants, lag, steps)
        return None
    return steps, probability


def _geometric(
    constants: Constants, p: ast.Expression, cap: ast.Expression, env: Env
) -> Iterator[tuple[int, float] | None]:
    """Tried after 1, 2, ... steps, each time with the same chance, and given up after the last."""
    chance, last = _probability(constants, p, env), constants.number(cap, env, "the number of tries")
    if chance is None or last is None:
        yield None
    elif not 1 <= last <= LONGEST_RANDOM:
        _too_long(constants, cap, last)
        yield None
    else:
        yield from ((k, chance * (1 - chance) ** (k - 1)) for k in range(1, last + 1))
        yield NEVER, (1 - chance) ** last


def _probability(constants: Constants, node: ast.Expression, env: Env) -> float | None:
    value = constants.constant(node, env, REAL, "a probability")
    if value is None:
        return None
    if 0 <= (p := float(value)) <= 1:
        return p
    constants.reporter.error("E402", f"{p:.12g} is not a probability", node.span, "it must lie in [0, 1]")
    return None


def _too_long(constants: Constants, node: ast.Expression, steps: int) -> None:
    constants.reporter.error(
        "E514",
        f"{steps} steps cannot be drawn as a delay",
        node.span,
        f"delays that are drawn have at most {LONGEST_RANDOM} steps, for what is on its way is a part of the state; "
        "or `never`",
    )
