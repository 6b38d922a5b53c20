"""The page of `posgc report`: what is known of a game, for a person who has to decide.

Modules say what stands in it as `blocks`; `rendering` makes HTML of them, by a template that escapes every text.
"""
