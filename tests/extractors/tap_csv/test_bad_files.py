"""Bad and odd files, one case each: what becomes rows, what is rejected with which line and reason, what is said."""

from __future__ import annotations

import codecs
import itertools
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.extractors.tap_csv.harness import run, written

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

NOTHING: Mapping[str, Any] = MappingProxyType({})

numbers = itertools.count()
BOM = codecs.BOM_UTF8
HEAD = b"name,email,city\n"
ANA = ("Ana", "ana@x.com", "Lima")
LUIS = ("Luis", "luis@x.com", "Quito")
ANA_LINE = b"Ana,ana@x.com,Lima\n"
LUIS_LINE = b"Luis,luis@x.com,Quito\n"
GOOD = HEAD + ANA_LINE + LUIS_LINE
PEOPLE = "name;city\nJosé;León\nÑandú;Mérida\n"
BROKEN = "name,city\nJosé,Lima\nÑandú,“Quito”\n".encode().decode("cp1252", "replace")
MANY = "".join(f"a{number},a{number}@x.com,Lima\n" for number in range(30)).encode()


class Case(NamedTuple):
    """A file and what must come of it."""

    name: str
    content: bytes
    rows: list[tuple[str, ...]]
    rejects: Sequence[tuple[int, str]] = ()
    """Line number, and what the reason must contain."""
    problems: Sequence[str] = ()
    says: Mapping[str, Any] = NOTHING
    """Fields of the file's row."""
    settings: Mapping[str, Any] = NOTHING


