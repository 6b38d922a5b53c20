"""Parameters, agents, horizon, discount and variables: what must be known before laws can be read."""

from __future__ import annotations

import re
from collections.abc import Mapping
from fractions import Fraction

from posgc.language import ir
from posgc.language.diagnostics.report import near
from posgc.language.elaborate.laws import Laws
from posgc.language.elaborate.names import AgentArray, AgentName, Builtin, Family, Key, LostAgents, Parameter, TypeName
from posgc.language.elaborate.values import INT, REAL, Env, Ty, Typed
from posgc.language.numerals import LARGEST
from posgc.language.text import syntax as ast

__all__ = [
    "MAX_AGENTS",
    "MAX_HORIZON",
    "declare_agents",
    "declare_discount",
    "declare_families",
    "declare_horizon",
    "declare_parameters",
    "label",
]

MAX_AGENTS = 1000
MAX_HORIZON = 10**6

_NUMBER = re.compile(
    r"\s*([+-]?)\s*([0-9]{1,400})(\.[0-9]{1,400})?([eE][+-]?[0-9]{1,3})?\s*(?:/\s*([0-9]{1,400}))?\s*", re.ASCII
)


def declare_parameters(laws: Laws, items: tuple[ast.Item, ...], settings: Mapping[str, str]) -> None:
    """Gives every parameter its value: its setting, or its default.  E306, E307, E409, E601, E621, E622."""
    known = [item.name for item in items if isinstance(item, ast.Param)]
    for name in settings:
        if name not in known:
            cure = near(name, known) or ("it has " + ", ".join(known) if known else "it has none")
            laws.reporter.error("E601", f"the game has no parameter `{name}`", None, cure)
    for item in items:
        entity = laws.names.table.get(item.name) if isinstance(item, ast.Param) else None
        if isinstance(item, ast.Param) and isinstance(entity, Parameter) and entity.text is item:
            entity.value = _parameter(laws, item, settings.get(item.name))


def _parameter(laws: Laws, item: ast.Param, setting: str | None) -> Typed:
    ty = _annotated(laws, item)
    default = laws.constant(item.default, Env(), ty, f"the parameter `{item.name}`")
    value = _setting(laws, item, ty, setting) if setting is not None else default
    domain = _domain(laws, item)
    if value is None or isinstance(value, str):
        return laws.ops.poison(item.span)
    if domain is not None and not domain[0] <= value <= domain[1]:
        low, high = domain
        if setting is None:
            laws.reporter.error(
                "E409",
                f"the default of `{item.name}` is outside its range {low:.12g} to {high:.12g}",
                item.default.span,
                "change the default or the range",
            )
        else:
            laws.reporter.error(
                "E621",
                f"{item.name}={setting} is outside its range {low:.12g} to {high:.12g}",
                None,
                "choose a value in the range",
            )
        return laws.ops.poison(item.span)
    return laws.ops.const(float(value) if ty is REAL else value, ty, item.span)


def _annotated(laws: Laws, item: ast.Param) -> Ty:
    text = item.annotation
    if text is not None and text.text not in ("int", "real"):
        laws.reporter.error("E201", f"a parameter cannot be `{text.text}`", text.span, "write `int` or `real`")
    if text is None:
        return INT if isinstance(item.domain, ast.RangeOf) else REAL
    return INT if text.text == "int" else REAL


def _domain(laws: Laws, item: ast.Param) -> tuple[float, float] | None:
    if item.domain is None:
        return None
    ty = INT if isinstance(item.domain, ast.RangeOf) else REAL
    ends = [laws.constant(e, Env(), ty, "the range of a parameter") for e in (item.domain.low, item.domain.high)]
    low, high = (float("nan") if e is None or isinstance(e, str) else e for e in ends)
    if low > high:
        laws.reporter.error("E408", "this range is empty", item.domain.span, "write the smaller number first")
        return None
    return None if low != low or high != high else (low, high)


def _setting(laws: Laws, item: ast.Param, ty: Ty, text: str) -> int | float | None:
    """The value of `--set`; None after complaining."""
    try:
        return _value(text, ty)
    except _Unfit as unfit:
        laws.reporter.error("E622", f"`{item.name}={text}` {unfit}", None, unfit.help)
        return None


class _Unfit(Exception):
    """What is wrong with a number, and its cure."""

    def __init__(self, message: str, help: str) -> None:
        super().__init__(message)
        self.help = help


