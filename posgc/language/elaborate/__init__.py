"""Syntax tree to typed IR: names, types, constants, laws."""
