"""The Python package against hmac of the standard library doing the same work, and against the
libraries of Standard Webhooks and Svix.

    signature.py FOLDER     the folder that `bench_signature --write_corpora=FOLDER` has filled

The same work: the header is found among those of the request, its prefix checked, the HMAC
computed, and compared in constant time. Rows are the best of many rounds for one message. Every
side must accept the message and refuse another before anything is timed. The two libraries decode
the bytes and verify the string; neither parses it here.
"""

import hashlib
import hmac
import pathlib
import sys

# The base64 of the standard library is before the file beside this.
sys.path.append(sys.path.pop(0))

import jobqueue
import standardwebhooks
import svix

from measure import best_time

SECRET = "8f742231b10e8888abcd99yyyzzz85a5"
KEY = SECRET.encode()
KEYED = hmac.new(KEY, None, hashlib.sha256)
STANDARD_SECRET = "whsec_OGY3NDIyMzFiMTBlODg4OGFiY2Q5OXl5eXp6ejg1YTU="
STANDARD_WEBHOOK = standardwebhooks.Webhook(STANDARD_SECRET)
SVIX_WEBHOOK = svix.Webhook(STANDARD_SECRET)


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


def with_standardwebhooks(body, headers):
    STANDARD_WEBHOOK.verify(body, headers, json_parse=False)


def request_of(body, scheme, secret):
    return {"host": "example.com", "content-type": "application/json",
            "content-length": str(len(body)), "user-agent": "webhooks/1.0", "accept": "*/*",
            **jobqueue.sign_payload(body, scheme=scheme, secrets=secret)}


def body_of(size, letter):
    """JSON of that size."""
    return ('{"text":"' + letter * (size - 11) + '"}').encode()


def accepts(way, body, headers):
    try:
        return way(body, headers) is not False
    except (jobqueue.SignatureMismatchError, svix.webhooks.WebhookVerificationError,
            standardwebhooks.WebhookVerificationError):
        return False


def compare(ways, headers, size, in_cpp):
    """The first of `ways` is the package."""
    body = body_of(size, "b")
    for name, way in ways.items():
        if not accepts(way, body, headers) or accepts(way, body_of(size, "c"), headers):
            sys.exit(f"{name} is wrong")
    times = {name: best_time(lambda way=way: way(body, headers), 60) for name, way in ways.items()}
    of_package = next(iter(times.values()))
    for name, nanos in times.items():
        against = f" {nanos / in_cpp:6.2f} x C++" if size == 64 else ""
        print(f"{f'{name}/{size}':28} {nanos:9.0f} ns {nanos / of_package:6.2f} x package{against}")


def main():
    if len(sys.argv) != 2:
        print(__doc__.strip(), file=sys.stderr)
        return 2
    in_cpp = float((pathlib.Path(sys.argv[1]) / "signature.ns").read_text(encoding="ascii"))
    ways = {"package": jobqueue.SignatureVerifier("jobqueue", SECRET).verify,
            "hmac_new": with_new, "hmac_copy": with_copy, "hmac_digest": with_digest}
    standard_ways = {
        "package_standard": jobqueue.SignatureVerifier("standard", STANDARD_SECRET).verify,
        "standardwebhooks": with_standardwebhooks, "svix": SVIX_WEBHOOK.verify}
    for size in (64, 1024, 1_000_000):
        body = body_of(size, "b")
        compare(ways, request_of(body, "jobqueue", SECRET), size, in_cpp)
        compare(standard_ways, request_of(body, "standard", STANDARD_SECRET), size, in_cpp)
    return 0


if __name__ == "__main__":
    sys.exit(main())
