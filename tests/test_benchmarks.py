"""The benchmark of tables runs, keeps what it found, and goes on from there."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SAMPLERS = ["real", "marginals", "chain"]


def run_suite(folder, *options):
    command = [sys.executable, "-m", "benchmarks.tables.suite", "--quick"]
    return subprocess.run(
        [*command, "--sets", "wine", "--out", folder, *options],
        cwd=ROOT,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=False,
    )


def test_suite_of_tables(tmp_path):
    pytest.importorskip("imblearn")
    done = run_suite(tmp_path, "--samplers", *SAMPLERS)
    assert done.returncode == 0, done.stderr
    lines = (tmp_path / "results.jsonl").read_text().splitlines()
    records = [json.loads(line) for line in lines[1:]]
    found = {record["trial"]["sampler"]: record["rows"][0] for record in records}
    assert list(found) == SAMPLERS
    assert found["chain"]["tstr"] > 0.9 > found["marginals"]["tstr"]
    assert found["chain"]["correlations"] < 0.5 * found["marginals"]["correlations"]
    assert "| chain of trees | 0." in (tmp_path / "suite.md").read_text()
    assert (tmp_path / "suite.png").stat().st_size > 10_000
    again = run_suite(tmp_path, "--samplers", *SAMPLERS)
    assert "3 of 3 are in" in again.stderr
    assert (tmp_path / "results.jsonl").read_text().splitlines() == lines
