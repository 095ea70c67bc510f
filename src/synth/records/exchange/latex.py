"""LaTeX of BibTeX files to Unicode, and Unicode to what BibTeX and LaTeX take as it stands.

The decoder is our own: pylatexenc 2.11 takes an unescaped % for a comment and drops the rest of the value, drops
commands it does not know, and writes blanks around &. Here a command that is not known stays as it is written.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator


def _paired(text: str) -> dict[str, str]:
    words = text.split()
    return dict(zip(words[::2], words[1::2], strict=True))


# The command, then the code point of the sign that combines.
_ACCENTS = {
    command: chr(int(code, 16))
    for command, code in _paired(
        "` 300 ' 301 ^ 302 ~ 303 = 304 u 306 . 307 \" 308 r 30a H 30b v 30c d 323 c 327 k 328 b 331 t 361"
    ).items()
}
_GREEK = _paired(
    """
    alpha ALPHA beta BETA gamma GAMMA delta DELTA epsilon EPSILON zeta ZETA eta ETA theta THETA iota IOTA kappa KAPPA
    lambda LAMDA mu MU nu NU xi XI omicron OMICRON pi PI rho RHO sigma SIGMA tau TAU upsilon UPSILON phi PHI chi CHI
    psi PSI omega OMEGA
    """
)
_SIGNS = _paired(
    r"""
    ss ß o ø O Ø l ł L Ł ae æ AE Æ oe œ OE Œ aa å AA Å i ı j ȷ dh ð DH Ð th þ TH Þ dj đ DJ Đ ng ŋ NG Ŋ S § P ¶ dag †
    ddag ‡ pounds £ euro € texteuro € textbackslash \ textbraceleft { textbraceright } textasciitilde ~
    textasciicircum ^ textless < textgreater > textbar | textunderscore _ textdollar $ textendash – textemdash —
    textquoteleft ‘ textquoteright ’ textquotedblleft “ textquotedblright ” textquotesingle ' textquotedbl "
    textregistered ® texttrademark ™ textcopyright © copyright © textdegree ° degree ° pm ± textpm ± times × texttimes ×
    cdot · leq ≤ le ≤ geq ≥ ge ≥ neq ≠ ne ≠ approx ≈ sim ∼ infty ∞ to → rightarrow → leftarrow ← ldots … dots …
    textellipsis … textmu µ circ ∘ prime ′ textonehalf ½ varepsilon ε slash / textperiodcentered ·
    """
)
_SIGNS |= {name: unicodedata.lookup(f"GREEK SMALL LETTER {letter}") for name, letter in _GREEK.items()}
_SIGNS |= {name.title(): unicodedata.lookup(f"GREEK CAPITAL LETTER {letter}") for name, letter in _GREEK.items()}
# Commands of form, whose argument stands for itself.
_FORMS = frozenset(
    (
        *("emph", "textit", "textbf", "textsc", "textrm", "texttt", "textsf", "textsl", "textup", "textmd", "text"),
        *("mbox", "mathrm", "mathit", "mathbf", "ensuremath", "underline", "uppercase", "url", "enquote"),
        *("textsubscript", "textsuperscript"),
        *("it", "bf", "em", "rm", "sc", "tt", "sl", "relax", "protect", "noopsort"),
    )
)
_UPPER = dict(zip("0123456789+-=()n", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁼⁽⁾ⁿ", strict=True))
_LOWER = dict(zip("0123456789+-=()", "₀₁₂₃₄₅₆₇₈₉₊₋₌₍₎", strict=True))
_WORDS_RAISED = re.compile(r"([\^_])\s*\{?\\(?:textrm|textnormal|textit|textbf|text|mathrm|rm)\s*\{([^{}\\]*)\}\}?")
_RAISED_WORDS = frozenset(("st", "nd", "rd", "th", "*", "†", "‡", "®", "™"))
_BLANK_COMMANDS = frozenset(" ,;:!/-@\\\n")
_TOKEN = re.compile(
    r"\\(?P<word>[A-Za-z]+)(?P<gap>[ \t\n]*)|\\(?P<sign>.)|(?P<math>\$[^$]*\$)|(?P<dash>---?|``|'')|(?P<other>.)",
    re.DOTALL,
)
_DASHES = {"---": "—", "--": "–", "``": "“", "''": "”"}
_PLAIN = re.compile(r"[^\\{}$~`'-]*")
_ESCAPES = str.maketrans(
    {sign: rf"\{sign}" for sign in "$&%#_"}
    | {
        sign: rf"{{\{name}}}"
        for name, sign in _SIGNS.items()
        if name in ("textbackslash", "textbraceleft", "textbraceright", "textasciicircum", "textasciitilde")
    }
)
_LIGATURE = re.compile(r"-(?=-)|`(?=`)|'(?=')")


def to_unicode(text: str) -> str:
    """The words of LaTeX text: accents and signs as Unicode, braces and commands of form taken away."""
    if _PLAIN.fullmatch(text):
        return text
    return "".join(_decoded(text))


def _decoded(text: str) -> Iterator[str]:
    place = 0
    while place < len(text):
        token = _TOKEN.match(text, place)
        if token is None:
            return
        place = token.end()
        if token["word"] is not None or token["sign"] is not None:
            command = token["word"] or token["sign"]
            if command in _ACCENTS:
                letter, place = _argument(text, place)
                yield _accented(command, letter)
            elif token["word"] and command not in _SIGNS and command not in _FORMS:
                arguments, place = _arguments(text, place)
                yield f"\\{command}{token['gap']}{arguments}"
            else:
                yield _command(command)
        elif token["math"] is not None:
            formula = _mathematics(token["math"][1:-1])
            yield "$" if formula is None else formula
            place = token.start() + 1 if formula is None else place
        elif token["dash"] is not None:
            yield _DASHES[token["dash"]]
        elif token["other"] not in "{}":
            yield "\u00a0" if token["other"] == "~" else token["other"]


def _argument(text: str, place: int) -> tuple[str, int]:
    """The argument of an accent as Unicode, and the place after it: a group, a command or a letter."""
    found = re.compile(r"\s*(?:\{([^{}]*)\}|(\\[A-Za-z]+)\s*|([^\s\\{}]))").match(text, place)
    if found is None:
        return "", place
    inner = found[1] if found[1] is not None else found[2] or found[3]
    return to_unicode(inner).strip(), found.end()


def _accented(accent: str, letter: str) -> str:
    if not letter:
        return accent if not accent.isalpha() else f"\\{accent}"
    base = letter[0].translate(str.maketrans("ıȷ", "ij"))
    return unicodedata.normalize("NFC", base + _ACCENTS[accent]) + letter[1:]


def _arguments(text: str, place: int) -> tuple[str, int]:
    """The groups after a command that is not known, with their braces, and the place after them."""
    start = place
    depth = 0
    for index in range(start, len(text)):
        depth += {"{": 1, "}": -1}.get(text[index], 0)
        if depth < 0 or (depth == 0 and text[index] != "}"):
            break
        place = index + 1 if depth == 0 else place
    return _words_within(text[start:place]), place


def _words_within(groups: str) -> str:
    """Groups with their words as Unicode and their braces as they stand."""
    return re.sub(r"[^{}]+", lambda found: to_unicode(found[0]), groups)


def _command(command: str) -> str:
    """The words of a command that takes no argument from the text."""
    if command in _SIGNS:
        return _SIGNS[command]
    if command in _FORMS:
        return ""
    if command in _BLANK_COMMANDS:
        return " " if command in " ,;:\\\n" else ""
    return command


def _mathematics(text: str) -> str | None:
    """The words between two dollars; None where they hold no formula (from $5 to $10)."""
    if not text or (not re.search(r"\\[A-Za-z]|[\^_{}]", text) and re.search(r"\s", text)):
        return None
    text = _WORDS_RAISED.sub(_raised_words, text)
    return to_unicode(re.sub(r"([\^_])(?:\{([^{}\\]*)\}|([^\\{}]))", _raised, text))


def _raised_words(found: re.Match[str]) -> str:
    """Words above or below the line: with signs of Unicode where it has them, else as words, as with sup in HTML."""
    return _signs(found[1], found[2]) or found[2]


def _raised(found: re.Match[str]) -> str:
    """Part of a formula above or below the line; without signs of Unicode for it the formula stays one."""
    text = found[2] if found[2] is not None else found[3]
    if found[1] == "^" and text in _RAISED_WORDS:
        return text
    return _signs(found[1], text) or f"{found[1]}{text if len(text) == 1 else f'({text})'}"


def _signs(place: str, text: str) -> str | None:
    signs = _UPPER if place == "^" else _LOWER
    return "".join(signs[sign] for sign in text) if all(sign in signs for sign in text) else None


def to_latex(text: str) -> str:
    """Text that reads as itself in BibTeX and LaTeX: signs with a meaning there are written as commands."""
    return _LIGATURE.sub(lambda found: f"{found[0]}{{}}", text.translate(_ESCAPES))


def protected(text: str) -> str:
    """LaTeX of a title with braces around words whose capitals a style must not change."""
    words = to_latex(text).split(" ")
    plain = text.split(" ")
    kept = (
        f"{{{word}}}" if any(sign.isupper() for sign in (shown[1:] if place == 0 else shown)) else word
        for place, (word, shown) in enumerate(zip(words, plain, strict=True))
    )
    return " ".join(kept)
