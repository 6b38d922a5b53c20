"""Assumption 3 from the wiring alone: d-separation in an influence diagram.

**One slice, every horizon.**  The slice of step h has a hidden root B, the draw of (s_h, u_h) from the common
belief, with an edge to s_h and to every item of u_h; prescriptions Pi_i, one root for each agent; edges
Pi_i -> a_i <- p_i; and the edges of the kernel to s' and o' (`posgc.assumptions.independence.kernel_edges`).

*Claim.*  If ({s'} + p') minus z is d-separated from all Pi_i given z in every slice, Assumption 3 of Liu &
Zhang (2023) holds.  *Proof.*  By induction on h, the common belief is the same under all policies that
reach c_h.  At h = 1 it is Bayes' rule on the initial law.  At h, given c_h, the law of the draw B is
therefore one distribution, whatever the strategies were; with Pi_i drawn independently and with full support
from the deterministic prescriptions, the slice's variables have a joint law that factors along the graph,
for B may carry the whole of (s_h, u_h).  d-separation then gives P(s', p' | c_h, z, prescriptions) =
P(s', p' | c_h, z) for all deterministic prescriptions that can produce z.  F_z of a randomised, or jointly
randomised, prescription is a mixture of theirs, hence proportional to the same vector.

Slices that have the same graph have the same answer, and two old items with the same holders now and the
same fate (common, held by the same agents, or gone) are twins: one of them stands for all.  What is
never shared thus counts as one block, and when the game is the same at every step no new slice appears once
h exceeds the largest finite lag and `forget` by a few steps and one cycle of exchanges: the certificate holds for
every horizon.  That a game stays the same after its last step is not seen from its arrays: its source must not read
the step (`Model.steady`).
Otherwise the slices of steps 1..H-1 prove the horizons up to H: those of a shorter game are among them, but for own
actions that it need not remember, and what is not remembered leaves the graph with its edges.  A game that reads its
horizon is another game for each, and only H is proved.

**Unrolled.**  Where a slice fails, the diagram of all H steps knows more than "anything may depend on
anything through B"; it tests ({S_h} + p_h) minus c_h against every Pi_{i,t}, t < h, given c_h, and proves that
H only.  Actions are drawn with parents p_{i,t} and Pi_{i,t} but not c_t: c_t is part of c_h, on which the test
conditions, and edges out of what is conditioned on never matter for d-separation.

Both are sound.  They are complete only for generic numbers, so "not separated" decides nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np

from posgc.assumptions.independence.diagram import Diagram, Node
from posgc.assumptions.independence.kernel_edges import KernelEdges, Parent, kernel_edges
from posgc.information.dropping import drop_own_actions
from posgc.information.items import Information, Item

__all__ = [
    "UNROLL_LIMIT",
    "SliceResult",
    "UnrolledResult",
    "separated_steps",
    "slice_certificate",
    "unrolled_certificate",
]

UNROLL_LIMIT = 3000
"""Nodes of an unrolled diagram above which it is not tested: H tests, each linear in its edges."""

REACH_LIMIT = 100_000
"""Steps after which slices that have not all been seen are left unseen."""

MARGIN = 4
"""Steps past the longest lag after which a stationary game has shown all its slices (see `_reach`)."""


@dataclass(frozen=True)
class SliceResult:
    """What the one-slice test found."""

    separated: bool  # whether every slice tested is
    open: str | None  # why longer games may have other slices; None where they have none
    slices: int  # how many different ones were tested
    failed: int | None  # the first step whose slice is not separated
    slack: float = 0.0  # the largest relative difference between a kernel and one that obeys its edges exactly


@dataclass(frozen=True)
class UnrolledResult:
    """What the test of the diagram of all H steps found."""

    separated: bool | None  # None where the diagram was too large to test
    nodes: int  # of the diagram
    failed: int | None  # the first step that is not separated


@dataclass(frozen=True)
class _Slice:
    """What determines a slice's graph: roles of old items, the fates of new ones, and the edges.

    A role is (holders at h, whether it becomes common, holders at h + 1).
    """

    old: frozenset[tuple[tuple[int, ...], bool, tuple[int, ...]]]
    actions: tuple[int, ...]
    actions_common: frozenset[int]
    actions_kept: frozenset[int]
    observations_common: frozenset[int]
    observations_kept: frozenset[int]
    edges: KernelEdges


def slice_certificate(information: Information) -> SliceResult:
    """The one-slice test for all slices of the game; see the module for what it proves."""
    known = _kernel_edges_by_step(information)
    extended = _extended(information)
    why = extended if isinstance(extended, str) else None
    source = information if isinstance(extended, str) else extended
    last = information.model.horizon - 1 if isinstance(extended, str) else _reach(information)
    results: dict[_Slice, bool] = {}
    looked_at: set[tuple[object, ...]] = set()
    for h in range(1, last + 1):
        edges = known[min(h, len(known)) - 1]
        # a cheap key first: most steps of a stationary game look alike, and making a slice takes longer than
        # comparing keys
        if (step := (source.pattern(h), id(edges))) in looked_at:
            continue
        looked_at.add(step)
        key = _slice(source, h, edges)
        if key not in results:
            results[key] = _separated(information, key)
        if not results[key]:
            return SliceResult(False, why, len(results), h)
    return SliceResult(True, why, len(results), None, max(edges.slack for edges in known))


def _kernel_edges_by_step(information: Information) -> tuple[KernelEdges, ...]:
    """The edges of steps 1..H; steps with the same kernel, choices and observations are looked at once."""
    model = information.model
    found: dict[tuple[int, bytes, bytes], KernelEdges] = {}
    edges = []
    for h in range(1, model.horizon + 1):
        key = (model.kernel_of_step[h - 1], model.active[h - 1].tobytes(), model.observed[h].tobytes())
        if key not in found:
            found[key] = kernel_edges(model, h)
        edges.append(found[key])
    return tuple(edges)


def _reach(information: Information) -> int:
    """The last step whose slice needs a look in a stationary game: every kind of item is old by then, at every step of
    a cycle of exchanges."""
    return information.memory + MARGIN + information.protocol.cycle - 1


def _extended(information: Information) -> Information | str:
    """The same game, long enough to show all its slices; why not, where a longer game is not determined.

    It is when the game is steady, when the rows of the kernel cover whatever they lead to (a short game need not have
    tabulated states that only a longer one reaches), and when the dropped actions are those that a longer game would
    drop.
    """
    model = information.model
    if "horizon" in model.reads:
        return "the game reads `horizon`"
    if not model.steady:
        return "the game reads `step`" if "step" in model.reads else "the game changes with the step"
    if not _closed(information):
        return "a longer game reaches more states"
    if _reach(information) > REACH_LIMIT:
        return "the exchanges take too many steps to repeat"
    horizon = 2 * _reach(information) + 1  # as long again, so that no action is dropped only because the end is near
    model = replace(
        model,
        horizon=horizon,
        kernel_of_step=(model.kernel_of_step[-1],) * horizon,
        active=np.repeat(model.active[:1], horizon, axis=0),
        observed=np.concatenate((model.observed[:1], np.repeat(model.observed[1:2], horizon, axis=0))),
    )
    longer = Information(model, information.protocol)
    if information.dropped:
        longer = drop_own_actions(longer)
    overlap = range(1, min(information.model.horizon, _reach(information) + 1))
    mine, theirs = ({d for d in x.dropped if d[1] in overlap} for x in (information, longer))
    return longer if mine == theirs else "in a longer game own actions matter for longer"


def _closed(information: Information) -> bool:
    """Whether every state that the kernel of a steady game leads to has rows for all allowed actions."""
    model, kernel = information.model, information.model.kernel(1)
    filled = np.diff(kernel.indptr).reshape(model.n_actions, model.n_states)[model.allowed(1)] > 0
    return bool(filled[:, np.unique(kernel.state)].all())


def _slice(information: Information, h: int, edges: KernelEdges) -> _Slice:
    model, signature = information.model, information.model.signature
    common, later = set(information.increment(h + 1)), set(information.private(h + 1))

    def holders(item: Item, step: int) -> tuple[int, ...]:
        return tuple(i for i in range(information.n_agents) if information.holds(i, item, step))

    old = frozenset(
        (holders(item, h), item in common, holders(item, h + 1) if item in later else ())
        for item in information.private(h)
        if information.size(item) > 1
    )
    choices = tuple(v for v, x in enumerate(signature.actions) if model.active[h - 1, v] and len(x.values) > 1)
    sights = tuple(w for w, x in enumerate(signature.observations) if model.observed[h, w] and len(x.values) > 1)
    return _Slice(
        old,
        choices,
        frozenset(v for v in choices if Item(h, "action", v) in common),
        frozenset(v for v in choices if Item(h, "action", v) in later),
        frozenset(w for w in sights if Item(h + 1, "observation", w) in common),
        frozenset(w for w in sights if Item(h + 1, "observation", w) in later),
        edges,
    )


def _separated(information: Information, cut: _Slice) -> bool:
    """d-separation of ({s'} + p') minus z from the prescriptions given z in one slice."""
    graph = Diagram()
    graph.add("next")
    graph.add("s", ["B"])
    targets: set[Node] = {"next"}
    given: set[Node] = set()
    for role in cut.old:
        graph.add(("old", role), ["B"])
        _place(("old", role), role[1], bool(role[2]), given, targets)
    prescriptions: set[Node] = set()
    for v in cut.actions:
        agent = information.model.signature.actions[v].agent
        prescriptions.add(("rule", agent))
        graph.add(("action", v), [("rule", agent), *(("old", role) for role in cut.old if agent in role[0])])
        _place(("action", v), v in cut.actions_common, v in cut.actions_kept, given, targets)
    names: dict[Parent, Node] = {"state": "s", "next": "next", **{v: ("action", v) for v in cut.actions}}
    _add_kernel(graph, cut.edges, names, lambda w: ("observation", w))
    for w in (w for group, _ in cut.edges.observations for w in group):
        _place(("observation", w), w in cut.observations_common, w in cut.observations_kept, given, targets)
    # nobody has a choice: there is nothing to depend on
    return not prescriptions or graph.separated(targets, prescriptions, given)


def _place(node: Node, common: bool, kept: bool, given: set[Node], targets: set[Node]) -> None:
    if common:
        given.add(node)
    elif kept:
        targets.add(node)


def _add_kernel(
    graph: Diagram, edges: KernelEdges, names: dict[Parent, Node], observation: Callable[[int], Node]
) -> None:
    """Edges to s' and to the observations; a group drawn together hangs on one hidden node.

    A parent that is not in `names` is an action variable with one value.
    """
    new = names["next"]
    graph.add(new, (names[parent] for parent in edges.state if parent in names))
    for group, parents in edges.observations:
        source: Node = ("drawn", new, group) if len(group) > 1 else observation(group[0])
        graph.add(source, (names[parent] for parent in parents if parent in names))
        if len(group) > 1:
            for w in group:
                graph.add(observation(w), [source])


def unrolled_certificate(information: Information, limit: int = UNROLL_LIMIT) -> UnrolledResult:
    """The test on the diagram of all H steps; sizes above `limit` nodes are not tested."""
    count = _unrolled_nodes(information)
    if count > limit:
        return UnrolledResult(None, count, None)
    failed = next((h for h, separated in _unrolled(information) if not separated), None)
    return UnrolledResult(failed is None, count, failed)


def separated_steps(information: Information, limit: int = UNROLL_LIMIT) -> tuple[int, ...]:
    """The steps of 2..H at which the diagram of all steps proves that the common belief does not depend on strategies,
    whatever happens at the steps before; none above `limit` nodes."""
    if _unrolled_nodes(information) > limit:
        return ()
    return tuple(h for h, separated in _unrolled(information) if separated)


def _unrolled_nodes(information: Information) -> int:
    """How many nodes the diagram of all steps has."""
    model = information.model
    return int(model.active.sum()) + int(model.observed.sum()) + model.horizon * (1 + information.n_agents)


def _unrolled(information: Information) -> Iterator[tuple[int, bool]]:
    """Steps 2..H, and whether each is separated."""
    model, signature = information.model, information.model.signature
    graph = Diagram()
    for root in (("state", 1), *_observations(information, 1)):
        graph.add(root, ["B"])
    edges = _kernel_edges_by_step(information)
    prescriptions: set[Node] = set()
    for h in range(1, model.horizon):
        names: dict[Parent, Node] = {"state": ("state", h), "next": ("state", h + 1)}
        for v, variable in enumerate(signature.actions):
            # an action with one value tells nothing
            if model.active[h - 1, v] and len(variable.values) > 1:
                names[v] = Item(h, "action", v)
                prescriptions.add(("rule", variable.agent, h))
                held = [item for item in information.private_of(variable.agent, h) if item in graph]
                graph.add(names[v], [("rule", variable.agent, h), *held])
        graph.add(("state", h + 1))
        _add_kernel(graph, edges[h - 1], names, lambda w, t=h + 1: Item(t, "observation", w))  # type: ignore[misc]
        yield h + 1, not prescriptions or _unrolled_separated(information, graph, prescriptions, h + 1)


def _observations(information: Information, h: int) -> list[Item]:
    items = (Item(h, "observation", w) for w in range(len(information.model.signature.observations)))
    return [item for item in items if information.exists(item) and information.size(item) > 1]


def _unrolled_separated(information: Information, graph: Diagram, prescriptions: set[Node], h: int) -> bool:
    """({S_h} + p_h) minus c_h against all prescriptions before h, given c_h."""
    given: set[Node] = {item for item in information.common(h) if item in graph}
    targets: set[Node] = {("state", h)} | {item for item in information.private(h) if item in graph}
    return graph.separated(targets, prescriptions, given)
