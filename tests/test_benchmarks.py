"""The benchmark of tables runs, keeps what it found, and goes on from there."""

import importlib
import json
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SAMPLERS = ["marginals", "chain"]


@pytest.fixture
def run_suite(monkeypatch, tmp_path, few_trees):
    """Return a function that runs it in this process."""
    pytest.importorskip("imblearn")
    monkeypatch.syspath_prepend(ROOT)
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    suite = importlib.import_module("benchmarks.tables.suite")
    options = ["--quick", "--jobs", "0", "--sets", "wine", "--out", str(tmp_path)]
    monkeypatch.setattr(sys, "argv", ["suite", *options, "--samplers", *SAMPLERS])
    return suite.main


def test_suite_of_tables(run_suite, tmp_path, capsys):
    run_suite()
    lines = (tmp_path / "results.jsonl").read_text().splitlines()
    records = [json.loads(line) for line in lines[1:]]
    found = {record["trial"]["sampler"]: record["rows"][0] for record in records}
    assert list(found) == SAMPLERS
    assert found["chain"]["tstr"] > 0.9 > found["marginals"]["tstr"]
    assert found["chain"]["correlations"] < 0.5 * found["marginals"]["correlations"]
    text = (tmp_path / "suite.md").read_text()
    assert "| chain of trees | 0." in text
    assert "| wine | chain of trees | 0." in text
    assert (tmp_path / "suite.png").stat().st_size > 10_000
    run_suite()
    assert "2 of 2 are in" in capsys.readouterr().err
    assert (tmp_path / "results.jsonl").read_text().splitlines() == lines
