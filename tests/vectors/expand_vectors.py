#!/usr/bin/python3
"""Prints the cases of vector files with their texts written out, for runners in other languages.

    expand_vectors.py FILE...

One JSON object a line: the case, its `kind`, and bytes as {"base64": "..."}.
"""

import base64
import json
import sys

import vector_file


def printable(value):
    if isinstance(value, bytes):
        return {"base64": base64.b64encode(value).decode()}
    if isinstance(value, dict):
        return {key: printable(one) for key, one in value.items()}
    if isinstance(value, list):
        return [printable(one) for one in value]
    return value


for path in sys.argv[1:]:
    kind, cases = vector_file.load(path)
    for case in cases:
        print(json.dumps({**printable(case), "kind": kind}))
