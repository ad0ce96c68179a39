"""`skgan demo --table`: made-up rows, to try the program on."""

from __future__ import annotations

import argparse
import csv
from datetime import date, timedelta
from io import StringIO
from pathlib import Path

import numpy as np

from skgan._messages import counted
from skgan.cli._options import say
from skgan.cli._read_write import check_output
from skgan.storage import write_whole

# File and rows: as many as it takes that the report has nothing to warn of.
FILES = {"people.csv": 8000, "holdout.csv": 4000}
COLUMNS = ("since", "age", "work", "hours", "kids", "member", "income")
_WORK = ("private", "state", "self, other")
_FIRST_DAY = date(2015, 1, 1)
_N_DAYS = 3650


def make_people(n: int, seed: int) -> list[tuple]:
    """Return made-up rows: each column depends on some of those before it."""
    rng = np.random.RandomState(seed)
    age = 18 + np.floor(62 * rng.beta(1.6, 2.4, n)).astype(int)
    # Older people have been here for longer, at most since the first day.
    stay = rng.uniform(size=n) ** (60 / age)
    days = np.floor((1 - stay) * _N_DAYS).astype(int)
    is_state = rng.uniform(size=n) < 1 / (1 + np.exp((45 - age) / 8))
    work = np.where(rng.uniform(size=n) < 0.55, 0, np.where(is_state, 1, 2))
    hours = np.round(rng.normal(np.array([40, 37, 44])[work], 6).clip(5, 80), 1)
    kids = rng.binomial(4, np.clip((age - 18) / 80, 0.02, 0.55))
    is_member = rng.uniform(size=n) < np.where(kids > 0, 0.6, 0.25)
    odds = 0.07 * (age - 45) + 0.09 * (hours - 40) - 0.3 * (work == 1)
    is_rich = rng.uniform(size=n) < 1 / (1 + np.exp(-odds))
    lacks_hours = rng.uniform(size=n) < 0.08
    return [
        (
            (_FIRST_DAY + timedelta(days=int(days[i]))).isoformat(),
            int(age[i]),
            _WORK[work[i]],
            "" if lacks_hours[i] else f"{hours[i]:.1f}",
            int(kids[i]),
            "true" if is_member[i] else "false",
            ">50K" if is_rich[i] else "<=50K",
        )
        for i in range(n)
    ]


def run(options: argparse.Namespace) -> None:
    """Write the files."""
    paths = [Path(options.table) / name for name in FILES]
    for path in paths:
        check_output(str(path), options.force)
    for place, (path, n) in enumerate(zip(paths, FILES.values(), strict=True)):
        buffer = StringIO()
        writer = csv.writer(buffer, lineterminator="\n")
        writer.writerow(COLUMNS)
        writer.writerows(make_people(n, options.seed + place))
        write_whole(str(path), [buffer.getvalue().encode("utf-8")])
        say(f"{path}: {counted(n, 'row')}, {len(COLUMNS)} columns, made up")