def _value(text: str, ty: Ty) -> int | float:
    """The number, as a fraction first, so that nothing is lost before it is known to fit.  Raises `_Unfit`."""
    found = _NUMBER.fullmatch(text)
    if found is None or (found[5] is not None and int(found[5]) == 0):
        raise _Unfit("is not a number", "write 0.5, 3 or 1/3")
    exact = Fraction(found[1] + found[2] + (found[3] or "") + (found[4] or "")) / int(found[5] or 1)
    if ty is INT:
        if exact.denominator != 1:
            raise _Unfit("is not an integer", "the parameter is an `int`")
        if abs(exact) > LARGEST:
            raise _Unfit("does not fit into 64 bits", "use a smaller number")
        return int(exact)
    try:
        value = float(exact)
    except OverflowError:
        raise _Unfit("is too large", "numbers stay below 1e308") from None
    if value == 0 != exact:
        raise _Unfit("is too small and would be read as 0", "write 0 if that is meant")
    return value


def declare_agents(laws: Laws, game: ast.GameText) -> None:
    """Fills `laws.agents`.  E205, E208, E308, E408."""
    texts = [item for item in game.items if isinstance(item, ast.Agents)]
    if not texts:
        laws.reporter.error("E208", "the game has no agents", game.span, "write `agents ann, bob;`")
        laws.agents = ("ann", "bob")  # so that one mistake is reported once
        return
    for again in texts[1:]:
        laws.reporter.error("E205", "the agents are declared twice", again.span, "keep one of the lines")
    first = texts[0]
    if first.size is None:
        laws.agents = tuple(w.text for w in first.names)
    else:
        size = laws.constant(first.size, Env(), INT, "the number of agents")
        number = 2 if size is None else int(size)
        if not 1 <= number <= MAX_AGENTS:
            code, what = ("E408", "there are no agents") if number < 1 else ("E308", f"more than {MAX_AGENTS} agents")
            laws.reporter.error(code, what, first.size.span, f"a game has 1 to {MAX_AGENTS} agents")
            number = 2
        laws.agents = tuple(f"{first.names[0].text}[{k}]" for k in range(1, number + 1))
    if len(laws.agents) > MAX_AGENTS:
        laws.reporter.error("E308", f"more than {MAX_AGENTS} agents", first.span, "take fewer")


def declare_horizon(laws: Laws, game: ast.GameText, override: int | None) -> int:
    """The number of decisions.  E205, E411, E607, E623."""
    texts = [item for item in game.items if isinstance(item, ast.Horizon)]
    for again in texts[1:]:
        laws.reporter.error("E205", "the horizon is declared twice", again.span, "keep one of the lines")
    written = None
    for text in texts[:1]:
        written = _whole(laws, text)
    if override is not None:
        if not 1 <= override <= MAX_HORIZON:
            laws.reporter.error(
                "E623",
                f"the horizon {override} is not between 1 and {MAX_HORIZON:,}",
                None,
                "it is the number of decisions",
            )
            return 1
        return override
    if not texts:
        laws.reporter.error("E607", "the game has no horizon", game.span, "write `horizon 3;`, or give `--horizon 3`")
    return 1 if written is None else written


def _whole(laws: Laws, text: ast.Horizon) -> int | None:
    value = laws.constant(text.value, Env(), REAL, "the horizon")
    if value is None or isinstance(value, str):
        return None
    if value != value // 1 or not 1 <= value <= MAX_HORIZON:
        laws.reporter.error(
            "E411",
            f"the horizon {value:.12g} is not a whole number from 1 to {MAX_HORIZON:,}",
            text.value.span,
            "it is the number of decisions",
        )
        return None
    return int(value)


def declare_discount(laws: Laws, game: ast.GameText, override: float | None) -> float:
    """The discount factor, 1 unless declared.  E205, E410, E623."""
    texts = [item for item in game.items if isinstance(item, ast.Discount)]
    for again in texts[1:]:
        laws.reporter.error("E205", "the discount is declared twice", again.span, "keep one of the lines")
    result = 1.0
    for text in texts[:1]:
        value = laws.constant(text.value, Env(), REAL, "the discount")
        if value is not None and not isinstance(value, str):
            if 0 <= value <= 1:
                result = float(value)
            else:
                laws.reporter.error(
                    "E410",
                    f"the discount {value:.12g} is not in [0, 1]",
                    text.value.span,
                    "a factor of 1 means no discounting",
                )
    if override is None:
        return result
    if not 0 <= override <= 1:
        laws.reporter.error("E623", f"the discount {override} is not in [0, 1]", None, "a factor of 1 means none")
        return 1.0
    return float(override)


