"""The settings that depend on the machine."""

from __future__ import annotations

import shutil
from types import SimpleNamespace

import pytest
from local_postgres import settings


@pytest.mark.parametrize(
    ("memory", "free_disk", "expected"),
    [
        (512, 1_000, ["128MB", "256MB", "16MB", "64MB", "256MB"]),
        (2_048, 10_000, ["256MB", "1024MB", "64MB", "256MB", "1000MB"]),
        (24_000, 80_000, ["1024MB", "12000MB", "64MB", "256MB", "4096MB"]),
    ],
)
def test_sizes_follow_memory_and_disk(memory, free_disk, expected):
    sizes = settings.sized(memory, free_disk)
    names = ["shared_buffers", "effective_cache_size", "work_mem", "maintenance_work_mem", "max_wal_size"]
    assert [sizes[name] for name in names] == expected


@pytest.mark.parametrize(("limit", "expected"), [("268435456", 256), ("max", None)])
def test_the_memory_limit_of_a_container_counts(place, monkeypatch, limit, expected):
    machine = settings.memory_megabytes()
    (place / "limit").write_text(limit)
    monkeypatch.setattr(settings, "MEMORY_LIMITS", (place / "limit", place / "missing"))
    assert settings.memory_megabytes() == expected or (expected is None and settings.memory_megabytes() >= machine)


@pytest.mark.parametrize(("megabytes", "expected"), [(64, True), (4096, False)])
def test_parallel_queries_use_files_where_shared_memory_is_small(place, monkeypatch, megabytes, expected):
    size = megabytes * settings.MEGABYTE
    monkeypatch.setattr(settings, "SHARED_MEMORY", place)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(total=size, free=size))
    assert ("dynamic_shared_memory_type = 'mmap'" in settings.render(20000, place)) is expected
