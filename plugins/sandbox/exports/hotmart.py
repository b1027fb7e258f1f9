"""Hotmart's sales report: Portuguese, semicolons, Windows-1252, `Moeda` four times, the phone in two columns."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.appearances import DETAIL, EXTRA, KIND, STATUS, Payment, appearances
from sandbox.draws import UPPER, chance, spread, token
from sandbox.exports.export import Dialect, Export, blank, same
from sandbox.exports.formats import comma, day_first, shifted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sandbox.people import Person, World

_SAO_PAULO = -3
_METHODS = spread((("Cartão de Crédito", 50), ("Pix", 30), ("Boleto Bancário", 15), ("PayPal", 5)))
_STATUSES = spread((("Completo", 60), ("Aprovado", 28), ("Reembolsado", 6), ("Cancelado", 6)))


def _sales(world: World, person: Person) -> Iterator[Payment]:
    currency = "BRL" if person.country.code == "BR" else person.country.paypal_currency
    for seen in appearances(world, person, "hotmart"):
        yield from seen.payments(currency)


def _day(sale: Payment) -> str:
    return day_first(shifted(sale.at, _SAO_PAULO))


def _price(sale: Payment) -> str:
    return comma(sale.cents)


def _received(sale: Payment) -> str:
    return comma(sale.usd_cents * 90 // 100)


def _currency(sale: Payment) -> str:
    return sale.currency


def _product_code(sale: Payment) -> str:
    return str(1_000_000 + len(sale.product) * 977)


def _rate(sale: Payment) -> str:
    return comma(sale.cents * 100 // sale.usd_cents)


def _tax_id(sale: Payment) -> str:
    person = sale.by.person
    return f"{(person.index * 7_368_787 + 100_000_007) % 10**11:011d}" if person.country.code == "BR" else ""


SALES: Export[Payment] = Export(
    name="hotmart",
    kind="hotmart_sales",
    source="hotmart",
    lines=_sales,
    own_id=lambda sale: f"HP{sale.sale}:{sale.place + 1}:{sale.place + 1}",
    dialect=Dialect(delimiter=";", encoding="cp1252", line_end="\r\n"),
    phone_columns=("DDD", "Telefone"),
    columns=(
        ("Nome do Produto", lambda sale: sale.product),
        ("Nome do Produtor", same("Academia Ñandú")),
        ("Documento do Produtor", blank),
        ("Nome do Afiliado", blank),
        ("Transação", lambda sale: f"HP{sale.sale}"),
        ("Meio de Pagamento", lambda sale: _METHODS[sale.numbers[KIND] % 100]),
        ("Origem", blank),
        ("Moeda", _currency),
        ("Preço do Produto", _price),
        ("Moeda", _currency),
        ("Preço da Oferta", _price),
        ("Taxa de Câmbio", _rate),
        ("Moeda", _currency),
        ("Preço Original", _price),
        ("Número da Parcela", lambda sale: str(sale.place + 1)),
        ("Recorrência", lambda sale: str(sale.place + 1)),
        ("Data de Venda", _day),
        ("Data de Confirmação", _day),
        ("Status", lambda sale: _STATUSES[sale.numbers[STATUS] % 100]),
        ("Nome", lambda sale: sale.by.full_name),
        ("Documento", _tax_id),
        ("Email", lambda sale: sale.by.email),
        ("DDD", lambda sale: sale.by.area_and_local[0]),
        ("Telefone", lambda sale: sale.by.area_and_local[1]),
        ("CEP", lambda sale: sale.by.person.place.postal_code),
        ("Cidade", lambda sale: sale.by.person.place.city),
        ("Estado", lambda sale: sale.by.person.place.state),
        ("Bairro", same("Centro")),
        ("País", lambda sale: sale.by.person.country.portuguese),
        ("Endereço", same("Rua A")),
        ("Número", lambda sale: str(sale.by.numbers[DETAIL] % 900 + 1)),
        ("Complemento", blank),
        ("chave", lambda sale: token(sale.drawn, 0, 12, UPPER)),
        ("Código do Produto", _product_code),
        ("Código da Afiliação", blank),
        ("Código de Oferta", lambda sale: token(sale.drawn, 12, 8, UPPER)),
        ("Origem de Checkout", blank),
        ("Tipo de Pagamento", lambda sale: _METHODS[sale.numbers[KIND] % 100]),
        ("Período Grátis", same("Não")),
        ("Tem co-produção", same("Não")),
        ("Venda feita como", same("Produtor")),
        ("Preço Total", _price),
        ("Tipo pagamento oferta", lambda sale: "Assinatura" if sale.place else "À vista"),
        ("Taxa de Câmbio Real", _rate),
        ("Preço Total Convertido", lambda sale: comma(sale.usd_cents)),
        ("Quantidade de itens", same("1")),
        ("Oferta de Upgrade", same("Não")),
        ("Cupom", lambda sale: "CURSO10" if chance(sale.numbers[EXTRA], 10) else ""),
        ("Moeda", same("USD")),
        ("Valor que você recebeu convertido", _received),
        ("Taxa de Câmbio do valor recebido", same("1,00")),
        ("Data Vencimento", blank),
        ("Instagram", blank),
        ("Origem da venda", blank),
        ("Moeda de recebimento", same("USD")),
        ("Faturamento líquido", _received),
        ("Código do assinante", lambda sale: token(sale.by.drawn, 0, 8, UPPER)),
        ("Nota Fiscal", blank),
        ("Valor do frete bruto", same("0,00")),
    ),
)
