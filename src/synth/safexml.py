"""How XML from outside is read: nothing is fetched, nothing is expanded, nothing grows without bound."""

from __future__ import annotations

from typing import Final

#: Options of every lxml parser in this package. Entities stay what they are, no DTD is loaded, no address is asked,
#: and libxml2's own limits on depth and size of text hold.
SAFE: Final[dict[str, bool]] = {
    "resolve_entities": False,
    "load_dtd": False,
    "attribute_defaults": False,
    "no_network": True,
    "huge_tree": False,
    "remove_comments": True,
    "remove_pis": True,
}
