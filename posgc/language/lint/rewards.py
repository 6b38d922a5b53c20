"""Games without rewards (W701), and agents without one (W714)."""

from __future__ import annotations

from posgc.language import ir
from posgc.language.diagnostics.report import Reporter
from posgc.language.elaborate.rewards import NO_REWARD
from posgc.language.text import syntax as ast

__all__ = ["check_rewards"]


def check_rewards(tree: ast.GameText, game: ir.Game, reporter: Reporter) -> None:
    """Warns once: of the game, or of the agents that no line gives a reward."""
    if not any(isinstance(item, ast.Reward) for item in tree.items):
        reporter.warning("W701", "the game has no reward: every value is 0", tree.span, "write `reward team = ...;`")
        return
    poor = [name for name, reward in zip(game.signature.agents, game.rewards, strict=True) if reward is NO_REWARD]
    line = next(item for item in tree.items if isinstance(item, ast.Agents))
    for word, size in ((group.name, group.size) for group in line.groups):
        mine = [name for name in poor if name == word.text or (size is not None and name.startswith(f"{word.text}["))]
        if mine:
            what = f"no line gives a reward to {', '.join(mine[:6])}{', ...' if len(mine) > 6 else ''}"
            reporter.warning("W714", what, word.span, f"write `reward {mine[0]} = ...;`, 0 if that is meant")