def declare_families(laws: Laws) -> None:
    """Fills the index values and types of all families, and numbers their variables.

    States and chances are numbered as declared, actions and observations by agent, then as declared.
    """
    for name, entity in laws.names.table.items():
        if isinstance(entity, TypeName):
            laws.type_of(ast.Named(name, entity.text.span))
    families = [e for e in laws.names.table.values() if isinstance(e, Family)]
    for family in families:
        _instances(laws, family)
    for kind in ("state", "chance", "action", "observation"):
        rows = [(f, key) for f in families if f.kind == kind for key in f.types]
        if kind in ("action", "observation"):
            rows.sort(key=lambda row: owner(*row))
        for number, (family, key) in enumerate(rows):
            family.numbers[key] = number
    laws.families_known = True


def _instances(laws: Laws, family: Family) -> None:
    shape: tuple[type, ...] | None = None
    for text in family.texts:
        type = laws.type_of(text.type)
        agents = _agent_positions(laws, text.target, family.kind)
        family.agents = family.agents or agents
        for key, _ in laws.targets(text.target, Env()):
            shape = shape or tuple(v.__class__ for v in key)
            if tuple(v.__class__ for v in key) != shape or agents != family.agents:
                laws.reporter.error(
                    "E207",
                    f"`{family.name}` is declared with other indices before",
                    text.target.span,
                    "give all its pieces the same kind of index",
                )
                break
            if key in family.types:
                laws.reporter.error(
                    "E202",
                    f"`{label(laws, family, key)}` is declared twice",
                    text.target.span,
                    "keep one of the declarations",
                )
                break
            if not _right_agents(laws, family, key, text):
                family.broken = True
                break
            if type is None:
                family.broken = True
                break
            family.types[key] = type
    family.broken = family.broken or not family.types


def _agent_positions(laws: Laws, target: ast.Target, kind: str) -> tuple[bool, ...]:
    """Which indices of a declaration are agents: fresh names, agents, and `i in agent`."""

    def one(node: ast.Expression) -> bool:
        if isinstance(node, ast.Member):
            where = node.collection
            return isinstance(where, ast.Reference) and isinstance(laws.names.table.get(where.name), Builtin)
        if isinstance(node, ast.Reference):
            entity = laws.names.table.get(node.name)
            return laws.is_fresh(node, Env()) or isinstance(entity, AgentName | AgentArray | LostAgents)
        return kind in ("action", "observation")

    return tuple(one(node) for node in target.indices)


def _right_agents(laws: Laws, family: Family, key: Key, text: ast.Variable | ast.Chance) -> bool:
    count = sum(family.agents)
    if family.kind in ("action", "observation") and count != 1:
        laws.reporter.error(
            "E309",
            f"the {family.kind} `{family.name}` does not say whose it is",
            text.target.span,
            f"give it one agent as an index: `{family.name}[i]`",
        )
        return False
    agents = laws.agents or ()
    for value, is_agent in zip(key, family.agents, strict=True):
        if is_agent and not (isinstance(value, int) and 1 <= value <= len(agents)):
            laws.reporter.error(
                "E401", f"there is no agent {value}", text.target.span, f"the agents are 1..{len(agents)}"
            )
            return False
    return True


def owner(family: Family, key: Key) -> int:
    """The agent, from 0, that an action or observation variable belongs to."""
    return next(int(v) - 1 for v, is_agent in zip(key, family.agents, strict=True) if is_agent)


def label(laws: Laws, family: Family, key: Key, with_agent: bool = True) -> str:
    """The variable's name with its indices, agents by name: `cell[ann]`; without agents on demand."""
    parts = [
        (laws.agents or ())[int(v) - 1] if is_agent else ir_text(v)
        for v, is_agent in zip(key, family.agents, strict=True)
        if with_agent or not is_agent
    ]
    return f"{family.name}[{', '.join(parts)}]" if parts else family.name


def ir_text(value: ir.Value) -> str:
    """A value as it is written in a file."""
    return str(value).lower() if isinstance(value, bool) else str(value)
