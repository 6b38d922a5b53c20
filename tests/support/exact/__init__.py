"""A game worked out in exact fractions, from the definitions: the referee of last resort.

Reads the checked form of a file (`posgc.language.ir.Game`) and a lag table, and shares nothing else with posgc: no
tabulator, no codes, no merging, no tolerance.  A decimal literal is the decimal that is written: 0.1 is 1/10.  Slow,
for games of a few states and steps.  What has no exact value, or is too large, raises `Refused`.
"""
