"""The Python package against hmac of the standard library doing the same work.

    signature.py FOLDER     the folder that `bench_signature --write_corpora=FOLDER` has filled

The same work: the header is found among those of the request, its prefix checked, the HMAC
computed, and compared in constant time. Rows are the best of many rounds for one message. Every
side must accept the message and refuse another before anything is timed.
"""

import hashlib
import hmac
import pathlib
import sys

import jobqueue

from measure import best_time

SECRET = "8f742231b10e8888abcd99yyyzzz85a5"
KEY = SECRET.encode()
KEYED = hmac.new(KEY, None, hashlib.sha256)


def value_of(headers):
    value = headers.get("x-webhook-signature", "")
    return value[7:] if value.startswith("sha256=") else ""


def with_new(body, headers):
    """As receivers write it."""
    wanted = hmac.new(KEY, body, hashlib.sha256).hexdigest()
    return hmac.compare_digest(wanted, value_of(headers))


def with_copy(body, headers):
    """Keyed once."""
    once = KEYED.copy()
    once.update(body)
    return hmac.compare_digest(once.hexdigest(), value_of(headers))


def with_digest(body, headers):
    """The quickest way that it has."""
    return hmac.compare_digest(hmac.digest(KEY, body, "sha256").hex(), value_of(headers))


def request_of(body):
    return {"host": "example.com", "content-type": "application/json",
            "content-length": str(len(body)), "user-agent": "webhooks/1.0", "accept": "*/*",
            **jobqueue.sign_payload(body, scheme="jobqueue", secrets=SECRET)}


def accepts(way, body, headers):
    try:
        return way(body, headers) is not False
    except jobqueue.SignatureMismatchError:
        return False


def main():
    if len(sys.argv) != 2:
        print(__doc__.strip(), file=sys.stderr)
        return 2
    in_cpp = float((pathlib.Path(sys.argv[1]) / "signature.ns").read_text(encoding="ascii"))
    verifier = jobqueue.SignatureVerifier("jobqueue", SECRET)
    ways = {"package": verifier.verify, "hmac_new": with_new, "hmac_copy": with_copy,
            "hmac_digest": with_digest}
    for size in (64, 1024, 1_000_000):
        body = b"b" * size
        headers = request_of(body)
        for name, way in ways.items():
            if not accepts(way, body, headers) or accepts(way, b"c" * size, headers):
                sys.exit(f"{name} is wrong")
        times = {name: best_time(lambda way=way: way(body, headers), 60)
                 for name, way in ways.items()}
        for name, nanos in times.items():
            against = f" {nanos / in_cpp:6.2f} x C++" if size == 64 else ""
            print(f"{f'{name}/{size}':28} {nanos:9.0f} ns {nanos / times['package']:6.2f} x package"
                  f"{against}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
