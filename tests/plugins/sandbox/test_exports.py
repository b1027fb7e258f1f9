from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest
from sandbox.exports import EXPORTS

CSV_FACTS = Path(__file__).parents[4] / "shared" / "apis" / "csv.md"

STRIPE_DEFAULT = (
    "id,Created date (UTC),Amount,Amount Refunded,Currency,Captured,Converted Amount,Converted Amount Refunded,"
    "Converted Currency,Fee,Is Link,Mode,Payment Source Type,Status,Taxes On Fee,Application Fee,Application ID"
)
STRIPE_CUSTOMERS = (
    "id,Description,Email,Name,Created (UTC),Delinquent,Plan,Status,Total Spend,Payment Count,Refunded Volume,"
    "Dispute Losses,tag (metadata)"
)
PAYPAL_EN = (
    '"Date","Time","TimeZone","Name","Type","Status","Currency","Gross","Fee","Net","From Email Address",'
    '"To Email Address","Transaction ID","Shipping Address","Address Status","Item Title","Item ID",'
    '"Shipping and Handling Amount","Insurance Amount","Sales Tax","Option 1 Name","Option 1 Value","Option 2 Name",'
    '"Option 2 Value","Reference Txn ID","Invoice Number","Custom Number","Quantity","Receipt ID","Balance",'
    '"Address Line 1","Address Line 2/District/Neighborhood","Town/City",'
    '"State/Province/Region/County/Territory/Prefecture/Republic","Zip/Postal Code","Country","Contact Phone Number",'
    '"Subject","Note","Country Code","Balance Impact"'
)
PAYPAL_ES = (
    '"Fecha","Hora","Zona horaria","Descripción","Divisa","Bruto ","Comisión ","Neto","Saldo","Id. de transacción",'
    '"Correo electrónico del remitente","Nombre"'
)
GHL = "Contact Id,First Name,Last Name,Phone,Email,Created,Last Activity,Tags,Country,Opportunities"
MANYCHAT = "Subscriber ID,Phone,First Name,Last Name,Email,Tags"
SHOPIFY = (
    "Customer ID,First Name,Last Name,Email,Accepts Email Marketing,Default Address Company,Default Address Address1,"
    "Default Address Address2,Default Address City,Default Address Province Code,Default Address Country Code,"
    "Default Address Zip,Default Address Phone,Phone,Accepts SMS Marketing,Total Spent,Total Orders,Note,Tax Exempt,"
    "Tags"
)
HOTMART_START = (
    "Nome do Produto;Nome do Produtor;Documento do Produtor;Nome do Afiliado;Transação;Meio de Pagamento;Origem;Moeda;"
    "Preço do Produto;Moeda;Preço da Oferta;Taxa de Câmbio;Moeda;Preço Original;Número da Parcela;Recorrência;"
    "Data de Venda;Data de Confirmação;Status;Nome;Documento;Email;DDD;Telefone;CEP;Cidade;Estado;Bairro;País;Endereço;"
    "Número;Complemento;chave;Código do Produto;"
)
FIRST_LINES = {
    "stripe_customers": (STRIPE_CUSTOMERS + ",ghl_contact_id (metadata)", STRIPE_CUSTOMERS),
    "stripe_payments": (STRIPE_DEFAULT + ",Customer ID,Customer Email", STRIPE_DEFAULT),
    "paypal_en": (PAYPAL_EN, PAYPAL_EN),
    "paypal_es": (PAYPAL_ES, PAYPAL_ES),
    "ghl_contacts": (GHL + ",Business Name,DND,Stripe Customer ID,ManyChat ID", GHL),
    "manychat": (MANYCHAT, MANYCHAT),
    "manychat_whatsapp": (MANYCHAT.replace(",", ";"), MANYCHAT),
    "shopify_customers": (SHOPIFY, SHOPIFY),
}

