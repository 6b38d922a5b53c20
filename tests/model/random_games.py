"""Random small games in the IR, every kind of node in them."""

from __future__ import annotations

import itertools

from hypothesis import strategies as st

from posgc.language import ir
from posgc.language.diagnostics import Source, Span
from posgc.language.signature import Signature, Variable

TYPES = (
    ir.Type("bool", (False, True)),
    ir.Type("words", ("left", "right")),
    ir.Type("words", ("right", "middle", "left")),
    ir.Type("integers", (-1, 0, 1)),
    ir.Type("integers", (2, 3)),
    ir.Type("integers", (5,)),
)
REALS = (0.0, 0.25, 0.5, 1.0)


class Maker:
    """Draws expressions; `slots` are (kind, index, primed, type) of what may be read."""

    def __init__(self, draw, risky):
        self.draw, self.risky = draw, risky
        self.counter = itertools.count()
        self.slots = []
        self.step = False
        self.pool = []

    def span(self):
        k = next(self.counter)
        return Span(k, k + 1, 1, k + 1)

    def pick(self, options):
        return self.draw(st.sampled_from(list(options)))

    def chance(self, one_in):
        return self.draw(st.integers(1, one_in)) == 1

    def const(self, x):
        return ir.Const(x, self.span())

    def op(self, name, *operands, integer=False):
        return ir.Op(name, operands, integer, self.span())

    def read(self, kinds):
        options = [s for s in self.slots if s[3].kind in kinds]
        if not options:
            return None
        kind, index, primed, type_ = self.pick(options)
        return ir.Read(kind, index, primed, self.span()), type_

    def shared(self, sort, make):
        """A new expression, or one that was made before from slots that are all still there."""
        known = [e for s, have, e in self.pool if s == sort and have <= {x[:3] for x in self.slots}]
        if known and self.chance(3):
            return self.pick(known)
        node = make()
        self.pool.append((sort, {x[:3] for x in self.slots}, node))
        return node

    def integer(self, depth=2):
        return self.shared("int", lambda: self.new_integer(depth))

    def new_integer(self, depth):
        kind = self.pick(["const", "read", "step", "arith", "if", "count", "argmax", "select", "mod", "clip"])
        if depth == 0 or kind == "const":
            return self.const(self.pick([-1, 0, 1, 2, 3]))
        if kind == "step" and self.step:
            return ir.Step(self.span())
        if kind == "arith":
            name = self.pick(["+", "-", "*", "min", "max"])
            return self.op(name, self.integer(depth - 1), self.integer(depth - 1), integer=True)
        if kind == "clip":
            return self.op("clip", self.integer(depth - 1), self.const(-1), self.const(1), integer=True)
        if kind == "mod":
            below = self.integer(depth - 1) if self.risky else self.const(2)
            return self.op("mod", self.integer(depth - 1), below, integer=True)
        if kind == "if":
            return self.if_(self.integer, depth)
        if kind == "count":
            return self.op("count", self.truth(depth - 1), self.truth(depth - 1), integer=True)
        if kind == "argmax":
            return self.op("argmax", self.integer(depth - 1), self.integer(depth - 1), integer=True)
        if kind == "select":
            return self.select(self.integer, depth)
        found = self.read({"integers"})
        return found[0] if found else self.const(1)

    def if_(self, make, depth):
        otherwise = make(depth - 1)
        if self.risky and self.chance(8):
            otherwise = ir.Fail("E405", "no arm of the match fits", "", self.span())
        return ir.If(self.truth(depth - 1), make(depth - 1), otherwise, self.span())

    def select(self, make, depth):
        found = self.read({"integers", "words"})
        if found is None:
            return self.const(0)
        node, type_ = found
        keys = type_.values[1:] if self.risky and len(type_.values) > 1 and self.chance(3) else type_.values
        return ir.Select(node, keys, tuple(make(depth - 1) for _ in keys), self.span())

    def real(self, depth=2):
        kind = self.pick(["const", "integer", "/", "+", "if", "*"])
        if depth == 0 or kind == "const":
            return self.const(self.pick(REALS))
        if kind == "integer":
            return self.integer(depth - 1)
        if kind == "/":
            below = self.integer(depth - 1) if self.risky else self.const(4)
            return self.op("/", self.integer(depth - 1), below)
        if kind == "if":
            return self.if_(self.real, depth)
        return self.op(kind, self.real(depth - 1), self.real(depth - 1))

    def word(self, type_, depth=1):
        words = {s[3] for s in self.slots if s[3].kind == "words"}
        if depth and self.chance(3):
            return ir.If(self.truth(depth - 1), self.word(type_, depth - 1), self.word(type_, depth - 1), self.span())
        options = [s for s in self.slots if s[3] in words and (self.risky or set(s[3].values) <= set(type_.values))]
        if options and self.chance(2):
            kind, index, primed, _ = self.pick(options)
            return ir.Read(kind, index, primed, self.span())
        return self.const(self.pick(type_.values))

    def truth(self, depth=1):
        return self.shared("bool", lambda: self.new_truth(depth))

    def new_truth(self, depth):
        kind = self.pick(["const", "read", "and", "or", "not", "compare", "words"])
        if depth <= 0 and kind in {"and", "or", "not", "compare"}:
            kind = "read"
        if kind in {"and", "or"}:
            return self.op(kind, *(self.truth(depth - 1) for _ in range(self.pick([2, 3]))))
        if kind == "not":
            return self.op("not", self.truth(depth - 1))
        if kind == "compare":
            name = self.pick(["==", "!=", "<", "<=", ">", ">="])
            return self.op(name, self.real(depth - 1), self.integer(depth - 1))
        if kind == "words" and (found := self.read({"words"})):
            return self.op(self.pick(["==", "!="]), found[0], self.const(self.pick(found[1].values)))
        found = self.read({"bool"})
        return found[0] if found and kind != "const" else self.const(self.pick([True, False]))

    def of(self, type_):
        """An expression whose value is in the type, unless games are risky."""
        if type_.kind == "bool":
            return self.truth(2)
        if type_.kind == "words":
            return self.word(type_)
        node = self.integer(2)
        if self.risky and self.chance(6):
            return node
        low, high = self.const(type_.values[0]), self.const(type_.values[-1])
        return self.op("clip", node, low, high, integer=True)

    def probability(self):
        p = self.real(1)
        return p if self.risky and self.chance(6) else self.op("clip", p, self.const(0), self.const(1))

    def law(self, type_, depth=2):
        kinds = ["point", "point", "uniform", "noisy"]
        kinds += ["choose", "mixture"] * (depth > 0) + ["bernoulli"] * (type_.kind == "bool")
        kind = self.pick(kinds)
        if kind == "point":
            return ir.Point(self.of(type_), self.span())
        if kind == "uniform":
            values = tuple(self.const(x) for x in type_.values)
            conditions = None
            if self.chance(2):
                conditions = [self.truth(1) for _ in values]
                if not self.risky:
                    conditions[0] = self.const(True)
            return ir.UniformOver(values, None if conditions is None else tuple(conditions), self.span())
        if kind == "noisy":
            sure = len(type_.values) == 1 and not self.risky
            return ir.Noisy(self.of(type_), self.const(1.0) if sure else self.probability(), self.span())
        if kind == "bernoulli":
            return ir.Bernoulli(self.probability(), self.span())
        if kind == "mixture":
            p = self.probability()
            rest = self.const(0.5) if self.risky and self.chance(6) else self.op("-", self.const(1), p)
            return ir.Mixture((self.law(type_, depth - 1), self.law(type_, depth - 1)), (p, rest), self.span())
        otherwise = self.law(type_, depth - 1)
        if self.risky and self.chance(8):
            otherwise = ir.Fail("E405", "no arm of the match fits", "", self.span())
        return ir.Choose(self.truth(1), self.law(type_, depth - 1), otherwise, self.span())


