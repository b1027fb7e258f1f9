"""What a page defines for all its subscribers: tags, custom fields, bot fields and flows."""

from __future__ import annotations

from typing import Any, NamedTuple


class Field(NamedTuple):
    """A custom field; values of other types than text and number cannot be searched."""

    id: int
    name: str
    type: str
    description: str


STRIPE_ID = Field(9_100_001, "stripe_customer_id", "text", "Written by the checkout")
GHL_ID = Field(9_100_002, "ghl_contact_id", "text", "Written by the CRM")
PRODUCT = Field(9_100_003, "Producto de interés", "text", "")
POINTS = Field(9_100_004, "Puntos", "number", "Loyalty points")
BOUGHT = Field(9_100_005, "Fecha de compra", "date", "")
APPOINTMENT = Field(9_100_006, "Próxima cita", "datetime", "")
AGREES = Field(9_100_007, "Acepta WhatsApp", "boolean", "")
BUCKET = Field(9_100_008, "cubeta", "number", "Filled by a rule, so that few subscribers share a value")
CUSTOM_FIELDS = (STRIPE_ID, GHL_ID, PRODUCT, POINTS, BOUGHT, APPOINTMENT, AGREES, BUCKET)
SEARCHABLE = {field.id: field for field in CUSTOM_FIELDS if field.type in ("text", "number")}

TAGS = {
    name: 8_200_000 + place
    for place, name in enumerate(("bienvenida", "carrito", "curso;2026", "opt-in", "cliente", "vip", "no-show"))
}
"""Names and ids."""

BOT_FIELDS: list[dict[str, Any]] = [
    {"id": 7_300_001, "name": "Cupón", "type": "text", "description": "", "value": "ACUARELA10"},
    {"id": 7_300_002, "name": "Cupos", "type": "number", "description": "Free places", "value": 12.5},
    {"id": 7_300_003, "name": "Abierto", "type": "boolean", "description": "", "value": True},
]
FLOWS: dict[str, list[dict[str, Any]]] = {
    "flows": [
        {"ns": "content20260101000000_000001", "name": "Bienvenida", "folder_id": 1},
        {"ns": "content20260101000000_000002", "name": "Carrito abandonado", "folder_id": 1},
        {"ns": "content20260101000000_000003", "name": "Respuesta por defecto", "folder_id": None},
    ],
    "folders": [{"id": 1, "name": "Ventas"}],
}
