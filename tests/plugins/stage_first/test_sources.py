"""Which sources there are, and when one is configured: as the definitions of the taps tell."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from stage_first.project import ROOT
from stage_first.settings import UsageError
from stage_first.sources import Source, all_sources, configured

TWO_WAYS = Source("shop", "Shop", "tap-shop", "staging_shop", (("TAP_SHOP_TOKEN",), ("TAP_SHOP_ID", "TAP_SHOP_SECRET")))


@pytest.mark.parametrize("source", all_sources(), ids=lambda source: source.name)
def test_every_tap_says_what_it_needs(source: Source) -> None:
    assert source.schema == f"staging_{source.name}"
    assert source.needs
    assert all(variable.startswith(f"TAP_{source.name.upper()}_") for group in source.needs for variable in group)
    assert not source.is_configured({})
    assert source.is_configured(dict.fromkeys(source.needs[0], "something"))


@pytest.mark.parametrize("file", sorted(ROOT.glob("extractors/*/*.meltano.yml")), ids=lambda file: file.stem)
def test_the_address_of_the_warehouse_reaches_the_tap(file: Path) -> None:
    """By `value`: Meltano reads no `env` of a setting of a custom plugin."""
    (tap,) = yaml.safe_load(file.read_text())["plugins"]["extractors"]
    assert [setting["name"] for setting in tap["settings"] if "env" in setting] == []
    addresses = [setting["value"] for setting in tap["settings"] if setting["name"] == "database_url"]
    assert addresses == ([] if tap["name"] == "tap-csv" else ["$DATABASE_URL"])


@pytest.mark.parametrize(
    ("environment", "is_configured", "hint"),
    [
        ({}, False, "set TAP_SHOP_TOKEN in .env (.env.example tells other ways)"),
        ({"TAP_SHOP_TOKEN": "t"}, True, None),
        ({"TAP_SHOP_TOKEN": " "}, False, "set TAP_SHOP_TOKEN in .env (.env.example tells other ways)"),
        ({"TAP_SHOP_ID": "1"}, False, "set TAP_SHOP_SECRET in .env"),
        ({"TAP_SHOP_ID": "1", "TAP_SHOP_SECRET": "2"}, True, None),
    ],
)
def test_one_group_of_variables_is_enough(environment: dict[str, str], is_configured: bool, hint: str | None) -> None:
    assert TWO_WAYS.is_configured(environment) is is_configured
    if hint:
        assert TWO_WAYS.hint(environment) == hint


@pytest.mark.parametrize(
    ("environment", "only", "sentence"),
    [
        ({}, [], "No source is configured"),
        ({"TAP_CSV_FILES": "exports"}, ["stripe", "csv"], r"Not configured: stripe \(set TAP_STRIPE_API_KEY in .env\)"),
        ({"TAP_CSV_FILES": "exports"}, ["shopify"], "There is no source 'shopify'"),
    ],
)
def test_what_cannot_be_downloaded_is_a_sentence(environment: dict[str, str], only: list[str], sentence: str) -> None:
    with pytest.raises(UsageError, match=sentence):
        configured(environment, only)


def test_only_what_is_configured_is_downloaded() -> None:
    assert [source.name for source in configured({"TAP_CSV_FILES": "exports"})] == ["csv"]
