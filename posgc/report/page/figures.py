"""Pictures that stand in a page: SVG elements without ids, styles or namespaces that could meet those of others."""

from __future__ import annotations

import re
from xml.etree import ElementTree

from posgc.language.diagnostics import InputError
from posgc.pipeline import Comparison, Compiled
from posgc.report import compared, flow_chart
from posgc.report.page.blocks import Block, Figure

__all__ = ["flow_figure", "inlined", "worth_figure"]

SVG = "http://www.w3.org/2000/svg"

_REFERENCE = re.compile(r"#([\w.-]+)")


def flow_figure(compiled: Compiled) -> Figure:
    """Who learns what when."""
    label = f"Who learns what when in {compiled.model.name} under {compiled.information.protocol.name}"
    return Figure(inlined(flow_chart.draw(compiled, "svg"), "flow"), label)


def worth_figure(found: Comparison) -> Block:
    """What protocols are worth; or why that cannot be drawn."""
    try:
        drawn = compared.draw(found, "svg")
    except InputError as error:
        return error.diagnostics[0].message
    return Figure(inlined(drawn, "worth"), f"What sharing protocols are worth in {found.name}")


def inlined(svg: bytes, name: str) -> str:
    """The picture of matplotlib as an element for HTML; ids begin with `name`, so that they stay its own.

    It is drawn anew from the tree of the file: elements, attributes and texts, each escaped.
    """
    root = ElementTree.fromstring(svg)
    ids = {element.get("id") for element in root.iter()}
    for parent in list(root.iter()):
        for child in list(parent):
            if child.tag.rpartition("}")[2] in ("metadata", "style"):
                parent.remove(child)
    values = [value for element in root.iter() for value in element.attrib.values()]
    used = {found for value in values for found in _REFERENCE.findall(value)}
    for element in root.iter():
        element.tag = element.tag.rpartition("}")[2]
        attributes = {key.rpartition("}")[2]: value for key, value in element.attrib.items()}
        own = attributes.pop("id", None)
        element.attrib.clear()
        for key, value in attributes.items():
            element.set(key, _REFERENCE.sub(lambda m: f"#{name}-{m[1]}" if m[1] in ids else m[0], value))
        if own in used:
            element.set("id", f"{name}-{own}")
    root.set("xmlns", SVG)
    root.set("stroke-linejoin", "round")  # what the style of matplotlib's files says of everything
    root.set("stroke-linecap", "butt")
    root.set("aria-hidden", "true")  # the figure around it has a name, and the words beside it say the same
    root.set("focusable", "false")
    return ElementTree.tostring(root, encoding="unicode")
