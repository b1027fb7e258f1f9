"""Numbering plans as compiled patterns: what phonenumbers' metadata says, in two or three regex matches a number.

`phonenumbers` reads a number in about 100 microseconds. Nearly all numbers need none of its care: no trunk prefix or
carrier code to strip, no calling code to guess. The patterns here recognise exactly those; for all others the answer
is `None`, "not sure", and `phonenumbers` itself is asked. `test_phones.py` holds both to the same answers.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from phonenumbers import COUNTRY_CODE_TO_REGION_CODE, SUPPORTED_REGIONS, PhoneMetadata, country_code_for_region

if TYPE_CHECKING:
    from collections.abc import Iterator

NOT_VALID: Final = ""
KINDS_OF_NUMBER = (
    "mobile",
    "fixed_line",
    "toll_free",
    "premium_rate",
    "shared_cost",
    "voip",
    "personal_number",
    "pager",
    "uan",
    "voicemail",
)
SECOND_FORMS = {
    52: (r"\+52(?:1|01|044|045)(\d{10})", "+52{}"),
    54: (r"\+549(\d{10})", "+54{}"),
    55: (r"\+55(\d\d)([6-9]\d{7})", "+55{}9{}"),
}
"""Per calling code another way to write a line, and the one we keep: old prefixes of Mexico, Argentina's mobile 9,
Brazil before the ninth digit."""
SECOND_FORMS_AT_HOME = SECOND_FORMS | {52: (r"\+52(?:01|044|045)(\d{10})", "+52{}")}
"""The same for numbers dialled without calling code: in Mexico, 1 and ten digits is then a number of calling code 1."""


@dataclass(frozen=True, slots=True)
class Plan:
    """The numbers behind one calling code, over all regions that share it."""

    valid: re.Pattern[str]
    untouched: re.Pattern[str]
    second_form: re.Pattern[str] | None
    first_form: str

    def one_form(self, number: str) -> str:
        """Return the only form in which `number` is written if it is valid, else `NOT_VALID`."""
        if self.second_form is not None and (found := self.second_form.fullmatch(number)):
            rewritten = self.first_form.format(*found.groups())
            if self.valid.fullmatch(rewritten):
                return rewritten
        return number if self.valid.fullmatch(number) else NOT_VALID


@dataclass(frozen=True, slots=True, eq=False)
class Home:
    """A region from which numbers are dialled, so that they may lack plus and calling code."""

    region: str
    calling_code: str
    plan: Plan
    usual: re.Pattern[str]
    untouched: re.Pattern[str]
    with_calling_code: re.Pattern[str]

    def read(self, digits: str) -> str | None:
        """Read digits without plus as phonenumbers does with this region; None if that is not sure."""
        if digits.startswith(self.calling_code) and not self.usual.fullmatch(digits):
            number = f"+{digits}"
            return read_international(number) if self.with_calling_code.match(number) else None
        number = f"+{self.calling_code}{digits}"
        return self.plan.one_form(number) if self.untouched.match(number) else None


def read_international(number: str) -> str | None:
    """Read a number that begins with plus; None if that is not sure."""
    plan = plan_of(number[1:4])
    return plan.one_form(number) if plan is not None and plan.untouched.match(number) else None


@cache
def plan_of(leading_digits: str) -> Plan | None:
    """Return the plan whose calling code begins these (at most three) digits."""
    codes = (int(leading_digits[:length]) for length in range(1, len(leading_digits) + 1))
    code = next((code for code in codes if code in COUNTRY_CODE_TO_REGION_CODE), None)
    return None if code is None or leading_digits.startswith("0") else plan_of_code(code)


@cache
def plan_of_code(code: int) -> Plan:
    """Compile the plan of a calling code; its metadata is loaded here, at its first number."""
    regions = [_metadata(code, region) for region in COUNTRY_CODE_TO_REGION_CODE[code]]
    second_form, first_form = SECOND_FORMS.get(code, (None, ""))
    return Plan(
        valid=_compiled(rf"\+{code}(?:{'|'.join(_valid_by_region(regions))})"),
        untouched=_compiled(rf"\+{code}{_no_trunk_prefix(code, regions[0])}"),
        second_form=_compiled(second_form) if second_form else None,
        first_form=first_form,
    )


def home_of(region: str | None) -> Home | None:
    """Return the region of an ISO code in any case; None for anything else, a country's name included."""
    if not region:
        return None
    code = region.strip().upper()
    return _home_of(code) if code in SUPPORTED_REGIONS else None


@cache
def _home_of(region: str) -> Home:
    code = country_code_for_region(region)
    here, main = _metadata(code, region), _metadata(code, COUNTRY_CODE_TO_REGION_CODE[code][0])
    no_trunk_prefix = _no_trunk_prefix(code, here) + _no_trunk_prefix(code, main)
    no_exit_code = f"(?!{here.international_prefix})" if here.international_prefix else ""
    anything, longest = here.general_desc.national_number_pattern, max(here.general_desc.possible_length)
    too_long_with_it = rf"(?=\d{{{longest + 1},}}\Z)"
    right_without_it = rf"(?!(?:{anything})\Z)(?={code}(?:{anything})\Z)"
    plan = plan_of_code(code)
    second_form = SECOND_FORMS_AT_HOME[code][0] if plan.second_form else None
    return Home(
        region=region,
        calling_code=str(code),
        plan=replace(plan, second_form=_compiled(second_form) if second_form else None),
        usual=_compiled(_described(here.general_desc)),
        untouched=_compiled(rf"\+{code}{no_exit_code}{no_trunk_prefix}"),
        with_calling_code=_compiled(
            rf"\+{no_exit_code}(?:{too_long_with_it}|{right_without_it}){code}{no_trunk_prefix}"
        ),
    )


def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.ASCII)


def _metadata(code: int, region: str) -> Any:
    return PhoneMetadata.metadata_for_region_or_calling_code(code, region)


def _valid_by_region(regions: list[Any]) -> Iterator[str]:
    """Yield each region's valid numbers; leading digits give a number to their region for good, as in phonenumbers."""
    taken = ""
    for region in regions:
        own = f"(?={region.leading_digits})" if region.leading_digits else ""
        kinds = filter(None, (getattr(region, kind) for kind in KINDS_OF_NUMBER))
        described = "|".join(dict.fromkeys(_described(kind) for kind in kinds))
        yield rf"{taken}{own}(?={_described(region.general_desc)}\Z)(?:{described})"
        if region.leading_digits:
            taken += f"(?!{region.leading_digits})"


def _described(description: Any) -> str:
    """Return a group for the numbers of a description, whose pattern alone may admit more lengths."""
    lengths = "|".join(rf"\d{{{length}}}" for length in description.possible_length)
    return rf"(?:(?=(?:{lengths})\Z)(?:{description.national_number_pattern}))"


def _no_trunk_prefix(code: int, region: Any) -> str:
    """Return a look-ahead, to stand after `+<code>`, that fails where a trunk prefix or carrier code is stripped.

    Argentina's prefix also matches nothing at all, which strips nothing: hence the look-behind.
    """
    prefix = region.national_prefix_for_parsing
    return rf"(?!(?:{prefix})(?<!\+{code}))" if prefix else ""
