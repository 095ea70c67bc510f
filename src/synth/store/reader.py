"""One file of a review after the other, read and checked; every fault is noted with its place."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from synth.audit import Article, Audit, Claims, open_audit
from synth.errors import EvidenceError, Fault
from synth.extraction.corrections import Corrected, apply_corrections
from synth.provenance import unprintable
from synth.records import Record
from synth.schemas import CORRECTIONS, DECISION_LOG, EXTRACTION_TABLES, Table, TableSpec
from synth.search import Manifest
from synth.store.folder import data_files, files_under, is_there, read_text
from synth.store.tables import empty_table, split_table, table_faults
from synth.yamltext import YamlText, in_words, parse_yaml, typed

Read = TypeVar("Read")
JsonModel = TypeVar("JsonModel", bound=BaseModel)
_AUDIT_FILES = ("audit/article.yml", "audit/claims.yml")


@dataclass
class Reader:
    """Collects faults file by file, so that one run reports them all.

    `unread` holds the files that could not be read as a table, records or a mapping; the rules across files would
    then report rows as missing that are only unread, so they wait. `asked` holds every file that was looked for.
    """

    folder: Path
    faults: list[Fault] = field(default_factory=list)
    unread: set[str] = field(default_factory=set)
    asked: set[str] = field(default_factory=set)
    record_lines: dict[str, int] = field(default_factory=dict)

    def attempt(self, file: str, step: Callable[[], Read]) -> Read | None:
        """The result of a step on a file, or None after noting its faults."""
        self.asked.add(file)
        try:
            return step()
        except EvidenceError as error:
            self.faults.extend(error.faults)
            self.unread.add(file)
            return None

    def text(self, file: str) -> str | None:
        """The text of a file."""
        return self.attempt(file, lambda: read_text(self.folder, file))

    def table(self, spec: TableSpec, file: str) -> Table:
        """The cells of one table; an optional file that is not there has no rows."""
        if spec.optional_file and not is_there(self.folder, file):
            return empty_table(spec, file)
        content = self.text(file)
        if content is None:
            return empty_table(spec, file)
        table, faults = split_table(content, spec, file)
        self.faults.extend(faults)
        if faults:
            self.unread.add(file)
        return table

    def checked_table(self, spec: TableSpec, file: str) -> Table:
        """One table with its cells, rows and keys checked."""
        table = self.table(spec, file)
        self.faults.extend(table_faults(table))
        return table

    def yaml(self, file: str) -> YamlText | None:
        """A YAML file with its lines."""
        text = self.text(file)
        return None if text is None else self.attempt(file, lambda: parse_yaml(text, file))

    def json_model(self, model: type[JsonModel], text: str, file: str, first_line: int) -> JsonModel | None:
        """One JSON object, which begins on that line, as a checked model."""
        try:
            data = json.loads(text, object_pairs_hook=_unique_keys)
            for problem in filter(None, map(unprintable, _texts(data))):
                raise ValueError(problem)
            return model.model_validate(data)
        except json.JSONDecodeError as error:
            self.faults.append(Fault(file, first_line + error.lineno - 1, "", f"not JSON: {error.msg}"))
        except ValidationError as error:
            for item in error.errors(include_url=False):
                line = first_line + _line_of_key(text, item["loc"])
                self.faults.append(Fault(file, line, ".".join(map(str, item["loc"])), in_words(dict(item))))
        except RecursionError:
            self.faults.append(Fault(file, first_line, "", "nested too deep; no file of a review is"))
        except ValueError as error:
            self.faults.append(Fault(file, first_line, "", str(error)))
        self.unread.add(file)
        return None

    def records(self, file: str) -> tuple[Record, ...]:
        """The records of a JSON Lines file, which must be sorted by id, each id and identifier once."""
        content = self.text(file)
        if content is not None and not content.strip():
            self.faults.append(Fault(file, 0, "", "is empty; one record a line is expected"))
            self.unread.add(file)
        return self.record_lines_of(content or "", file)

    def record_lines_of(self, content: str, file: str) -> tuple[Record, ...]:
        """The records of such a text.

        Two records of PubMed may share a DOI or PMCID, because PubMed prints it so: that is worth a look, and no fault.
        """
        found: list[Record] = []
        holder: dict[tuple[str, str], Record] = {}
        for line, text in enumerate(content.split("\n"), start=1):
            record = self.json_model(Record, text, file, line) if text.strip() else None
            if record is None:
                continue
            if found and record.id <= found[-1].id:
                message = f"{record.id!r} comes after {found[-1].id!r}; records are sorted by id, each once"
                self.faults.append(Fault(file, line, "id", message))
            for name in ("pmid", "pmcid", "doi"):
                value = str(getattr(record, name) or "").lower()
                other = holder.setdefault((name, value), record) if value else record
                if other.id != record.id:
                    printed = name != "pmid" and bool(record.pubmed or other.pubmed)
                    wish = "are they one report?" if printed else "a report has one record"
                    message = f"{value} is the {name} of {other.id!r} already; {wish}"
                    self.faults.append(Fault(file, line, name, message, warning=printed))
            found.append(record)
            self.record_lines.setdefault(record.id, line)
        return tuple(found)

    def manifests(self) -> dict[str, Manifest]:
        """Every search manifest by its file."""
        found = {}
        for file in files_under(self.folder, "search/*/manifest.json"):
            text = self.text(file)
            manifest = self.json_model(Manifest, text, file, 1) if text is not None else None
            if manifest is not None:
                found[file] = manifest
            else:  # then nothing reads what it vouches for
                self.asked.add(str(PurePosixPath(file).with_name("records.jsonl")))
        if not found and not any(file.startswith("search/") for file in self.unread):
            message = "no manifest.json in any folder of search/; say there how the records were found"
            self.faults.append(Fault("search/", 0, "", message))
            self.unread.add("search/")
            self.asked.update(files_under(self.folder, "search/*/records.jsonl"))
        return found

    def logs(self) -> dict[str, Table]:
        """Every reviewer's decisions."""
        files = files_under(self.folder, "screening/decisions/*.csv")
        if not files:
            message = "no CSV file of a reviewer; one is expected, such as screening/decisions/software-a.csv"
            self.faults.append(Fault("screening/decisions/", 0, "", message))
            self.unread.add("screening/decisions/")
        return {Path(file).stem: self.checked_table(DECISION_LOG, file) for file in files}

    def tables(self) -> Corrected:
        """The tables of the extraction with the declared corrections made, their cells checked after that."""
        tables = {spec.name: self.table(spec, spec.file) for spec in EXTRACTION_TABLES}
        corrections = self.checked_table(CORRECTIONS, CORRECTIONS.file)
        readable = {name: table for name, table in tables.items() if table.file not in self.unread}
        corrected = apply_corrections(readable, corrections)
        self.faults.extend(corrected.faults)
        if CORRECTIONS.file not in self.unread:  # else a cell may look wrong whose correction is only unread
            faults = [fault for table in corrected.tables.values() for fault in table_faults(table)]
            self.faults.extend(corrected.placed(faults, CORRECTIONS.file))
        return replace(corrected, tables={**tables, **corrected.tables})

    def audit(self, record_ids: frozenset[str], *, records_read: bool) -> Audit | None:
        """The audit of an article, or an absent one where the review has none."""
        there = [file for file in _AUDIT_FILES if is_there(self.folder, file)]
        documents = {file: self.yaml(file) for file in there}
        article, claims = (documents.get(file) for file in _AUDIT_FILES)
        if records_read and all(document is not None for document in documents.values()):
            return self.attempt("audit/", lambda: open_audit(article, claims, record_ids))
        # What the two files say of each other and of the records cannot be judged, their keys and types can.
        if article is not None:
            self.attempt(article.file, lambda: typed(Article, article))
        if claims is not None:
            self.attempt(claims.file, lambda: typed(Claims, claims))
        return None

    def compared(self, faults: Iterable[Fault]) -> None:
        """Note faults across files; a cell that is wrong by itself is wrong in every comparison and reported once."""
        blamed = {(fault.file, fault.line, fault.column) for fault in self.faults}
        self.faults.extend(fault for fault in faults if (fault.file, fault.line, fault.column) not in blamed)

    def strays(self) -> None:
        """A fault for each file that looks like evidence and that nothing reads: most are misnamed."""
        for file in data_files(self.folder):
            if file not in self.asked:
                message = "nothing reads this file; correct its name (docs/evidence-files.md) or remove it"
                self.faults.append(Fault(file, 0, "", message))


def _unique_keys(pairs: list[tuple[str, object]]) -> dict[str, object]:
    keys = [key for key, _ in pairs]
    twice = sorted({key for key in keys if keys.count(key) > 1})
    if twice:
        raise ValueError(f"the key {twice[0]!r} stands twice; keep one")
    return dict(pairs)


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _texts(key)
            yield from _texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)


def _line_of_key(text: str, location: tuple[int | str, ...]) -> int:
    """How many lines of JSON text stand above the first key of a location; 0 where the key is not there."""
    position = text.find(json.dumps(location[0], ensure_ascii=False)) if location else -1
    return text.count("\n", 0, position) if position > 0 else 0
