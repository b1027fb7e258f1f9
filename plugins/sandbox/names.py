"""Names of three languages, and the ways in which people and forms write them."""

from __future__ import annotations

import unicodedata
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from sandbox.draws import spread

if TYPE_CHECKING:
    from collections.abc import Callable


class Name(NamedTuple):
    """A part of a name, and how it stands in an e-mail address."""

    text: str
    slug: str


@lru_cache(maxsize=4096)
def without_marks(text: str) -> str:
    """`Núñez` as `Nunez`, as many forms keep it."""
    decomposed = unicodedata.normalize("NFKD", text)
    return "".join(letter for letter in decomposed if not unicodedata.combining(letter))


def _names(texts: str) -> tuple[Name, ...]:
    cleaned = [text.strip() for text in texts.split(",")]
    return tuple(Name(text, "".join(filter(str.isalnum, without_marks(text).lower()))) for text in cleaned)


GIVEN = {
    "es": _names(
        "Ana, María José, Lucía, Sofía, Valentina, Camila, Ximena, Renata, Daniela, Mariana, Ana María, Ma. del Carmen,"
        "Guadalupe, Inés, Belén, Noelia, Itzel, Paola, Verónica, Rocío, Begoña, Pilar, Yolanda, Jimena, Macarena,"
        "José, Luis, Juan Carlos, Andrés, Tomás, Sebastián, Iñaki, Álvaro, Martín, Matías, Joaquín, Ramón, Raúl,"
        "Óscar, Julián, Íñigo, Germán, Nicolás, Emiliano, Santiago, Felipe, Ignacio, Gonzalo, Héctor, Fabián"
    ),
    "pt": _names(
        "João, Conceição, Thaís, Júlia, Antônio, Gonçalo, Letícia, Flávia, Luís, Vinícius, Caio, Beatriz, Fernanda,"
        "Márcio, Rafael, Larissa, Débora, Cauã, Íris, Simão, Ana Clara, Otávio, Patrícia, Murilo"
    ),
    "en": _names(
        "John, Mary, Ashley, Brandon, Caitlin, Deborah, Ethan, Grace, Hannah, Jack, Kevin, Laura, Megan, Nathan,"
        "Olivia, Patrick, Rachel, Sean, Tyler, Zoë, Chloé, Mary Ann, Jo-Ann, William"
    ),
}
FAMILY = {
    "es": _names(
        "García, Pérez, Hernández, Martínez, López, González, Rodríguez, Sánchez, Ramírez, Flores, Gómez, Díaz, Cruz,"
        "Reyes, Morales, Ortiz, Gutiérrez, Chávez, Ruiz, Vázquez, Muñoz, Núñez, Ibáñez, Peña, Zúñiga, Quiñones, Ávila,"
        "Ángeles, Sáenz, Güemes, Argüello, Íñiguez, Óliver, Úbeda, Castaño, Piñeiro, Aguirre, Echeverría, Urrutia,"
        "de la Cruz, del Río, de León, de los Santos, de la Torre, Ponce de León, y Barra, San Martín, D'Alessio"
    ),
    "pt": _names(
        "da Silva, dos Santos, de Oliveira, Souza, Conceição, Araújo, Gonçalves, Simões, Magalhães, Brandão, Falcão,"
        "Assunção, Guimarães, Nóbrega, Cardoso, Pereira, Lima, Ribeiro, d'Ávila, Antunes"
    ),
    "en": _names(
        "Smith, Johnson, O'Brien, McDonald, Garcia-Lopez, Williams, Van der Berg, Brown, Davis, Miller, St. James,"
        "Wilson, Anderson, Taylor, Moore, Jackson, Martin, Lee, Thompson, Brontë"
    ),
}


def _as_is(given: str, family: str) -> tuple[str, str]:
    return given, family


def _caps(given: str, family: str) -> tuple[str, str]:
    return given.upper(), family.upper()


def _caps_family(given: str, family: str) -> tuple[str, str]:
    return given, family.upper()


def _lower(given: str, family: str) -> tuple[str, str]:
    return given.lower(), family.lower()


def _unaccented(given: str, family: str) -> tuple[str, str]:
    return without_marks(given), without_marks(family)


def _flower(given: str, family: str) -> tuple[str, str]:
    return f"{given} 🌸", family


def _rocket(given: str, family: str) -> tuple[str, str]:
    return f"🚀{given}", family


def _vip(given: str, family: str) -> tuple[str, str]:
    return given, f"{family} (VIP)"


def _given_only(given: str, _family: str) -> tuple[str, str]:
    return given, ""


STYLES: tuple[Callable[[str, str], tuple[str, str]], ...] = spread(
    (
        (_as_is, 70),
        (_caps, 6),
        (_caps_family, 3),
        (_lower, 4),
        (_unaccented, 8),
        (_flower, 2),
        (_rocket, 1),
        (_vip, 2),
        (_given_only, 4),
    )
)
"""How a name is written in one source, a hundred entries, the first of them as it is. At most three different names
of one person remain after folding, fewer than make a phone or an e-mail *shared*."""
