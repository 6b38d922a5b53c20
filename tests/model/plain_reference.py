"""A tabulator read off LANGUAGE.md: one cell at a time, values as Python objects, dictionaries for laws."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass

from posgc.language import ir


class PlainError(Exception):
    def __init__(self, code, span):
        super().__init__(code)
        self.code, self.span = code, span


def value(node, env):
    match node:
        case ir.Const():
            return node.value
        case ir.Step():
            return env["step"]
        case ir.Read():
            return env[node.kind, node.index, node.primed]
        case ir.Fail():
            raise PlainError(node.code, node.span)
        case ir.If():
            return value(node.then if value(node.condition, env) else node.otherwise, env)
        case ir.Select():
            index = value(node.index, env)
            for key, case in zip(node.keys, node.cases, strict=True):
                if key == index:
                    return value(case, env)
            raise PlainError("E401", node.span)
    if node.name == "and":
        return all(value(o, env) for o in node.operands)
    if node.name == "or":
        return any(value(o, env) for o in node.operands)
    v = [value(o, env) for o in node.operands]
    try:
        result = OPERATIONS[node.name](*v)
    except ZeroDivisionError:
        raise PlainError("E404", node.span) from None
    if isinstance(result, float) and not math.isfinite(result):
        raise PlainError("E404", node.span)
    return result


OPERATIONS = {
    "+": lambda *v: sum(v[1:], v[0]),
    "-": lambda x, y: x - y,
    "*": lambda *v: math.prod(v),
    "/": lambda x, y: x / y,
    "mod": lambda x, y: x % y,
    "^": lambda x, y: x**y,
    "neg": lambda x: -x,
    "abs": abs,
    "min": lambda *v: min(v),
    "max": lambda *v: max(v),
    "clip": lambda x, lo, hi: min(max(x, lo), hi),
    "not": lambda x: not x,
    "==": lambda x, y: x == y,
    "!=": lambda x, y: x != y,
    "<": lambda x, y: x < y,
    "<=": lambda x, y: x <= y,
    ">": lambda x, y: x > y,
    ">=": lambda x, y: x >= y,
    "count": lambda *v: sum(map(bool, v)),
    "argmax": lambda *v: v.index(max(v)),
}


def law(node, type_, env):  # noqa: C901 - one case for each form of distribution
    """{value: probability}, positive ones only."""
    out = {}

    def add(x, p):
        if p > 0:
            out[x] = out.get(x, 0.0) + p

    def inside(expr):
        x = value(expr, env)
        if x not in type_.values:
            raise PlainError("E401", expr.span)
        return x

    def probability(expr):
        p = value(expr, env)
        if not -1e-9 <= p <= 1 + 1e-9:
            raise PlainError("E402", expr.span)
        return min(max(p, 0.0), 1.0)

    match node:
        case ir.Fail():
            raise PlainError(node.code, node.span)
        case ir.Point():
            add(inside(node.value), 1.0)
        case ir.UniformOver():
            tests = [True] * len(node.values) if node.conditions is None else [value(c, env) for c in node.conditions]
            left = [inside(x) for x, t in zip(node.values, tests, strict=True) if t]
            if not left:
                raise PlainError("E406", node.span)
            for x in left:
                add(x, 1 / len(left))
        case ir.Bernoulli():
            p = probability(node.probability)
            add(True, p)
            add(False, 1 - p)
        case ir.Noisy():
            x, p = inside(node.value), probability(node.accuracy)
            others = [y for y in type_.values if y != x]
            if not others and p < 1 - 1e-9:
                raise PlainError("E406", node.span)
            add(x, p if others else 1.0)
            for y in others:
                add(y, (1 - p) / len(others))
        case ir.Mixture():
            weights = [probability(w) for w in node.weights]
            total = sum(weights)
            if abs(total - 1) > 1e-9:
                raise PlainError("E403", node.span)
            for part, w in zip(node.parts, weights, strict=True):
                if w > 0:
                    for x, p in law(part, type_, env).items():
                        add(x, p * w / total)
        case ir.Choose():
            return law(node.then if value(node.condition, env) else node.otherwise, type_, env)
    return out


def reads_chance(node, seen):
    """The chances a node reads, `node` a tree of IR nodes."""
    if isinstance(node, ir.Read) and node.kind == "chance":
        seen.add(node.index)
    for name in getattr(node, "__dataclass_fields__", {}):
        below = getattr(node, name)
        for child in below if isinstance(below, tuple) else (below,):
            if hasattr(child, "span"):
                reads_chance(child, seen)


def needed(game, roots):
    found = set()
    for root in roots:
        if root is not None:
            reads_chance(root, found)
    while True:
        more = set(found)
        for k in found:
            reads_chance(game.chances[k].law, more)
        if more == found:
            return found
        found = more


def branches(order, laws, env, sites=None):
    """All (probability, env) after drawing in order.

    With a set of `sites` an error of value is put there instead of being raised, and the variable stays
    unknown; what needs an unknown variable is unknown too.
    """
    if not order:
        yield 1.0, env
        return
    (slot, (node, type_)), rest = (order[0], laws[order[0]]), order[1:]
    for x, p in unless(sites, {None: 1.0}, lambda: law(node, type_, env)).items():
        for q, after in branches(rest, laws, env if x is None else {**env, slot: x}, sites):
            yield p * q, after


def unless(sites, default, evaluate):
    """The value, or the default where it has none and `sites` collects the errors."""
    if sites is None:
        return evaluate()
    try:
        return evaluate()
    except PlainError as error:
        sites.add((error.code, error.span))
    except KeyError:
        pass
    return default


@dataclass
class Plain:
    initial: dict  # (state, observation) -> probability, both tuples of values
    rows: list  # rows[h - 1][state, action] = {(observation, state'): (probability, rewards)}
    states: set


def tabulate_plainly(game, sites=None):
    """The tables of the game; with `sites`, every place where some reachable combination fails, added there."""
    laws, order = {}, []
    for kind, k in game.init_order:
        v = (game.states if kind == "state" else game.observations)[k]
        if v.init is not None:
            laws[kind, k, False] = (v.init, v.type)
            order.append((kind, k, False))
    nothing = tuple(v.type.values[0] for v in game.observations)
    initial, layer = {}, set()
    for p, env in branches(order, laws, {"step": 0}, sites):
        if any(("state", k, False) not in env for k in range(len(game.states))):
            continue
        s = tuple(env["state", k, False] for k in range(len(game.states)))
        o = tuple(env.get(("observation", k, False), x) for k, x in enumerate(nothing))
        initial[s, o] = initial.get((s, o), 0.0) + p
        layer.add(s)
    states, rows = set(layer), []
    for h in range(1, game.horizon + 1):
        here = {}
        menus = []
        for v in game.actions:
            on = v.when is None or unless(sites, True, lambda v=v, h=h: value(v.when, {"step": h}))
            menus.append(v.type.values if on else v.type.values[:1])
        for s, a in itertools.product(sorted(layer, key=repr), itertools.product(*menus)):
            here[s, a] = row(game, s, a, h, nothing, sites)
        layer = {t for entries in here.values() for _, t in entries}
        states |= layer
        rows.append(here)
    return Plain(initial, rows, states)


def row(game, s, a, h, nothing, sites):
    env = {"step": h}
    env.update({("state", k, False): x for k, x in enumerate(s)})
    env.update({("action", k, False): x for k, x in enumerate(a)})
    env.update({("observation", k, True): x for k, x in enumerate(nothing)})
    stop = game.terminal is not None and unless(sites, None, lambda: value(game.terminal, env))
    if stop is None:
        return {}
    seen = [v.observe for v in game.observations]
    used = needed(game, seen if stop else [*seen, *(v.next for v in game.states), *game.rewards])
    laws, order = {}, []
    for kind, k in game.step_order:
        if kind == "state" and not stop and game.states[k].next is not None:
            laws[kind, k, True] = (game.states[k].next, game.states[k].type)
        elif kind == "observation" and game.observations[k].observe is not None:
            laws[kind, k, True] = (game.observations[k].observe, game.observations[k].type)
        elif kind == "chance" and k in used:
            laws[kind, k, False] = (game.chances[k].law, game.chances[k].type)
        for primed in (True, False):
            if (kind, k, primed) in laws and (kind, k, primed) not in order:
                order.append((kind, k, primed))
    for k, v in enumerate(game.states):
        if stop or v.next is None:
            env["state", k, True] = s[k]
    out = {}
    for p, after in branches(order, laws, env, sites):
        paid = [0.0 if stop else float(unless(sites, 0, lambda r=r, e=after: value(r, e))) for r in game.rewards]
        if any(("state", k, True) not in after for k in range(len(game.states))):
            continue
        t = tuple(after["state", k, True] for k in range(len(game.states)))
        o = tuple(after.get(("observation", k, True)) for k in range(len(game.observations)))
        mass, sums = out.get((o, t), (0.0, [0.0] * len(paid)))
        out[o, t] = (mass + p, [x + p * y for x, y in zip(sums, paid, strict=True)])
    return {key: (mass, [x / mass for x in sums]) for key, (mass, sums) in out.items()}
