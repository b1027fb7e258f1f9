"""Rows that no reader can use, as they occur in real files: the demo holds a fixed few, to show that they are kept."""

from __future__ import annotations

from typing import NamedTuple


class BadRow(NamedTuple):
    """A damaged line, why it cannot be a record, and whether it must be the last of its file."""

    export: str
    text: str
    reason: str
    last: bool = False


ROWS_BEFORE = 50
"""Good rows before the damage (unless it must come last, or the file is shorter)."""
BAD_ROWS = (
    BadRow("manychat", "1.23457E+15,,Ana,Pérez,ana@correo.example,vip", "Excel turned the id into E-notation"),
    BadRow("manychat_whatsapp", "9.00720E+15;525512345678;Luis;Gómez;;", "Excel turned the id into E-notation"),
    BadRow(
        "ghl_contacts",
        "Zq4Wm0Xr7Tn2Lk9Pb5Vc,Inés,Sáenz,+525512345678,ines@correo.example,2026-06-08T10:28:39-07:00,"
        "Jul 22 2026 02:09 PM,cliente, curso-2026,MX,,,false,,",
        "a comma in Tags without quotes: one field too many",
    ),
    BadRow(
        "shopify_customers",
        "'7999999999999,Raúl,Ortiz,raul@correo.example,yes,,Calle 1, piso 2,,Lima,LIM,PE,'15001,,,no,0.00,0,,no,",
        "a comma in the address without quotes: one field too many",
    ),
    BadRow(
        "paypal_en",
        '"01/31/2026","08:00:00","PST","Peña","Óscar"' + ',""' * 37,
        "a name in two fields: one field too many",
    ),
    BadRow("hotmart", "Curso X;Academia Ñandú" + ";x" * 58, "a semicolon in a name: one field too many"),
    BadRow(
        "stripe_customers",
        'cus_UnclosedQuote1,,sofia@correo.example,"Núñez, Sofía,2026-07-10 18:37:41,false,,,0.00,0,0.00,0.00,,',
        "a quote that is never closed, at the end of the file",
        last=True,
    ),
)
