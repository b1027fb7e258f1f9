"""What the columns of one file mean, found by their names and by what the user says."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tap_csv.fields import (
    AMOUNTS,
    DATES,
    FIELD_OF_HEADER,
    FIELDS,
    FIRST_NAME_BESIDE_LAST,
    IDENTIFIERS,
    METADATA,
    METADATA_FIELDS,
    NAME_ALONE,
)
from tap_csv.headers import normalise
from tap_csv.kinds import IdPart, Recognised, recognise

if TYPE_CHECKING:
    from tap_csv.kinds import Kind
    from tap_csv.layout import Layout
    from tap_csv.options import Options

GENERIC_IDS = ("id", "source id")


@dataclass(frozen=True)
class Columns:
    """The plan by which rows become records. Columns are meant by their index."""

    recognised: Recognised
    names: list[str]
    mapping: dict[str, str]
    """Header to field, without those that mean nothing to us."""
    own_id: tuple[tuple[int | None, IdPart], ...]
    """Empty: a row is known by its content."""
    denied: frozenset[int]
    problems: list[str] = field(default_factory=list)

    @property
    def kind(self) -> Kind:
        """The kind of export."""
        return self.recognised.kind

    def of(self, *fields: str) -> list[int]:
        """Columns that mean one of `fields` and may leave the tap."""
        return [
            index
            for index, name in enumerate(self.names)
            if self.mapping.get(name) in fields and index not in self.denied
        ]

    @property
    def kept(self) -> list[int]:
        """Columns that may leave the tap."""
        return [index for index in range(len(self.names)) if index not in self.denied]

    @property
    def amounts(self) -> list[int]:
        """Columns of amounts."""
        return self.of(*AMOUNTS)

    @property
    def dates(self) -> list[int]:
        """Columns of dates."""
        return self.of(*DATES)

    @property
    def identifiers(self) -> list[int]:
        """Columns of ids, which a spreadsheet may have turned into numbers."""
        return self.of(*IDENTIFIERS)

    @property
    def own_id_rule(self) -> str:
        """How a row is known again, in words."""
        if not self.own_id:
            return "a hash of the row's content (no column holds an id; map one to source_id to change that)"
        return " + ".join(self.names[index] for index, _ in self.own_id if index is not None)


def find_columns(layout: Layout, options: Options, before: str | None = None) -> Columns:
    """Decide what each column means; the kind stays what it was `before`."""
    headers = [normalise(name) for name in layout.names]
    recognised = recognise(headers, layout.sample, options.kind)
    if before is not None and recognised.kind.name != before:
        recognised = Recognised(recognise(headers, [], before).kind, "the rows that were read first")
    fields = _fields(headers, recognised.kind, options.mapping)
    denied = frozenset(index for index, header in enumerate(headers) if header in options.deny)
    own_id = _own_id(headers, fields, recognised.kind, options)
    problems = _mapping_problems(headers, layout.names, options)
    if any(index in denied for index, _ in own_id):
        problems.append("The column of the row's own id is in `deny`: rows are known by their content instead.")
        own_id = ()
    mapping = {name: found for name, found in zip(layout.names, fields, strict=True) if found}
    return Columns(recognised, layout.names, mapping, own_id, denied, problems)


def _fields(headers: list[str], kind: Kind, mapping: dict[str, str | None]) -> list[str | None]:
    passed_over = {second for first, second in kind.instead.items() if first in headers}
    fields = [_field(header, kind, passed_over) for header in headers]
    if "last_name" in fields:
        names = zip(headers, fields, strict=True)
        fields = ["first_name" if header in FIRST_NAME_BESIDE_LAST else known for header, known in names]
    return [mapping.get(header, known) for header, known in zip(headers, fields, strict=True)]


def _field(header: str, kind: Kind, passed_over: set[str]) -> str | None:
    if header in passed_over:
        return None
    if header in kind.fields:
        return kind.fields[header]
    if header in NAME_ALONE:
        return "full_name"
    if header.endswith(METADATA):
        found = FIELD_OF_HEADER.get(header.removesuffix(METADATA))
        return found if found in METADATA_FIELDS else None
    return FIELD_OF_HEADER.get(header)


def _own_id(
    headers: list[str], fields: list[str | None], kind: Kind, options: Options
) -> tuple[tuple[int | None, IdPart], ...]:
    said = [index for index, header in enumerate(headers) if options.mapping.get(header) == "source_id"]
    if said:
        return tuple((index, IdPart((headers[index],))) for index in said)
    if kind.own_id:
        parts = [(_first(headers, part.headers), part) for part in kind.own_id]
        return tuple(parts) if parts[0][0] is not None else ()
    found = _first(headers, GENERIC_IDS)
    return () if found is None or fields[found] is None else ((found, IdPart((headers[found],))),)


def _first(headers: list[str], wanted: tuple[str, ...]) -> int | None:
    return next((headers.index(header) for header in wanted if header in headers), None)


def _mapping_problems(headers: list[str], names: list[str], options: Options) -> list[str]:
    missing = [header for header in sorted(options.expected) if header not in headers]
    unknown = sorted({said for said in options.mapping.values() if said and said not in FIELDS})
    problems = []
    if missing:
        problems.append(
            f"The mapping names the column `{missing[0]}`, which is not here; there are {', '.join(names)}."
        )
    if unknown:
        problems.append(
            f"The mapping names the field `{unknown[0]}`: it counts only if identity_rules.csv lists it as a kind."
        )
    return problems
