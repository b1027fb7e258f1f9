"""Taps, loader, their Meltano definitions, `.env.example` and README tell the same story."""

from __future__ import annotations

import importlib
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

PROJECT = Path(__file__).parent.parent
README = (PROJECT / "README.md").read_text("utf-8")
PLUGINS = {
    "tap-csv": ("tap_csv.tap", "TapCSV", "extractors/tap_csv/csv.meltano.yml"),
    "tap-ghl": ("tap_ghl.tap", "TapGHL", "extractors/tap_ghl/ghl.meltano.yml"),
    "tap-manychat": ("tap_manychat.tap", "TapManyChat", "extractors/tap_manychat/manychat.meltano.yml"),
    "tap-paypal": ("tap_paypal.tap", "TapPayPal", "extractors/tap_paypal/paypal.meltano.yml"),
    "tap-stripe": ("tap_stripe.tap", "TapStripe", "extractors/tap_stripe/stripe.meltano.yml"),
    "target-postgres": (
        "target_postgres.target",
        "TargetPostgres",
        "plugins/target_postgres/target_postgres.meltano.yml",
    ),
}


def settings_of_class(module: str, name: str) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = getattr(importlib.import_module(module), name).config_jsonschema["properties"]
    return found


def definition(plugin: str) -> dict[str, Any]:
    document = yaml.safe_load((PROJECT / PLUGINS[plugin][2]).read_text("utf-8"))
    kind = "loaders" if plugin.startswith("target") else "extractors"
    found: dict[str, Any] = document["plugins"][kind][0]
    return found


@pytest.mark.parametrize("plugin", PLUGINS)
def test_meltano_knows_every_setting_of_the_plugin(plugin: str) -> None:
    module, name, _ = PLUGINS[plugin]
    builtin = {
        "add_record_metadata", "load_method", "batch_size_rows", "validate_records", "stream_maps", "stream_map_config",
        "flattening_enabled", "flattening_max_depth", "flattening_max_key_length", "faker_config", "batch_config",
        "flattening_separator",
    }  # fmt: skip
    declared = {setting["name"] for setting in definition(plugin)["settings"]}
    assert declared == set(settings_of_class(module, name)) - builtin


@pytest.mark.parametrize("plugin", PLUGINS)
def test_every_setting_has_a_description_and_a_secret_is_marked(plugin: str) -> None:
    module, name, _ = PLUGINS[plugin]
    sensitive = {setting["name"] for setting in definition(plugin)["settings"] if setting.get("sensitive")}
    for setting in definition(plugin)["settings"]:
        assert setting.get("description"), setting["name"]
    properties = settings_of_class(module, name)
    assert {key for key, value in properties.items() if value.get("secret")} == sensitive


@pytest.mark.parametrize("plugin", PLUGINS)
def test_no_setting_is_of_a_kind_that_meltano_cannot_hand_over(plugin: str) -> None:
    """It reads a `decimal` and then cannot write it into the plugin's settings."""
    assert [setting["name"] for setting in definition(plugin)["settings"] if setting["kind"] == "decimal"] == []


@pytest.mark.parametrize("plugin", PLUGINS)
def test_plugins_run_from_the_environment_of_the_project(plugin: str) -> None:
    assert definition(plugin)["executable"] == f".venv/bin/{plugin}"
    assert "pip_url" not in definition(plugin)


def test_readme_names_every_make_target_and_variable() -> None:
    makefile = (PROJECT / "Makefile").read_text("utf-8")
    targets = re.findall(r"^([a-z-]+):.*## ", makefile, re.MULTILINE)
    variables = re.findall(r"^([A-Z_]+)=", (PROJECT / ".env.example").read_text("utf-8"), re.MULTILINE)
    missing = [name for name in targets if f"make {name}" not in README] + [v for v in variables if v not in README]
    assert missing == []


def test_readme_names_every_plugin_and_job() -> None:
    jobs = [job["name"] for job in yaml.safe_load((PROJECT / "meltano.yml").read_text("utf-8"))["jobs"]]
    assert [name for name in [*PLUGINS, *jobs] if name not in README] == []


def test_links_in_the_documents_lead_somewhere() -> None:
    for document in [*PROJECT.glob("*.md"), *PROJECT.glob("extractors/*/*.md"), *PROJECT.glob("plugins/*/*.md")]:
        for link in re.findall(r"\]\(([^)#]+)\)", document.read_text("utf-8")):
            if "://" not in link:
                assert (document.parent / link).exists(), f"{document.name}: {link}"


def test_no_file_names_a_registry_or_a_path_of_one_machine() -> None:
    lock = (PROJECT / "requirements.lock").read_text("utf-8")
    assert "://" not in lock
