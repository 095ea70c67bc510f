"""Tools for risk of bias as data: their items by number, with topic labels of our own, answers, licences and links.

Each tool is one YAML file of this package. What a file holds was read where its `read` says. No wording of a tool is
kept here: an item has its number, a label of two to six words, and a link to where its text stands.
"""

from synth.certainty.tools.data import NOT_ANSWERED, Domain, Item, Tool, tool, tool_ids, tools
from synth.schemas import ABSTRACT_ONLY

__all__ = ["ABSTRACT_ONLY", "NOT_ANSWERED", "Domain", "Item", "Tool", "tool", "tool_ids", "tools"]
