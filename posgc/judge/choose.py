"""Which judge a strategy goes to: the strongest that applies.

- *On pairs* of node and belief (`posgc.judge.verify`): machines and stationary machines, where Assumption 3 is
  established, and deviations that hear something at every step or never.
- *On histories* (`posgc.judge.histories`): every kind, under any protocol; an opaque player where all its own
  histories can be asked about.
- *By play* (`posgc.judge.play`): every kind, where that is too large.  This proves nothing and tells nothing of
  deviations, so a machine that is too large stays refused unless the caller asks for an estimate.
"""

from __future__ import annotations

from collections.abc import Callable

from posgc.information.items import Information
from posgc.judge.histories import judge_histories
from posgc.judge.judgement import Judgement
from posgc.judge.kinds import machine_of, require_kind
from posgc.judge.play import judge_by_play
from posgc.judge.verify import Distances, verify
from posgc.language.concepts import DEVIATIONS, DeviationKind
from posgc.language.diagnostics import LimitError
from posgc.policy.strategy import Strategy

__all__ = ["judge"]

Progress = Callable[[str, int, int], None]


def judge(
    information: Information,
    strategy: Strategy,
    kind: DeviationKind,
    limit: int,
    progress: Progress | None,
    distances: Distances | None,
    *,
    seed: int = 0,
    estimate: bool = False,
) -> Judgement:
    """Values and gains of a strategy in the true game.

    `distances` says how far prescriptions can move beliefs (see `verify`) where Assumption 3 is established; None where
    it is not: then pairs of node and belief prove nothing.  `limit` bounds the pairs or information states, `seed` is
    of the episodes of an estimate.  `estimate`: machines that are too large are judged by play too.
    Raises PolicyMismatch where the strategy lacks an instruction, ValueError where it cannot have a gap of this kind,
    LimitError where it is a machine too large to judge, or where nothing else can be done.
    """
    require_kind(strategy, kind)
    machine = machine_of(strategy, information.model.horizon)
    try:
        if machine is not None and distances is not None and DEVIATIONS[kind].trigger is None:
            return verify(information, machine, kind, limit, progress, distances)
        return judge_histories(information, strategy, kind, limit, progress)
    except LimitError:
        if machine is not None and not estimate:
            raise
        return judge_by_play(information, strategy, kind, seed, progress)
