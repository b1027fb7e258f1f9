"""What a location has set up: itself, its custom fields and values, tags, users and pipelines."""

from __future__ import annotations

from typing import Any

from sandbox.server.ghl.facts import new_id, uuid

Object = dict[str, Any]
MAIN, SECOND_LOCATION = "loc_sandbox", "loc_sandbox_2"
COMPANY = "company_sandbox"
NAMES = {MAIN: "Estudio Acuarela", SECOND_LOCATION: "Estudio Acuarela Lima"}
ZONES = {MAIN: "America/Los_Angeles", SECOND_LOCATION: "America/Lima"}

INTERESTS = ("Acuarela", "Cerámica", "Color", "Mentoría")
_FIELDS: tuple[tuple[str, str, str, str], ...] = (
    ("stripe_customer_id", "Stripe Customer ID", "TEXT", "contact"),
    ("manychat_id", "ManyChat ID", "TEXT", "contact"),
    ("puntos", "Puntos", "NUMERICAL", "contact"),
    ("intereses", "Intereses", "MULTIPLE_OPTIONS", "contact"),
    ("comprobante", "Comprobante de pago", "FILE_UPLOAD", "contact"),
    ("notas", "Notas", "LARGE_TEXT", "contact"),
    ("presupuesto", "Presupuesto", "MONETORY", "opportunity"),
)
TAGS = ("cliente", "curso-2026", "lead", "instagram", "vip", "méxico", "Lead")
_USERS = (
    ("Valeria", "Ríos", "admin"),
    ("Tomás", "Aguirre", "user"),
    ("Inés", "Castaño", "user"),
    ("João", "Falcão", "user"),
    ("Grace", "O'Brien", "admin"),
)
PIPELINES: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("Cursos", ("Nuevo", "Contactado", "Propuesta", "Cerrado")),
    ("Membresías", ("Prueba", "Activa", "En riesgo")),
)


def field_id(location: str, key: str) -> str:
    """Give the id of a custom field: contacts hold only this, never its name."""
    return new_id(f"{location}:field:{key}")


def user_id(location: str, number: int) -> str:
    """Give the id of a user."""
    return new_id(f"{location}:user:{number % len(_USERS)}")


def pipeline_id(location: str, number: int) -> str:
    """Give the id of a pipeline."""
    return new_id(f"{location}:pipeline:{number}")


def stage_id(location: str, pipeline: int, stage: int) -> str:
    """Give the id of a stage."""
    return uuid(f"{location}:stage:{pipeline}:{stage}")


class Setup:
    """The small lists of one location; days change them in place."""

    def __init__(self, location: str) -> None:
        self.location = location
        self.streams: dict[str, dict[str, Object]] = {
            "location": _by_id([_location(location)]),
            "custom_fields": _by_id(_custom_fields(location)),
            "custom_values": _by_id(_custom_values(location)),
            "tags": _by_id([self._tag(name) for name in TAGS]),
            "users": _by_id([_user(location, number) for number in range(len(_USERS))]),
            "pipelines": _by_id(_pipelines(location)),
        }

    def add_tag(self, name: str) -> None:
        """Add a tag; the business makes a new one now and then."""
        self.streams["tags"].update(_by_id([self._tag(name)]))

    def set_first_value(self, text: str) -> None:
        """Change the first custom value."""
        values = self.streams["custom_values"]
        first = next(iter(values.values()))
        values[first["id"]] = {**first, "value": text}

    def _tag(self, name: str) -> Object:
        return {"id": new_id(f"{self.location}:tag:{name}"), "name": name, "locationId": self.location}


def _by_id(objects: list[Object]) -> dict[str, Object]:
    return {one["id"]: one for one in objects}


def _location(location: str) -> Object:
    name = NAMES[location]
    place = {"city": "Los Angeles", "state": "CA", "country": "US", "postalCode": "90012"}
    return {
        "id": location,
        "companyId": COMPANY,
        "name": name,
        "domain": "estudio-acuarela.example",
        "address": "200 Main St",
        **place,
        "logoUrl": "",
        "website": "https://estudio-acuarela.example",
        "timezone": ZONES[location],
        "firstName": "Valeria",
        "lastName": "Ríos",
        "email": "hola@estudio-acuarela.example",
        "phone": "+12135550100",
        "business": {"name": name, "address": "200 Main St", **place, "timezone": ZONES[location]},
        "social": {},
        "settings": {
            "allowDuplicateContact": True,
            "allowDuplicateOpportunity": False,
            "allowFacebookNameMerge": False,
            "disableContactTimezone": False,
        },
        "reseller": {},
    }


def _custom_fields(location: str) -> list[Object]:
    return [
        {
            "id": field_id(location, key),
            "name": name,
            "model": model,
            "fieldKey": f"{model}.{key}",
            "placeholder": "",
            "dataType": kind,
            "position": 50 * (place + 1),
            "picklistOptions": list(INTERESTS) if key == "intereses" else [],
            "locationId": location,
        }
        for place, (key, name, kind, model) in enumerate(_FIELDS)
    ]


def _custom_values(location: str) -> list[Object]:
    return [
        {
            "id": new_id(f"{location}:value:{key}"),
            "name": key.replace("_", " ").title(),
            "fieldKey": f"{{{{ custom_values.{key} }}}}",
            "value": value,
            "locationId": location,
        }
        for key, value in (("curso_del_mes", "Curso de Acuarela"), ("enlace_de_pago", "https://pago.example/mes"))
    ]


def _user(location: str, number: int) -> Object:
    first, last, role = _USERS[number]
    return {
        "id": user_id(location, number),
        "name": f"{first} {last}",
        "firstName": first,
        "lastName": last,
        "email": f"equipo{number}@estudio-acuarela.example",
        "phone": f"+1213555010{number}",
        "extension": "",
        "permissions": {"contactsEnabled": True, "opportunitiesEnabled": True, "paymentsEnabled": role == "admin"},
        "roles": {"type": "account", "role": role, "locationIds": [location], "restrictSubAccount": False},
        "deleted": False,
    }


def _pipelines(location: str) -> list[Object]:
    return [
        {
            "id": pipeline_id(location, number),
            "name": name,
            "stages": [
                {"id": stage_id(location, number, place), "name": stage, "position": place, "showInFunnel": True}
                for place, stage in enumerate(stages)
            ],
            "showInFunnel": True,
            "showInPieChart": True,
            "locationId": location,
        }
        for number, (name, stages) in enumerate(PIPELINES)
    ]
