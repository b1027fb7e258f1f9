"""Countries by the names that exports use, so that a phone number can be read in its own country."""

from __future__ import annotations

from functools import lru_cache

from tap_csv.headers import normalise

NAMES_OF_COUNTRY: dict[str, tuple[str, ...]] = {
    "AR": ("argentina", "arg"),
    "AU": ("australia", "aus"),
    "BO": ("bolivia", "bol"),
    "BR": ("brazil", "brasil", "bra"),
    "CA": ("canada", "can"),
    "CH": ("switzerland", "suiza", "suica"),
    "CL": ("chile", "chl"),
    "CO": ("colombia", "col"),
    "CR": ("costa rica", "cri"),
    "CU": ("cuba",),
    "DE": ("germany", "alemania", "alemanha", "deu"),
    "DO": ("dominican republic", "republica dominicana", "dom"),
    "EC": ("ecuador", "equador", "ecu"),
    "ES": ("spain", "espana", "espanha", "esp"),
    "FR": ("france", "francia", "franca", "fra"),
    "GB": ("united kingdom", "great britain", "england", "reino unido", "inglaterra", "uk", "gbr"),
    "GT": ("guatemala", "gtm"),
    "HN": ("honduras", "hnd"),
    "IE": ("ireland", "irlanda"),
    "IT": ("italy", "italia", "ita"),
    "MX": ("mexico", "mejico", "mex"),
    "NI": ("nicaragua", "nic"),
    "NL": ("netherlands", "holland", "paises bajos", "holanda", "paises baixos"),
    "NZ": ("new zealand", "nueva zelanda", "nova zelandia"),
    "PA": ("panama", "pan"),
    "PE": ("peru", "per"),
    "PR": ("puerto rico", "porto rico", "pri"),
    "PT": ("portugal", "prt"),
    "PY": ("paraguay", "paraguai", "pry"),
    "SV": ("el salvador", "salvador", "slv"),
    "US": (
        "united states", "united states of america", "usa", "estados unidos", "estados unidos de america", "eeuu",
        "ee uu",
    ),
    "UY": ("uruguay", "uruguai", "ury"),
    "VE": ("venezuela", "ven"),
}  # fmt: skip
COUNTRY_OF_NAME = {name: code for code, names in NAMES_OF_COUNTRY.items() for name in names}


@lru_cache(maxsize=1024)
def country_code(value: str) -> str | None:
    """Return the two-letter code that a country cell means."""
    name = normalise(value)
    if name in COUNTRY_OF_NAME:
        return COUNTRY_OF_NAME[name]
    code = value.strip().upper()
    return code if len(code) == 2 and code.isascii() and code.isalpha() else None
