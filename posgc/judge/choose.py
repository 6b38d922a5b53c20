"""Which judge a policy goes to: on pairs of node and belief, on histories, or by play; the strongest that applies."""

from __future__ import annotations

from collections.abc import Callable

from posgc.information.items import Information
from posgc.judge.histories import judge_histories
from posgc.judge.judgement import Judgement
from posgc.judge.verify import Distances, verify
from posgc.language.concepts import DeviationKind
from posgc.policy.artefact import Strategy

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
) -> Judgement:
    """Values and gains of a strategy in the true game.

    `distances` says how far prescriptions can move beliefs (see `verify`) where Assumption 3 is established; None where
    it is not: then pairs of node and belief prove nothing.  `limit` bounds the pairs or information states.
    Raises PolicyMismatch where the strategy lacks an instruction, ValueError where it cannot have a gap of this kind,
    LimitError where it is too large to judge.
    """
    if distances is None:
        return judge_histories(information, strategy, kind, limit, progress)
    return verify(information, strategy, kind, limit, progress, distances)
