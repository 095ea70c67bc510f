"""Bytes of a file as text, and what text a file may be made of."""

from __future__ import annotations

import codecs
import gzip
import io
import re
import zlib
from typing import BinaryIO

from synth.errors import FormatError

GZIP = b"\x1f\x8b"
#: Bytes of a file that is read as a whole: all but PubMed XML.
LARGEST = 1 << 29
_BLOCK = 1 << 20
_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_DECLARED = re.compile(rb"charset=[\"']?([A-Za-z0-9_.-]+)")
_HEADER = 1_000
# Blanks and line ends are no faults: `one_line` and `lines` make spaces of them.
_CONTROL = re.compile("[\x00-\x08\x0e-\x1b\x7f\ud800-\udfff]")
_ADVICE = (
    'save the file as UTF-8, or name its encoding before the first record: Content: text/plain; charset="windows-1252"'
)


def unpacked(data: bytes, file: str, largest: int = LARGEST) -> bytes:
    """The bytes of a file, out of gzip where they are in it.

    Raises
    ------
    FormatError
        Damaged or cut gzip, gzip in gzip, more than `largest` bytes.
    """
    content = data
    if data.startswith(GZIP):
        try:
            with gzip.GzipFile(fileobj=io.BytesIO(data)) as source:
                content = whole(source, file, largest)
        except (OSError, EOFError, zlib.error) as error:
            raise FormatError(file, 0, f"damaged gzip ({error}); a whole .gz file is expected") from error
        refuse_gzip(content, file)
    return content


def whole(source: BinaryIO | gzip.GzipFile, file: str, largest: int = LARGEST) -> bytes:
    """All bytes of a stream that has no more than `largest`.

    Raises
    ------
    FormatError
        It has more.
    """
    blocks: list[bytes] = []
    left = largest
    while block := source.read(_BLOCK):
        left -= len(block)
        if left < 0:
            size = f"{largest >> 20} MB" if largest >> 20 else f"{largest} bytes"
            raise FormatError(file, 0, f"more than {size} unpacked; split the file (only PubMed XML may be larger)")
        blocks.append(block)
    return b"".join(blocks)


def refuse_gzip(content: bytes, file: str) -> None:
    """Refuse what is gzip after it came out of gzip."""
    if content.startswith(GZIP):
        raise FormatError(file, 0, "gzip inside of gzip; unpack it once (gunzip)")


def decoded(data: bytes, file: str) -> str:
    """The text of a file, with line feeds as the only line ends.

    UTF-8 is expected, with or without a byte order mark. Another encoding is taken where the file names it itself: by a
    mark (UTF-16), or by ``charset=`` in a header before the first record. Nothing is guessed.

    Raises
    ------
    FormatError
        Bytes that are none of the encoding, with their line.
    """
    encoding = next((name for mark, name in _MARKS if data.startswith(mark)), None) or _declared(data, file) or "utf-8"
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        message = f"byte 0x{data[error.start]:02x} is not {encoding.removesuffix('-sig').upper()}; {_ADVICE}"
        raise FormatError(file, line, message) from error
    return text.replace("\r\n", "\n").replace("\r", "\n").removesuffix("\x1a")


def _declared(data: bytes, file: str) -> str | None:
    header = re.split(rb"(?m)^(?:TY  -|PMID- |\s*@\w+\s*[{(])", data[:_HEADER], maxsplit=1)[0]
    found = _DECLARED.search(header)
    if found is None or header.lstrip()[:1] in (b"{", b"[", b"<"):
        return None
    name = found[1].decode("ascii")
    try:
        return codecs.lookup(name).name
    except LookupError as error:
        raise FormatError(file, 0, f"the encoding {name!r} is not known; {_ADVICE}") from error


def refuse_control(text: str, file: str) -> None:
    """Refuse control characters and lone surrogates, which no text of a reference has and few programs can read.

    Raises
    ------
    FormatError
        The first of them, with its line.
    """
    found = _CONTROL.search(text)
    if found is None:
        return
    line = text.count("\n", 0, found.start()) + 1
    around = text[max(0, found.start() - 20) : found.end() + 20]
    message = f"control character U+{ord(found[0]):04X} in {around!r}; take it out"
    raise FormatError(file, line, message)
