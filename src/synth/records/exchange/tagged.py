"""Records made of tagged lines, which RIS and MEDLINE share."""

from __future__ import annotations

from dataclasses import dataclass, field

from synth.records.reference import More, one_line


@dataclass(slots=True)
class Field:
    """One tag with its value: the text after the tag, then the lines that continue it."""

    tag: str
    line: int
    lines: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        """The value in one line."""
        return one_line(" ".join(self.lines))

    @property
    def block(self) -> str:
        """The value with its lines; empty ones are left out."""
        return "\n".join(filter(None, map(one_line, self.lines)))

    @property
    def items(self) -> list[str]:
        """Each line as a value of its own."""
        return [text for line in self.lines if (text := one_line(line))]


class Fields:
    """The fields of one record, taken one after another; what nobody took is left for `Reference.more`."""

    def __init__(self, fields: list[Field]) -> None:
        self._left = [found for found in fields if found.block]

    def __bool__(self) -> bool:
        return bool(self._left)

    def all(self, *tags: str) -> list[Field]:
        """Take every field with one of these tags, in the order of the file."""
        found = [item for item in self._left if item.tag in tags]
        self._left = [item for item in self._left if item.tag not in tags]
        return found

    def one(self, *tags: str) -> str | None:
        """Take the first value of the first of these tags that is there, and all that say the same again."""
        return self._take(tags, block=False)

    def block(self, *tags: str) -> str | None:
        """Take a value in several lines, as `one` does."""
        return self._take(tags, block=True)

    def _take(self, tags: tuple[str, ...], *, block: bool) -> str | None:
        candidates = (item for tag in tags for item in self._left if item.tag == tag)
        first = next(candidates, None)
        if first is None:
            return None
        value = first.block if block else first.text
        self._left = [item for item in self._left if not (item.tag in tags and item.text == first.text)]
        return value

    def give_back(self, item: Field) -> None:
        """Leave a field that was taken and turned out to hold something else."""
        self._left.append(item)

    def rest(self, format: str) -> tuple[More, ...]:  # noqa: A002
        """What nobody took, sorted by its place in the file."""
        return tuple(More(format, item.tag, item.block) for item in sorted(self._left, key=lambda item: item.line))
