"""What record.py and compare.py share: rows of benchmarks, and which way is better."""

import json

# Units -> what one of them is of the base unit, and whether less is better.
UNITS = {
    "ns": (1e-9, True), "us": (1e-6, True), "ms": (1e-3, True), "s": (1.0, True),
    "B/s": (1.0, False), "MB/s": (1e6, False), "GB/s": (1e9, False),
    "jobs/s": (1.0, False), "records/s": (1.0, False), "requests/s": (1.0, False),
    "events/s": (1.0, False),
}


def is_less_better(unit):
    return UNITS[unit][1]


def base_value(row):
    return row["value"] * UNITS[row["unit"]][0]


def times_better(ours, peer):
    """How many times better `ours` is than `peer`; rows whose units do not match are an error."""
    if is_less_better(ours["unit"]) != is_less_better(peer["unit"]):
        raise ValueError(f"{ours['unit']} cannot be compared with {peer['unit']}")
    ratio = base_value(ours) / base_value(peer)
    return 1 / ratio if is_less_better(ours["unit"]) else ratio


def read_results(path):
    """The whole of a file of results, and its rows by (program, name)."""
    whole = json.loads(path.read_text(encoding="utf-8"))
    return whole, {(row["program"], row["name"]): row for row in whole["rows"]}
