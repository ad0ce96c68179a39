"""Which mutants are drawn, what came of them, and the table of it."""

import json
import math
import random
from collections import Counter

from benchmarks.lib import mutant_code, report_page

KILLED = ("killed", "timeout")


def read_log(path):
    """Return the last entry of every mutant of a log."""
    lines = path.read_text().splitlines() if path.exists() else []
    return {entry["name"]: entry for entry in map(json.loads, lines)}


def sites(root, room):
    """Return all mutants of a room."""
    files = sorted((root / "skgan" / room).rglob("*.py"))
    names = [file.relative_to(root).as_posix() for file in files]
    return [mutant for name in names for mutant in mutant_code.find(root, name)]


def sample(root, room, options):
    """Return the mutants of a room that are tried; a larger sample begins with them."""
    found = sites(root, room)
    random.Random(f"{options.seed} {room}").shuffle(found)
    return found[: options.mutants]


def interval(killed, n):
    """Return Wilson's 95 % interval of a share."""
    z = 1.959964
    middle = (killed + z * z / 2) / (n + z * z)
    half = z * math.sqrt(killed * (n - killed) / n + z * z / 4) / (n + z * z)
    return middle - half, middle + half


def report(root, options):
    """Return the lines of the table, and of those that survived."""
    log, rows, survivors = read_log(options.log), [], []
    share = variance = 0.0
    sizes = {room: len(sites(root, room)) for room in options.rooms}
    counts = Counter()
    for room, size in sizes.items():
        entries = [log[m.name] for m in sample(root, room, options) if m.name in log]
        n = len(entries)
        killed = sum(e["outcome"] in KILLED for e in entries)
        late = sum(e["outcome"] == "timeout" for e in entries)
        survivors += [e for e in entries if e["outcome"] not in KILLED]
        low, high = interval(killed, n)
        rows.append(_row(room, size, n, killed, late, killed / n, low, high))
        weight = size / sum(sizes.values())
        share += weight * killed / n
        variance += weight**2 * (killed / n) * (1 - killed / n) / n
        counts.update(sites=size, n=n, killed=killed, late=late)
    half = 1.959964 * math.sqrt(variance)
    total = (*counts.values(), share, share - half, share + half)
    rows.append(_row("all, by sites", *total))
    columns = ["room", "sites", "tried", "killed", "of these by time", "survived"]
    lines = report_page.table([*columns, "killed, %", "95 %"], rows)
    left = [f"- `{e['name']}` {e['kind']}: `{e['text']}`" for e in survivors]
    return [*lines, f"Survivors, seed {options.seed}:", "", *left, ""]


def _row(room, size, n, killed, late, share, low, high):
    counts = [str(count) for count in (size, n, killed, late, n - killed)]
    return [room, *counts, f"{share:.1%}", f"{low:.1%} to {high:.1%}"]
