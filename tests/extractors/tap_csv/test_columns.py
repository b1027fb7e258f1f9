"""What columns mean: kinds, own ids, mapping, phones, and how amounts and dates are written."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import pytest
from tap_csv.formats import amount_evidence, date_evidence
from tap_csv.kinds import KINDS

from tests.extractors.tap_csv.harness import run, written

FIXTURES = Path(__file__).parent.parent.parent / "fixtures" / "csv"
STRIPE_PAYMENTS = "id,Created date (UTC),Amount,Amount Refunded,Currency,Captured,Fee,Status,Customer ID,Customer Email"
OLD_STRIPE_PAYMENTS = "id,Description,Seller Message,Created (UTC),Amount,Amount Refunded,Currency,Customer ID,Card ID"
PAYPAL = "Date,Time,TimeZone,Name,Type,Status,Currency,Gross,Fee,Net,From Email Address,To Email Address,Transaction ID"
PAYPAL_ES = (
    "Fecha,Hora,Zona horaria,Nombre,Tipo,Estado,Divisa,Bruto,Tarifa,Neto,Remitente,Destinatario,Id. de transacción"
)
HOTMART_2 = "DATA DA TRANSACAO;PRODUTOR(A);PRODUTO;VENDA FEITA COMO"

# kind, header, what the mapping must contain
RECOGNISED: tuple[tuple[str, str, dict[str, str]], ...] = (
    ("stripe_customers", "id,Email,Name,Total Spend", {"id": "stripe_customer_id", "Total Spend": "amount"}),
    ("stripe_customers", "ID,Description,E-Mail,email,Delinquent", {"E-Mail": "email", "email": "email"}),
    (
        "stripe_payments",
        STRIPE_PAYMENTS,
        {"id": "source_id", "Customer ID": "stripe_customer_id", "Customer Email": "email"},
    ),
    ("stripe_payments", OLD_STRIPE_PAYMENTS, {"Created (UTC)": "created_at", "Amount": "amount"}),
    ("stripe_balance", "id,Type,Source,Amount,Fee,Net,Currency,Created (UTC),Available On (UTC)", {"Net": "net"}),
    ("stripe_payouts", "id,Amount,Created (UTC),Currency,Arrival Date (UTC),Status", {"id": "source_id"}),
    ("paypal_activity", PAYPAL, {"From Email Address": "payer_email", "To Email Address": "receiver_email"}),
    ("paypal_activity", PAYPAL_ES, {"Remitente": "payer_email", "Estado": "status", "Nombre": "full_name"}),
    ("ghl_contacts", "Contact Id,First Name,Phone,Tags", {"Contact Id": "ghl_contact_id"}),
    ("manychat_subscribers", "Subscriber ID;Phone;First Name", {"Subscriber ID": "manychat_subscriber_id"}),
    ("shopify_customers", "Customer ID,Email,Accepts Marketing,Phone", {"Accepts Marketing": "consent_email"}),
    ("hotmart_sales", "Nome do Produto;Transação;Preço da Oferta;DDD;Telefone", {"DDD": "phone_area"}),
    ("hotmart_sales", HOTMART_2, {"DATA DA TRANSACAO": "created_at", "PRODUTO": "product"}),
    ("other_", "Nombre,Apellidos,Correo electrónico,Teléfono móvil,País,Código postal", {"Nombre": "first_name"}),
    ("other_", "Nombre,Correo,Teléfono", {"Nombre": "full_name", "Teléfono": "phone"}),
    ("other_", "Nome;Sobrenome;E-mail;Celular;CEP;Cidade", {"Nome": "first_name", "CEP": "postal_code"}),
    ("other_", "name,phone (metadata),status (metadata)", {"phone (metadata)": "phone"}),
)


@pytest.mark.parametrize(("kind", "header", "mapping"), RECOGNISED, ids=lambda value: str(value)[:40])
def test_a_kind_is_recognised_by_its_headers(kind: str, header: str, mapping: dict[str, str], tmp_path: Path) -> None:
    file = run(written(tmp_path / "a.csv", f"{header}\n")).file

    assert file["kind"] == kind if kind != "other_" else file["kind"].startswith(kind)
    assert mapping.items() <= file["mapping"].items()
    assert "status (metadata)" not in file["mapping"]


@pytest.mark.parametrize(
    ("kind", "own_id"),
    [
        ("stripe_customers", "cus_1a"),
        ("stripe_payments", "py_1a"),
        ("stripe_balance", "txn_1"),
        ("stripe_payouts", "po_1"),
    ],
)
def test_stripe_is_recognised_by_its_ids_too(kind: str, own_id: str, tmp_path: Path) -> None:
    outcome = run(written(tmp_path / "a.csv", f"id,Whatever\n{own_id},x\n"))

    assert outcome.records[0]["id"] == f"{kind}:{own_id}"
    assert "ids that begin with" in outcome.file["kind_detected_by"]


FIXTURE_IDS = {
    "stripe_customers": ["cus_QXg1o8vcGmoR32", "cus_QXg1o8vcGmoR33"],
    "paypal_es": ["0JN65120FU073310V:MXN:123450", "0JN65120FU073310V:USD:-118637"],
    "ghl_contacts": ["abc123DEFghiJKL456"],
    "shopify_customers": ["7210448301122"],
    "hotmart_sales": ["HP1234567890:1:", "HP1234567891:1:2"],
}


@pytest.mark.parametrize("name", FIXTURE_IDS)
def test_own_ids_of_the_kinds(name: str) -> None:
    outcome = run(FIXTURES / f"{name}.csv")

    assert [record["id"].partition(":")[2] for record in outcome.records] == FIXTURE_IDS[name]
    assert outcome.rejects == []


def test_every_kind_names_its_own_id() -> None:
    assert all(kind.own_id for kind in KINDS)


def test_paypal_ids_do_not_depend_on_the_language_of_the_account(tmp_path: Path) -> None:
    row = "{},08:00:00,PST,Ana,{},{},MXN,{},0,0,a@x.com,b@x.com,TX1\n"
    english = f"{PAYPAL}\n" + row.format("12/31/2025", "Payment", "Completed", '"-1,234.50"')
    spanish = f"{PAYPAL_ES}\n" + row.format("31/12/2025", "Pago", "Completado", '"-1.234,50"')

    one, other = (run(written(tmp_path / "a.csv", text)).records[0]["id"] for text in (english, spanish))

    assert one == other == "paypal_activity:TX1:MXN:-123450"


@pytest.mark.parametrize(
    ("header", "settings", "expected"),
    [
        ("id,name", {}, "x1"),
        ("Source-ID,name", {}, "x1"),
        ("code,name", {"mapping": {"CODE ": "source_id"}}, "x1"),
        ("code,name", {"files_entry": {"mapping": {"code": "source_id"}}}, "x1"),
        ("id,name", {"mapping": {"id": None}}, None),
        ("code,name", {}, None),
    ],
)
def test_own_id_of_an_unknown_kind(header: str, settings: dict[str, Any], expected: str | None, tmp_path: Path) -> None:
    entry = {"path": str(written(tmp_path / "a.csv", f"{header}\n'x1,Ana\n"))} | settings.pop("files_entry", {})

    key = run([entry], **settings).records[0]["id"].partition(":")[2]

    assert key == expected if expected else len(key) == 32


def test_the_content_counts_in_whatever_order_the_columns_stand(tmp_path: Path) -> None:
    ids = [
        run(written(tmp_path / f"{number}.csv", text)).records[0]["id"]
        for number, text in enumerate(
            [
                "code,name\n1,Ana\n",
                "name,code\nAna,1\n",
                "name,code\n1,Ana\n",
                "name,town\nAna,1\n",
                "code,name\n1A,na\n",
            ]
        )
    ]

    assert ids[0] == ids[1]
    assert len(set(ids)) == 4


def test_a_row_without_its_own_id_is_known_by_its_content(tmp_path: Path) -> None:
    outcome = run(written(tmp_path / "a.csv", "Subscriber ID,Email\n,a@x.com\n,b@x.com\n,a@x.com\n , \n5,c@x.com\n"))

    assert len({record["id"] for record in outcome.records}) == 3
    assert (outcome.file["rows"], outcome.file["repeated"]) == (4, 1)


def test_the_kind_account_and_mapping_that_the_user_says(tmp_path: Path) -> None:
    entry = {
        "path": str(written(tmp_path / "a.csv", "Who;Mail\nAna;a@x.com\n")),
        "kind": "kajabi_people",
        "account": "shop",
        "mapping": {"who": "full_name", "MAIL": "email", "Zip": "postal_code"},
        "full_export": True,
    }

    outcome = run([entry], mapping={"mail": "note", "who": "soc_sec_id"})

    assert outcome.records[0]["account"] == outcome.files[0]["account"] == "shop"
    assert outcome.records[0]["id"].startswith("kajabi_people:")
    assert outcome.file["mapping"] == {"Who": "full_name", "Mail": "email"}
    assert outcome.file["full_export"] is True
    assert "The mapping names the column `zip`, which is not here; there are Who, Mail." in outcome.file["problems"]


def test_a_field_that_we_do_not_know_is_an_identifier_kind_of_the_seed(tmp_path: Path) -> None:
    outcome = run(written(tmp_path / "a.csv", "name, soc_sec_id\nAna, 123\n"), mapping={"soc_sec_id": "soc_sec_id"})

    assert outcome.file["mapping"] == {"name": "full_name", " soc_sec_id": "soc_sec_id"}
    assert outcome.records[0]["record"] == {"name": "Ana", " soc_sec_id": " 123"}
    assert "identity_rules.csv" in outcome.file["problems"][0]


PHONES = (
    # header, row, default region, phones
    ("name,phone", "Ana,+52 55 1234 5678", None, ["+525512345678"]),
    ("name,phone", "Ana,55 1234 5678", "MX", ["+525512345678"]),
    ("name,phone", "Ana,55 1234 5678", None, []),
    ("name,phone", "Ana,", "MX", None),
    ("name,phone,mobile", "Ana,55 1234 5678,'+525512345678", "MX", ["+525512345678"]),
    ("name,phone,country", "Ana,11 98765-4321,Brasil", "MX", ["+5511987654321"]),
    ("name,phone,country", "Ana,612 34 56 78,España", "MX", ["+34612345678"]),
    ("name,phone,country", "Ana,612 34 56 78,es", None, ["+34612345678"]),
    ("name,phone,country", "Ana,55 1234 5678,Atlantis", "MX", ["+525512345678"]),
    ("name,phone", "Ana,5.25512E+11", "MX", []),
    ("name,email", "Ana,55 1234 5678", "MX", None),
)


@pytest.mark.parametrize(("header", "row", "region", "phones"), PHONES)
def test_phones(header: str, row: str, region: str | None, phones: list[str] | None, tmp_path: Path) -> None:
    outcome = run(written(tmp_path / "a.csv", f"{header}\n{row}\n"), default_region=region)

    assert outcome.records[0].get("phones") == phones


def test_hotmart_joins_area_and_number_in_the_buyers_country() -> None:
    records = run(FIXTURES / "hotmart_sales.csv", default_region="AR").records

    assert [record["phones"] for record in records] == [["+5511987654321"], ["+525512345678"]]


def test_hotmart_takes_the_currency_that_stands_before_the_amount() -> None:
    mapping = run(FIXTURES / "hotmart_sales.csv").file["mapping"]

    assert mapping["Preço da Oferta"] == "amount"
    assert [header for header, field in mapping.items() if field == "currency"] == ["Moeda_2"]


AMOUNTS = (
    ("1,234.56", "point"),
    ("1.234,56", "comma"),
    ("1 234,56", "comma"),
    ("1\u00a0234,56", "comma"),
    ("1\u202f234.56", "point"),
    ("$1,234.56 MXN", "point"),
    ("R$ 1.234,56", "comma"),
    ("(123.45)", "point"),
    ("123.45-", "point"),
    ("-$5,5", "comma"),
    ("1.234.567", "comma"),
    ("1,234,567", "point"),
    ("1.234", "ambiguous"),
    ("1,234", "ambiguous"),
    ("0.125", "point"),
    ("1234.567", "point"),
    ("1.5", "point"),
    (",5", "comma"),
    ("1234", None),
    ("", None),
    ("n/a", None),
    ("1.2.3", None),
)


@pytest.mark.parametrize(("text", "evidence"), AMOUNTS)
def test_what_an_amount_proves(text: str, evidence: str | None) -> None:
    assert amount_evidence(text) == evidence


DATES = (
    ("2026-07-10 18:37:41", "iso"),
    ("2026-06-08T10:28:39-07:00", "iso"),
    ("2026/7/1", "iso"),
    ("13/02/2026", "dmy"),
    ("02/13/2026", "mdy"),
    ("13.2.26", "dmy"),
    ("01-02-2026 10:00", "ambiguous"),
    ("05/05/2026", None),
    ("13/13/2026", "other"),
    ("Jul 22 2026 02:09 PM", "other"),
    ("45321.5", "other"),
    ("", None),
)


@pytest.mark.parametrize(("text", "evidence"), DATES)
def test_what_a_date_proves(text: str, evidence: str | None) -> None:
    assert date_evidence(text) == evidence


COLUMNS = (
    # header, values, settings, verdict, what is said
    ("amount", ["1.234", "2.345,50", "7"], {}, "comma", None),
    ("amount", ["1.234", "5.678"], {}, "ambiguous", "can be read in two ways; say `point` or `comma`"),
    ("amount", ["1.234", "5.678"], {"formats": {"Amount": "comma"}}, "comma", None),
    ("amount", ["1.5", "1,5"], {}, "mixed", "are written in two ways"),
    ("amount", ["1.5"], {"formats": {"amount": "comma"}}, "mixed", "are written in two ways"),
    ("amount", ["5", ""], {}, "point", None),
    ("created", ["10/02/2026", "25/02/2026"], {}, "dmy", None),
    ("created", ["02/10/2026", "02/25/2026 10:00"], {}, "mdy", None),
    ("created", ["10/02/2026", "03/04/2026"], {}, "ambiguous", "say `dmy` or `mdy`"),
    ("created", ["10/02/2026", "03/04/2026"], {"formats": {"created": "dmy"}}, "dmy", None),
    ("created", ["25/02/2026", "02/25/2026"], {}, "mixed", "are written in two ways"),
    ("created", ["2026-01-02", "2026-01-03T00:00:00Z"], {}, "iso", None),
    ("created", ["Jul 22 2026"], {}, "other", "in a form that is not read"),
)


@pytest.mark.parametrize(("header", "values", "settings", "verdict", "said"), COLUMNS)
@pytest.mark.parametrize("page_rows", [1, 1000])
def test_formats_are_decided_per_column(
    header: str,
    values: list[str],
    settings: dict[str, Any],
    verdict: str,
    said: str | None,
    page_rows: int,
    tmp_path: Path,
) -> None:
    rows = "".join(f'x{number};"{value}"\n' for number, value in enumerate(values))

    file = run(written(tmp_path / "a.csv", f"id;{header}\n{rows}"), page_rows=page_rows, **settings).file

    assert next(iter(file["formats"][header].values())) == verdict
    assert [said in problem for problem in file["problems"]] == ([True] if said else [])


def test_the_vendor_and_the_header_decide_before_the_values(tmp_path: Path) -> None:
    file = run(
        written(tmp_path / "a.csv", 'id,Created (UTC),Amount,Captured\nch_1,2026-01-01 00:00:00,"1,234",true\n')
    ).file

    assert file["formats"] == {
        "Amount": {"amount": "point"},
        "Created (UTC)": {"date": "iso", "time_zone": "UTC"},
    }
    local = run(written(tmp_path / "b.csv", "id,created\n1,2026-01-01\n"), time_zone="America/Mexico_City").file
    assert local["formats"]["created"]["time_zone"] == "America/Mexico_City"


SAME = "Subscriber ID,Email\n"


@pytest.mark.parametrize("page_rows", [1, 2, 1000])
def test_repeats_are_counted_and_twins_are_kept(page_rows: int, tmp_path: Path) -> None:
    rows = [
        "1,a@x.com",
        "2,b@x.com",
        "1,a@x.com",
        "1,new@x.com",
        "1,a@x.com",
        "1,other@x.com",
        "1,new@x.com",
        "'2,b@x.com",
    ]

    outcome = run(written(tmp_path / "a.csv", SAME + "\n".join(rows) + "\n"), page_rows=page_rows)

    found = {record["id"].partition(":")[2]: record["record"]["Email"] for record in outcome.records}
    assert found == {"1": "a@x.com", "2": "b@x.com", "1:2": "new@x.com", "1:3": "other@x.com", "2:2": "b@x.com"}
    assert len(outcome.records) == 5, "each is sent once"
    assert (outcome.file["rows"], outcome.file["repeated"]) == (8, 3)
    assert {record["origin"]["line"] for record in outcome.records} == {2, 3, 5, 7, 9}


def test_an_id_that_looks_like_a_twin_is_none(tmp_path: Path) -> None:
    rows = "id,name\nA:2,first\nA,second\nA,third\nA:2,fourth\nA:2:1,fifth\n"

    ids = [record["id"].partition(":")[2] for record in run(written(tmp_path / "a.csv", rows)).records]

    assert sorted(ids) == sorted(["A:2:1", "A", "A:2", "A:2:1:2", "A:2:1:1"])


def test_repeats_are_exact_though_the_filter_is_full(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tap_csv.repeats.SMALLEST_FILTER_BYTES", 64)
    monkeypatch.setattr("tap_csv.repeats.filter_bytes", lambda _size: 64)
    numbers = [number * number % 997 for number in range(3000)]
    rows = "".join(f"{number},{'a' if place % 3 else 'b'}\n" for place, number in enumerate(numbers))

    outcome = run(written(tmp_path / "a.csv", f"id,name\n{rows}"), page_rows=100)

    expected: dict[str, list[str]] = {}
    for number, place in zip(numbers, itertools.count()):
        contents = expected.setdefault(str(number), [])
        if (content := "a" if place % 3 else "b") not in contents:
            contents.append(content)
    wanted = {
        f"{own}:{twin}" if twin > 1 else own: content
        for own, contents in expected.items()
        for twin, content in enumerate(contents, 1)
    }
    assert {record["id"].partition(":")[2]: record["record"]["name"] for record in outcome.records} == wanted
    assert len(outcome.records) == len(wanted)
    assert outcome.file["repeated"] == 3000 - len(wanted)
