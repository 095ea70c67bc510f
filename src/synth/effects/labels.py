"""Names of studies as they are handed over, checked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set

from synth.errors import MethodError


def check_labels(labels: Sequence[str] | None, count: int, what: str) -> tuple[str, ...] | None:
    """The names as a tuple of texts, or None where none are given.

    Parameters
    ----------
    labels : sequence of str, optional
        A list, a tuple or a column. One text is refused, because its letters would be taken for names.
    count : int
        How many are expected.
    what : str
        What the names are for, such as "estimates", for the message.

    Raises
    ------
    MethodError
        If the names are no sequence, or more or fewer than expected.
    """
    if labels is None:
        return None
    wanted = f"labels = {labels!r}: a sequence of names is expected, one for each of {count} {what}"
    if isinstance(labels, str | bytes | Mapping | Set):
        raise MethodError(wanted)
    try:
        # A length too: what can be gone through only once would be empty for whoever reads it next.
        given = len(labels)
        names = tuple(map(str, labels))
    except TypeError as error:
        raise MethodError(wanted) from error
    if given != count:
        raise MethodError(f"{given} names for {count} {what}: one name for each is expected")
    return names