@st.composite
def games(draw, risky):
    m = Maker(draw, risky)
    types = [m.pick(TYPES) for _ in range(m.pick([1, 2, 3]))]
    seen = [m.pick(TYPES) for _ in range(m.pick([1, 2]))]
    acts = [m.pick(TYPES) for _ in range(2)]
    coins = [m.pick(TYPES) for _ in range(m.pick([0, 1, 2]))]
    inits, watch = {}, {}
    init_order = []
    for k, t in enumerate(types):
        inits[k] = m.law(t)
        m.slots.append(("state", k, False, t))
        init_order.append(("state", k))
    for k, t in enumerate(seen):
        if m.chance(2):
            watch[k] = m.law(t)
            init_order.append(("observation", k))
            m.slots.append(("observation", k, False, t))
    m.pool = []
    m.slots = []
    m.step = True
    whens = [m.op("==", ir.Step(m.span()), m.const(m.pick([1, 2]))) if m.chance(3) else None for _ in acts]
    m.step = m.chance(3)
    m.slots = [("state", k, False, t) for k, t in enumerate(types)]
    terminal = m.truth(2) if m.chance(3) else None
    m.slots += [("action", k, False, t) for k, t in enumerate(acts)]
    pending = [("state", k) for k in range(len(types))] + [("observation", k) for k in range(len(seen))]
    pending += [("chance", k) for k in range(len(coins))]
    step_order = draw(st.permutations(pending))
    laws = {}
    of_kind = {"state": types, "observation": seen, "chance": coins}
    kept = {k for k in range(len(types)) if m.chance(4)}
    silent = {k for k in range(len(seen)) if m.chance(5)}
    m.slots += [("state", k, True, types[k]) for k in sorted(kept)]
    for kind, k in step_order:
        type_ = of_kind[kind][k]
        if (kind == "state" and k in kept) or (kind == "observation" and k in silent):
            laws[kind, k] = None
            continue
        laws[kind, k] = m.law(type_)
        m.slots.append((kind, k, kind != "chance", type_))
    rewards = (m.real(3),) * 2 if m.chance(2) else (m.real(3), m.real(2))
    labels = lambda t: tuple(str(x) for x in t.values)  # noqa: E731
    signature = Signature(
        ("ann", "bob"),
        tuple(Variable("act", k, labels(t)) for k, t in enumerate(acts)),
        tuple(Variable("see", k, labels(t)) for k, t in enumerate(seen)),
    )
    return ir.Game(
        name="random",
        title="",
        source=Source("random", ""),
        signature=signature,
        horizon=m.pick([1, 2, 3]),
        discount=1.0,
        states=tuple(ir.StateVar(f"x{k}", t, inits[k], laws["state", k], m.span()) for k, t in enumerate(types)),
        actions=tuple(ir.ActionVar(f"act{k}", k, t, whens[k], m.span()) for k, t in enumerate(acts)),
        observations=tuple(
            ir.ObservationVar(f"see{k}", k, t, watch.get(k), laws["observation", k], m.span())
            for k, t in enumerate(seen)
        ),
        chances=tuple(ir.ChanceVar(f"coin{k}", t, laws["chance", k], m.span()) for k, t in enumerate(coins)),
        init_order=tuple(init_order),
        step_order=tuple(step_order),
        rewards=rewards,
        terminal=terminal,
        protocols=(),
        parameters=(),
    )