CASES = (
    # Encodings
    Case(
        "utf-8", PEOPLE.encode(), [("José", "León"), ("Ñandú", "Mérida")], says={"encoding": "utf-8", "delimiter": ";"}
    ),
    Case(
        "utf-8 with a byte order mark",
        BOM + GOOD,
        [ANA, LUIS],
        says={"encoding": "utf-8-sig", "headers": ["name", "email", "city"]},
    ),
    Case(
        "byte order mark before a quoted header",
        BOM + b'"name","email","city"\n' + ANA_LINE,
        [ANA],
        says={"headers": ["name", "email", "city"]},
    ),
    Case(
        "utf-16 little endian with tabs",
        codecs.BOM_UTF16_LE + PEOPLE.replace(";", "\t").encode("utf-16-le"),
        [("José", "León"), ("Ñandú", "Mérida")],
        says={"encoding": "utf-16-le", "delimiter": "\t"},
    ),
    Case(
        "utf-16 big endian",
        codecs.BOM_UTF16_BE + PEOPLE.encode("utf-16-be"),
        [("José", "León"), ("Ñandú", "Mérida")],
        says={"encoding": "utf-16-be"},
    ),
    Case(
        "utf-16 without a mark",
        PEOPLE.encode("utf-16-le"),
        [("José", "León"), ("Ñandú", "Mérida")],
        says={"encoding": "utf-16-le"},
    ),
    Case(
        "utf-16 cut in the middle of a character",
        codecs.BOM_UTF16_LE + "name;city\nA;B\nC;D".encode("utf-16-le")[:-1],
        [("A", "B")],
        [(3, "is not valid utf-16-le")],
    ),
    Case(
        "utf-16 with half of a pair",
        codecs.BOM_UTF16_LE + "name;city\nA;".encode("utf-16-le") + b"\x00\xd8" + "\nC;D\n".encode("utf-16-le"),
        [("C", "D")],
        [(2, "is not valid utf-16-le")],
    ),
    Case("cp1252", PEOPLE.encode("cp1252"), [("José", "León"), ("Ñandú", "Mérida")], says={"encoding": "cp1252"}),
    Case(
        "cp1252 with bytes that it leaves undefined",
        "name;city\nJosé;".encode("cp1252") + b"\x81\x8d\n",
        [("José", "\x81\x8d")],
        says={"encoding": "cp1252"},
    ),
    Case(
        "mac-roman with its line ends",
        PEOPLE.replace("\n", "\r").encode("mac-roman"),
        [("José", "León"), ("Ñandú", "Mérida")],
        says={"encoding": "mac-roman"},
    ),
    Case(
        "one line of cp1252 in a utf-8 file",
        "name;city\nJosé;León\n".encode() + "Ñandú;Mérida\n".encode("cp1252") + "Íñigo;Cádiz\n".encode(),
        [("José", "León"), ("Ñandú", "Mérida"), ("Íñigo", "Cádiz")],
        problems=["1 line is not utf-8 (first: line 3) and read as Windows-1252"],
        says={"encoding": "utf-8"},
    ),
    Case(
        "one line of utf-8 in a cp1252 file",
        "name;city\nJosé;León\nÑandú;Mérida\n".encode("cp1252") + "Íñigo;Cádiz\n".encode(),
        [("José", "León"), ("Ñandú", "Mérida"), ("Íñigo", "Cádiz")],
        problems=["1 line is not cp1252 (first: line 4) and read as UTF-8"],
    ),
    Case(
        "the encoding that the user says",
        "name;city\nJosé;León\n".encode("cp850"),
        [("José", "León")],
        settings={"encoding": "cp850"},
    ),
    Case(
        "not the encoding that the user says",
        b"name;city\nA;B\n\xff\xfe\xfd;C\n",
        [("A", "B")],
        [(3, "is not valid ascii")],
        settings={"encoding": "ascii"},
    ),
    Case(
        "mojibake",
        BROKEN.encode(),
        [tuple(line.split(",")) for line in BROKEN.splitlines()[1:]],
        problems=["2 cells in column name hold letters broken by a wrong encoding", "1 cell in column city"],
    ),
    # Delimiters
    Case(
        "semicolons, and commas in amounts",
        b"name;amount\nAna;1,50\nLuis;2,75\n",
        [("Ana", "1,50"), ("Luis", "2,75")],
        says={"delimiter": ";"},
    ),
    Case("tabs", GOOD.replace(b",", b"\t"), [ANA, LUIS], says={"delimiter": "\t"}),
    Case("pipes", GOOD.replace(b",", b"|"), [ANA, LUIS], says={"delimiter": "|"}),
    Case("the delimiter that the user says", GOOD.replace(b",", b"^"), [ANA, LUIS], settings={"delimiter": "^"}),
    Case(
        "sep=",
        b"sep=;\nname;city\nAna;Lima, Peru\n",
        [("Ana", "Lima, Peru")],
        says={"delimiter": ";", "header_line": 2},
    ),
    Case(
        "sep= in quotes, with a tab",
        b'"sep=\t"\r\nname\tcity\r\nAna\tLima\r\n',
        [("Ana", "Lima")],
        says={"delimiter": "\t"},
    ),
    Case(
        "semicolons inside quoted commas",
        b'name,tags\n"A;B;C","x;y"\n"D;E;F","z;w"\n',
        [("A;B;C", "x;y"), ("D;E;F", "z;w")],
        says={"delimiter": ","},
    ),
    Case("one column", b"email\nana@x.com\nluis@x.com\n", [("ana@x.com",), ("luis@x.com",)]),
    Case("one column with commas in it", b"name\nLima; Peru\nQuito, Ecuador\n", [("Lima; Peru",), ("Quito, Ecuador",)]),
    Case(
        "blanks between delimiter and quote",
        b'name, city\n"Perez, Ana", "Lima, Peru"\n"Gomez, Luis", "Quito"\n',
        [("Perez, Ana", "Lima, Peru"), ("Gomez, Luis", "Quito")],
    ),
    Case(
        "blanks after the delimiter are content",
        b"name, city\nAna, Lima\n",
        [("Ana", " Lima")],
        says={"headers": ["name", " city"]},
    ),
    # Line ends
    Case("carriage return and line feed", GOOD.replace(b"\n", b"\r\n"), [ANA, LUIS]),
    Case("carriage returns only", GOOD.replace(b"\n", b"\r"), [ANA, LUIS]),
    Case(
        "mixed line ends",
        HEAD + ANA_LINE.replace(b"\n", b"\r") + LUIS_LINE.replace(b"\n", b"\r\n") + ANA_LINE.replace(b"Ana", b"Eva"),
        [ANA, LUIS, ("Eva", "ana@x.com", "Lima")],
    ),
    Case("no line end after the last row", GOOD[:-1], [ANA, LUIS]),
    Case(
        "blank lines",
        b"\n" + HEAD + b"\n\n" + ANA_LINE + b"   \n\t\n" + LUIS_LINE + b"\n",
        [ANA, LUIS],
        says={"rows": 2},
    ),
    Case("rows of delimiters only", GOOD + b",,\n,,\n", [ANA, LUIS], says={"rows": 2}),
    Case("the end mark of DOS", GOOD + b"\x1a", [ANA, LUIS]),
    # Headers
    Case("a preamble", b"Customer report\nFrom,2026-01-01\n\n" + GOOD, [ANA, LUIS], says={"header_line": 4}),
    Case("a preamble padded with delimiters", b"Customer report,,\n,,\n" + GOOD, [ANA, LUIS], says={"header_line": 3}),
    Case(
        "duplicate headers",
        b"Moeda;Valor;Moeda;Moeda\nBRL;1;USD;EUR\n",
        [("BRL", "1", "USD", "EUR")],
        says={"headers": ["Moeda", "Valor", "Moeda_2", "Moeda_3"]},
    ),
    Case(
        "a duplicate header that is taken",
        b"a,a,a_2\n1,2,3\n",
        [("1", "2", "3")],
        says={"headers": ["a", "a_2", "a_2_2"]},
    ),
    Case(
        "empty headers",
        b"name,,email, \nAna,1,a@x.com,2\n",
        [("Ana", "1", "a@x.com", "2")],
        says={"headers": ["name", "column_2", "email", "column_4"]},
    ),
    Case(
        "a trailing delimiter in every line",
        b"name,city,\nAna,Lima,\nLuis,Quito,\n",
        [("Ana", "Lima", ""), ("Luis", "Quito", "")],
        says={"headers": ["name", "city", "column_3"]},
    ),
    Case(
        "a trailing delimiter in the header only",
        b"name,city,\nAna,Lima\nLuis,Quito\n",
        [("Ana", "Lima", ""), ("Luis", "Quito", "")],
    ),
    Case(
        "trailing delimiters in rows only",
        b"name,city\nAna,Lima,,\nLuis,Quito,\n",
        [("Ana", "Lima"), ("Luis", "Quito")],
    ),
    Case(
        "a header over two lines",
        b'"full\nname",city\nAna,Lima\n',
        [("Ana", "Lima")],
        says={"headers": ["full\nname", "city"]},
    ),
    Case("no header", b"Ana,ana@x.com,Lima\nLuis,luis@x.com,Quito\n", [LUIS], problems=["looks like data"]),
    Case("header only", HEAD, [], says={"rows": 0, "complete": True}),
    Case("empty", b"", [], problems=["The file is empty."], says={"complete": True}),
    Case("a byte order mark and nothing else", BOM, [], problems=["The file is empty."]),
    Case("blank lines and nothing else", b"\n\r\n  \n", [], problems=["The file is empty."]),
    # Rows
    Case(
        "too few fields",
        HEAD + ANA_LINE + b"Eva,eva@x.com\n" + LUIS_LINE,
        [ANA, LUIS],
        [(3, "has 2 fields, the header has 3")],
    ),
    Case(
        "too many fields",
        HEAD + ANA_LINE + b"Eva,eva@x.com,Cali,Colombia\n" + LUIS_LINE,
        [ANA, LUIS],
        [(3, "has 4 fields, the header has 3")],
    ),
    Case("one field", HEAD + ANA_LINE + b"Total: 2\n", [ANA], [(3, "has 1 field, the header has 3")]),
    Case(
        "line ends, delimiters and quotes in quotes",
        HEAD + b'"Ana ""La Jefa""","ana@x.com","Lima,\r\nPeru\n\nSur"\n' + LUIS_LINE,
        [('Ana "La Jefa"', "ana@x.com", "Lima,\r\nPeru\n\nSur"), LUIS],
    ),
    Case(
        "quotes within an unquoted field",
        HEAD + b'Ana "La Jefa" Paz,ana@x.com,Lima\n',
        [('Ana "La Jefa" Paz', "ana@x.com", "Lima")],
    ),
    Case(
        "quotes within a quoted field, not doubled",
        HEAD + b'"Ana "La Jefa" Paz",ana@x.com,Lima\n' + LUIS_LINE,
        [LUIS],
        [(2, "has text after a closing quote")],
    ),
    Case(
        "a quote that is never closed",
        HEAD + b'"Ana,ana@x.com,Lima\n' + LUIS_LINE + MANY,
        [LUIS, *((f"a{n}", f"a{n}@x.com", "Lima") for n in range(30))],
        [(2, "opens a quote that is not closed")],
    ),
    Case(
        "a quote that only the next quote closes",
        HEAD + b'"Ana,ana@x.com,Lima\n' + MANY + b'"Luis",luis@x.com,Quito\n',
        [*((f"a{n}", f"a{n}@x.com", "Lima") for n in range(30)), LUIS],
        [(2, "has text after a closing quote")],
    ),
    Case(
        "an unclosed quote that a later one closes",
        HEAD + b'"Eva,eva@x.com,Cali\n' + LUIS_LINE + b'Ana",Lima\n' + ANA_LINE,
        [LUIS, ANA],
        [(2, "has 2 fields, the header has 3"), (4, "has 2 fields")],
    ),
    Case(
        "an unclosed quote in the last line",
        HEAD + ANA_LINE + b'Luis,luis@x.com,"Quito',
        [ANA],
        [(3, "opens a quote that is not closed")],
    ),
    Case("a NUL", HEAD + ANA_LINE + b"E\0va,eva@x.com,Cali\n" + LUIS_LINE, [ANA, LUIS], [(3, "holds a NUL character")]),
    Case(
        "a NUL in a row of several lines",
        HEAD + b'"E\nv\0a",eva@x.com,Cali\n' + LUIS_LINE,
        [LUIS],
        [(2, "holds a NUL character")],
    ),
    Case(
        "a row over the limit",
        HEAD + ANA_LINE + b"Eva," + b"x" * 5000 + b",Cali\n" + LUIS_LINE,
        [ANA, LUIS],
        [(3, "is a line of 5,010 bytes, more than `max_row_bytes` (1,000)")],
        settings={"max_row_bytes": 1000},
    ),
    Case(
        "a row of many lines over the limit",
        HEAD + b'Eva,"' + b"x\n" * 60 + b'",Cali\n' + LUIS_LINE,
        [LUIS],
        [(2, "does not end within 100 bytes"), *((n, "has 1 field") for n in range(3, 62)), (62, "opens a quote")],
        settings={"max_row_bytes": 100},
    ),
    # Spreadsheets
    Case(
        "ids in E-notation",
        b'Subscriber ID,Email\n1.23457E+15,a@x.com\n"1,23457E+15",b@x.com\n1234567890123456,c@x.com\n',
        [("1234567890123456", "c@x.com")],
        [(2, "the id (Subscriber ID) has lost its digits"), (3, "has lost its digits")],
    ),
    Case(
        "phones in E-notation",
        b"name,phone\nAna,5.25512E+11\n",
        [("Ana", "5.25512E+11")],
        problems=["1 cell in column phone lost digits in a spreadsheet"],
    ),
    Case(
        "errors of a spreadsheet",
        b"name,city,active\nAna,#N/D,VERDADERO\nLuis,#N/A,FALSO\n",
        [("Ana", "#N/D", "VERDADERO"), ("Luis", "#N/A", "FALSO")],
        problems=[
            "2 cells in column city hold a spreadsheet's error",
            "2 cells in column active hold a word that Excel translated",
        ],
    ),
)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_file(case: Case, tmp_path: Path) -> None:
    path = written(tmp_path / "people.csv", case.content)

    outcome = run(path, **case.settings)

    assert outcome.rows == case.rows
    assert [line for line, _ in outcome.lines_rejected] == [line for line, _ in case.rejects]
    for (_, reason), (_, expected) in zip(outcome.lines_rejected, case.rejects, strict=True):
        assert expected in reason
    assert {name: outcome.file[name] for name in case.says} == case.says
    for expected in case.problems:
        assert any(expected in problem for problem in outcome.file["problems"]), outcome.file["problems"]
    assert len(outcome.file["problems"]) >= len(case.problems)
    assert outcome.file["rejected"] == len(case.rejects)
    assert outcome.file["complete"]
    assert outcome.finished
    assert outcome.exit_code == 0