EMAIL = r"(?i)[a-z0-9.\-]+@[a-z\-0-9]+\.example ?|"
E164 = r"\+[1-9]\d{9,13}"
POINT = r"-?\d{1,3}(,\d{3})*\.\d\d"
COMMA = r"-?\d{1,3}(\.\d{3})*,\d\d"
UTC = r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d"
TIME = r"\d\d:\d\d:\d\d"
DAY_FIRST = r"(0[1-9]|[12]\d|3[01])/(0[1-9]|1[0-2])/20\d\d"
MONTH_FIRST = r"(0[1-9]|1[0-2])/(0[1-9]|[12]\d|3[01])/20\d\d"
PATTERNS = [
    ("stripe_customers", "id", r"cus_[0-9A-Za-z]{14}"),
    ("stripe_customers", "Email", EMAIL),
    ("stripe_customers", "Created (UTC)", UTC),
    ("stripe_customers", "Total Spend", POINT),
    ("stripe_customers", "Payment Count", r"[0-4]"),
    ("stripe_customers", "ghl_contact_id (metadata)", r"[0-9A-Za-z]{20}|"),
    ("stripe_payments", "id", r"(ch|py)_[0-9A-Za-z]{24}"),
    ("stripe_payments", "Created date (UTC)", UTC),
    ("stripe_payments", "Amount", POINT),
    ("stripe_payments", "Status", r"Paid|Refunded|Failed"),
    ("stripe_payments", "Currency", r"[a-z]{3}"),
    ("stripe_payments", "Customer ID", r"cus_[0-9A-Za-z]{14}|"),
    ("paypal_en", "Date", MONTH_FIRST),
    ("paypal_en", "Time", TIME),
    ("paypal_en", "TimeZone", r"PST|PDT"),
    ("paypal_en", "Gross", POINT),
    ("paypal_en", "Net", POINT),
    ("paypal_en", "Transaction ID", r"[0-9A-Z]{17}"),
    ("paypal_en", "Status", r"Completed|Pending|Denied"),
    ("paypal_en", "Balance Impact", r"Credit|Debit|Memo"),
    ("paypal_es", "Fecha", DAY_FIRST),
    ("paypal_es", "Hora", TIME),
    ("paypal_es", "Zona horaria", r"CET|CEST"),
    ("paypal_es", "Bruto ", COMMA),
    ("paypal_es", "Comisión ", COMMA),
    ("paypal_es", "Neto", COMMA),
    ("paypal_es", "Id. de transacción", r"[0-9A-Z]{17}"),
    ("ghl_contacts", "Contact Id", r"[0-9A-Za-z]{20}"),
    ("ghl_contacts", "Phone", E164 + "|"),
    ("ghl_contacts", "Created", r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d-07:00"),
    ("ghl_contacts", "Last Activity", r"[A-Z][a-z]{2} \d\d 20\d\d (0[1-9]|1[0-2]):\d\d [AP]M"),
    ("ghl_contacts", "Stripe Customer ID", r"cus_[0-9A-Za-z]{14}|"),
    ("manychat", "Subscriber ID", r"\d{17,18}"),
    ("manychat_whatsapp", "Subscriber ID", r"\d{17,18}"),
    ("manychat_whatsapp", "Phone", r"\+?[1-9]\d{9,13}"),
    ("shopify_customers", "Customer ID", r"'\d{13}"),
    ("shopify_customers", "Phone", r"'\+[1-9][\d ]{9,16}|"),
    ("shopify_customers", "Accepts Email Marketing", r"yes|no"),
    ("shopify_customers", "Total Spent", r"\d+\.\d\d"),
    ("hotmart", "Transação", r"HP\d{10}"),
    ("hotmart", "Preço da Oferta", COMMA),
    ("hotmart", "Data de Venda", DAY_FIRST),
    ("hotmart", "Telefone", r"\d{7,10}|"),
    ("hotmart", "Email", EMAIL),
]


@pytest.mark.parametrize("name", FIRST_LINES)
def test_first_line_is_the_vendors(files, name: str) -> None:
    dialect = EXPORTS[name].dialect
    content = (files.folder / f"{name}.csv").read_bytes().decode(dialect.encoding)
    assert content.split(dialect.line_end)[0] == FIRST_LINES[name][0]


def test_first_line_of_hotmart_repeats_moeda(files) -> None:
    first = (files.folder / "hotmart.csv").read_bytes().decode("cp1252").split("\r\n")[0]
    assert first.startswith(HOTMART_START)
    assert first.split(";").count("Moeda") == 4
    assert len(first.split(";")) == 59


@pytest.mark.needs_shared
@pytest.mark.skipif(not CSV_FACTS.exists(), reason="../shared is absent: the fact sheet of CSV exports is not here")
def test_headers_stand_in_the_fact_sheet() -> None:
    facts = CSV_FACTS.read_text("utf-8")
    assert all(sourced in facts for _, sourced in FIRST_LINES.values())
    assert HOTMART_START in facts


@pytest.mark.parametrize(("name", "header", "pattern"), PATTERNS)
def test_values_are_written_as_the_vendor_does(files, name: str, header: str, pattern: str) -> None:
    odd = [row[header] for row in files.rows[name] if not re.fullmatch(pattern, row[header])]
    assert files.rows[name]
    assert odd == []


@pytest.mark.parametrize("name", EXPORTS)
def test_every_line_has_every_field(files, name: str) -> None:
    assert all(None not in row and None not in row.values() for row in files.rows[name])


@pytest.mark.parametrize(
    ("name", "start"),
    [
        ("stripe_customers", b"id,"),
        ("paypal_en", b'"Date","Time"'),
        ("paypal_es", b'\xef\xbb\xbf"Fecha",'),
        ("manychat", b"Subscriber ID,"),
        ("manychat_whatsapp", b"\xef\xbb\xbfSubscriber ID;"),
        ("hotmart", "Nome do Produto;".encode("cp1252")),
    ],
)
def test_encoding_and_quotes(files, name: str, start: bytes) -> None:
    assert (files.folder / f"{name}.csv").read_bytes().startswith(start)


def test_hotmart_is_not_utf8_and_lost_its_emoji(files) -> None:
    content = (files.folder / "hotmart.csv").read_bytes()
    with pytest.raises(UnicodeDecodeError):
        content.decode("utf-8")
    assert any("?" in row["Nome"] for row in files.rows["hotmart"])


def test_amounts_above_a_thousand_are_grouped(files) -> None:
    assert any("," in row["Amount"] for row in files.rows["stripe_payments"])
    assert any("." in row["Bruto "] for row in files.rows["paypal_es"])


def test_manychat_ids_are_too_large_for_a_double(files) -> None:
    assert all(int(row["Subscriber ID"]) > 2**53 for row in files.rows["manychat"])


def test_shopify_notes_hold_newlines_and_quotes(files) -> None:
    notes = {row["Note"] for row in files.rows["shopify_customers"]}
    assert any("\n" in note for note in notes)
    assert any('"' in note for note in notes)


def test_paypal_rows_around_a_payment(files) -> None:
    rows = files.rows["paypal_en"]
    by_id = {row["Transaction ID"]: row for row in rows}
    kinds = Counter(row["Type"] for row in rows)
    around = ("General Currency Conversion", "Payment Refund", "Partner Fee", "General Authorization")
    assert all(kinds[kind] for kind in (*around, "General Payment", "General Withdrawal"))
    conversions = [row for row in rows if row["Type"] == "General Currency Conversion"]
    assert set(Counter(row["Reference Txn ID"] for row in conversions).values()) == {2}
    assert all(row["Reference Txn ID"] in by_id for row in conversions)
    assert {row["Status"] for row in rows if row["Balance Impact"] == "Memo"} == {"Completed", "Pending", "Denied"}
    assert all(row["Gross"].startswith("-") for row in rows if row["From Email Address"] == "ventas@academia.example")
    assert all(row["Net"].startswith("-") for row in rows if row["Balance Impact"] == "Debit")


@pytest.mark.parametrize("name", EXPORTS)
def test_an_export_without_phones(files, name: str) -> None:
    export = EXPORTS[name]
    bare = export.without_phones()
    assert set(export.headers) - set(bare.headers) == set(export.phone_columns)
    person, _, cells = next(bare.rows(files.world, range(100)))
    assert len(cells) == len(bare.headers)
    assert person.index < 100
