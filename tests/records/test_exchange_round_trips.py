"""Property tests of the exchange formats: what is written and read again is what was there."""

from __future__ import annotations

import json
import re

import msgspec
import pytest
from exchange_references import PIECES, RAW, references
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from synth.records.exchange import FORMATS, HOLDS, read_references, write_references
from synth.records.exchange.latex import protected, to_latex, to_unicode
from synth.records.reference import Reference, one_line

NAMED = {"bibtex", "csl-json"}


def again(found: tuple[Reference, ...] | list[Reference], name: str) -> tuple[Reference, ...]:
    """The references, written and read again."""
    return read_references(write_references(found, name).encode(), f"invented.{name}")


def ids_once(found: list[Reference]) -> bool:
    ids = [reference.id.lower() for reference in found if reference.id]
    return len(ids) == len(set(ids))


@pytest.mark.slow
@pytest.mark.parametrize("name", FORMATS)
@settings(suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_what_a_format_holds_comes_back(name: str, data: st.DataObject):
    found = data.draw(st.lists(references(name), min_size=1, max_size=3).filter(ids_once))
    back = again(found, name)
    if name in NAMED:
        # These formats name every reference.
        assert all(reference.id for reference in back)
        back = [
            msgspec.structs.replace(given_back, id=before.id) if before.id is None else given_back
            for before, given_back in zip(found, back, strict=True)
        ]
    for before, after in zip(found, back, strict=True):
        for field in HOLDS[name].fields:
            assert getattr(after, field) == getattr(before, field), field
        assert after == before


@pytest.mark.slow
@pytest.mark.parametrize("name", FORMATS)
@settings(suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data(), other=st.sampled_from(FORMATS))
def test_any_reference_can_be_written_and_is_stable_after_one_reading(name: str, other: str, data: st.DataObject):
    found = data.draw(st.lists(references(other), min_size=1, max_size=2).filter(ids_once))
    found = [msgspec.structs.replace(reference, title=reference.title or "invented") for reference in found]
    once = again(found, name)
    assert len(once) == len(found)
    assert again(once, name) == once
    assert write_references(again(once, name), name) == write_references(once, name)


RIS_TAGS = "A1 A2 A3 AB AD AN AU BT C2 C7 CY DA DB DO ED EP ET ID IS J2 JA JF JO KW L1 LA M3 N1 N2 PB PP PY SN SP T1 T2"
RIS_VALUES = ("2015", "2015/03/01/", "2015/03//Spring", "PubMed", "12345", "1234-5678 (Print)", "12-5", "Smith, J")
NBIB_TAGS = "AB AD AID AU AUID BTI CN DP ED EN FAU FED GN IS JT LA LID MH OT PG PL PMC PMID PT SI STAT TA TI TT VI FIR"
NBIB_VALUES = ("2015 Mar-Apr", "10.1000/x [doi]", "S0 [pii]", "1234-5678 (Print)", "ORCID: 1", "Smith JA Jr", "De A, B")


def lines_of(tags: str, values: tuple[str, ...], between: str) -> st.SearchStrategy[str]:
    value = st.sampled_from(values) | RAW.map(one_line)
    line = st.tuples(st.sampled_from([f"{tag:<4}" for tag in tags.split()]), value)
    return st.lists(line.map(lambda pair: f"{pair[0]}{between}{pair[1]}"), min_size=1, max_size=12).map("\n".join)


@pytest.mark.slow
@given(body=lines_of(f"{RIS_TAGS} TI TT U1 UR VL XX Y1", RIS_VALUES, "- "), kind=st.sampled_from(["JOUR", "BOOK", "X"]))
def test_any_ris_file_is_stable_after_one_reading(body: str, kind: str):
    data = f"TY  - {kind}\nTI  - invented\n{body}\nER  - \n".encode()
    once = read_references(data, "invented.ris")
    assert again(once, "ris") == once
    words = set(re.findall(r"\w+", body.replace("doi:", ""))) - set(
        re.findall(r"\w+", RIS_TAGS + " TI TT U1 UR VL XX Y1")
    )
    kept = set(re.findall(r"\w+", write_references(once, "ris")))
    assert words - kept == set()


@pytest.mark.slow
@given(body=lines_of(NBIB_TAGS, NBIB_VALUES, "- "))
def test_any_nbib_file_is_stable_after_one_reading(body: str):
    data = f"STAT- invented\n{body}\n".encode()
    once = read_references(data, "invented.nbib")
    assert b"".join(write_references(again(once, "nbib"), "nbib").encode().split()) == b"".join(
        write_references(once, "nbib").encode().split()
    )
    assert again(once, "nbib") == once


BIBTEX_VALUES = st.sampled_from(
    [
        *(
            r"{{\'e}t{\'e} \& {DNA} 50% \foo{bar}}",
            r"{{A Group}}",
            "jan",
            "2015",
            '"x" # " y"',
            r"{$\alpha$-{}-x \$5 ~ \_}",
        ),
        *(
            "{Smith, J and de la Cruz, Jr, A and others}",
            "{a, b; {c, d}}",
            "{12--15}",
            "{2015-03-01}",
            "{Spring}",
            "{10 % }",
        ),
        *(r"{\textbf{x} \textbackslash y}", r"{http://x.y/a_b\_c%20d~e}", "{" + "\u00a0é\u2028" + "}", r'{a "b" c}'),
    ]
)
BIBTEX_NAMES = (
    "title author editor journal booktitle year month day date volume number pages doi url note keywords issn x"
)


@pytest.mark.slow
@given(st.dictionaries(st.sampled_from([n for n in BIBTEX_NAMES.split() if n != "author"]), BIBTEX_VALUES, min_size=1))
def test_any_bibtex_entry_is_stable_after_one_reading(values: dict[str, str]):
    body = "".join(f"  {name} = {value},\n" for name, value in values.items())
    once = read_references(f"@article{{key1,\n{body}}}\n".encode(), "invented.bib")
    assert again(once, "bibtex") == once


JSON_TEXT = RAW | st.sampled_from(["2015", "a, b; c", "1234-5678"])
JSON_VALUES = st.recursive(
    JSON_TEXT | st.integers(-5, 3000) | st.booleans() | st.none(),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(JSON_TEXT, inner, max_size=2),
    max_leaves=4,
)
CSL_NAMES = "title container-title volume DOI PMID ISSN URL keyword language genre note issued custom number event page"


@pytest.mark.slow
@given(st.dictionaries(st.sampled_from([*CSL_NAMES.split(), "type"]), JSON_VALUES, max_size=6))
def test_any_csl_item_is_stable_after_one_reading(item: dict[str, object]):
    data = json.dumps([{"id": "one", "publisher": "invented", **item}]).encode()
    once = read_references(data, "invented.json")
    written = write_references(once, "csl-json")
    assert read_references(written.encode(), "again") == once
    kept = json.loads(written)[0]
    lost = [
        name
        for name, value in item.items()
        if value not in ("", None, [], {}) and name not in kept and str(value).strip()
    ]
    assert [name for name in lost if not isinstance(item[name], list) or any(item[name])] == []


@given(st.lists(st.sampled_from(PIECES), max_size=12).map("".join))
def test_latex_of_any_text_reads_as_that_text(text: str):
    assert to_unicode(to_latex(text)) == text
    assert to_unicode(protected(text)) == text


@pytest.mark.parametrize("name", FORMATS)
def test_the_same_references_give_the_same_bytes(name: str):
    found = [Reference(title="B {a} %"), Reference(title="C", keywords=("b", "a"))]
    first = write_references(found, name)
    assert [write_references(list(found), name) for _ in range(3)] == [first] * 3
    assert "\r" not in first
    assert first.endswith("\n")
