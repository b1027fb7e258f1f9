"""The SDK's standard suite, the settings, and what a run says and returns."""

from __future__ import annotations

from pathlib import Path

import pytest
from singer_sdk.testing import SuiteConfig, get_tap_test_class
from tap_csv.tap import TapCSV

FIXTURES = Path(__file__).parent.parent.parent / "fixtures" / "csv"

TestStandardSuite = pytest.mark.filterwarnings("ignore:Fields in transformed catalog but not in records")(
    get_tap_test_class(
        TapCSV,
        config={"files": str(FIXTURES / "stripe_customers.csv")},
        suite_config=SuiteConfig(ignore_no_records_for_streams=["files"]),
    )
)
