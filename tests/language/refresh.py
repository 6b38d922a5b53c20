"""Writes the parser's tables anew after a change of the grammar: `python tests/language/refresh.py`."""

from importlib.resources import files
from pathlib import Path

from posgc.language.text import tables

if __name__ == "__main__":
    Path(str(files(tables.PACKAGE) / tables.TABLES)).write_text(tables.written(), encoding="utf-8")
