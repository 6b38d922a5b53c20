"""Four small games in which something far away, late, tiny or void misleads."""

__all__ = ["FAR", "LATER", "TINY", "VOID"]

FAR = """game far { horizon 3; discount 0.5; agents ann, bob; state n: 0..40; init n = 0;
  next n = min(n + 1, 40); action a[i]: {x, y};
  reward zero_sum ann = if n == 35 and a[ann] == a[bob] then 2 ^ 36 else 0; share full; }
"""
"""A prize 35 steps away: worth 1 without end."""

LATER = """game later { horizon 3; agents ann, bob; state s: 0..1; action a[i]: {x, y};
  observation o[i]: 0..1; init s ~ uniform;
  next s = if step >= 5 and a[ann] == y then 1 - s else s;
  observe o[i] ~ noisy(s', 0.8); reward team = 1; share late { o after 2; } }
"""
"""Assumption 3 holds for three steps and fails for eight."""

TINY = """game tiny { horizon 2; agents ann, bob; state t: 0..1; state s: 0..1;
  action a[i]: {x, y}; observation o[ann]: 0..1; init t ~ uniform; init s = 0; init o[ann] = t; next t = 0;
  next s ~ if t == 1 and a[ann] == y then {0: 1 - 4e-10, 1: 4e-10} else s;
  reward team = if step == 1 then (if a[ann] == y and t == 0 then -1000 else 0)
    else if s == 1 and a[bob] == y then 1000000000000 else 0;
  share nope { forget after 0; } }
"""
"""A probability of 4e-10 that is worth 200."""

VOID = """game void { horizon 1; agents ann, bob; state s: 0..1; action a[i]: {x, y}; init s = 0;
  reward ann = (if a[ann] == a[bob] then 4e-4 else 0) + (if s == 1 or a[ann] == y then 1000000000 else 0);
  reward bob = (if s == 1 or a[ann] == y then 1000000000 else 0); share full; }
"""
"""Rewards that differ by 4e-4, beside a prize of 10^9 that both get."""