PIECES = st.sampled_from(
    [
        *b'a 1 , ; \t " "" \n \r\n \r \0 \xff\xfe \xfe\xff \xe9 \xc3\xa9 id email sep=;\n 1E+15 #N/D \x1a'.split(b" "),
        *(b" ", BOM, b"a,b\n1,2\n", b"\xed\xa0\x80", b"PK\x03\x04"),
    ]
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(pieces=st.lists(PIECES, max_size=40), junk=st.binary(max_size=40), encoding=st.sampled_from([None, "utf-16"]))
def test_no_bytes_at_all_break_a_run(pieces: list[bytes], junk: bytes, encoding: str | None, tmp_path: Path) -> None:
    path = written(tmp_path / f"{next(numbers)}.csv", b"".join(pieces) + junk)

    outcome = run(path, page_rows=3, max_row_bytes=64, encoding=encoding)

    assert outcome.exit_code in (0, 1)
    if outcome.finished:
        rows = outcome.file["rows"] - outcome.file["rejected"] - outcome.file["repeated"]
        assert len({record["id"] for record in outcome.records}) == len(outcome.records) == rows
        assert len(outcome.rejects) == outcome.file["rejected"]
    again = run(path, outcome.state, page_rows=3, max_row_bytes=64, encoding=encoding)
    assert again.records == again.rejects == again.files == []
