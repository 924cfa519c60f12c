"""The jobs of test_cleaned_rq.py."""

import hashlib


def draw(picture, number):
    if number < 0:
        raise ValueError(f"cannot draw {picture}")
    return {"number": number, "sha256": hashlib.sha256(picture.encode()).hexdigest()}
