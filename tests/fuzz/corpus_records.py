"""Seeds of the targets that read what is known of jobs: keys, failures, webhooks, payloads."""

import base64
import hmac
import json
import pathlib

VECTORS = pathlib.Path(__file__).resolve().parent.parent / "vectors"


def attestation():
    """Texts of keys, keys by their parts (writer, kind, form, flags, then the ids), and chains."""
    keys = [
        "worker:completion:step-step-abc", "worker:completion:job-7:attempt:2",
        "worker:failure:workflow-w1:job-step-s1:permanent",
        "worker:completion:job-id:w1:step-id:s1:attempt:999999999999999999",
        "worker:failure:step-id:permanent", "worker:failure:step-id:attempt:1",
        "workflow:failure:w1:attempt-3", "workflow:attestation:failure:w1",
        "api:workflow:completion:w1:attempt-0", "api:workflow:failure:w1:attempt-18",
        "worker:completion:job-id:job-id:step-id:step-id:step-id:attempt", ":::::::::",
    ]
    parts = ["000412w1step-s1", "000032w1s1", "0101" + "0job-7", "012612w1s1", "200482w1",
             "2031" + "2w1", "100512w1", "00081" + "1w*", "0006" + "11permanent"]
    def chain(*steps):
        """What is done with a text (0 nothing, 1 sealed, 2 edited, 3 another again), and where."""
        return b"".join(b"%d%c%c" % (what, where, len(text)) + text for what, where, text in steps)

    first, second = b'{"status":"failed","retry_count":1}', b' { "a" : "\\u00e9" }\n'
    begin = b'{"attestation_chain":{"sequence":1,"previous":"'
    chains = {
        "whole": chain((1, 0, first), (1, 0, second), (1, 0, b"{}")),
        "edited": chain((1, 0, first), (2, 90, second), (1, 0, b"{}")),
        "edited_chain": chain((2, 200, first), (2, 255, first), (2, 0, first)),
        "again": chain((1, 0, first), (3, 0, b""), (1, 0, second), (3, 1, b"")),
        "others": chain((0, 0, b"{}"), (0, 0, b"[]"), (0, 0, b'{"attestation_chain":1}'),
                        (0, 0, b"\xef\xbb\xbf{}"), (0, 0, b'{"\xff":1}')),
        "claims": chain((0, 0, begin + b"0" * 64 + b'","digest":"' + b"0" * 64 + b'"}}'),
                        (0, 0, begin + b"0" * 63 + b'","digest":"","hmac":"' + b"f" * 64 + b'"}}')),
    }
    seeds = {f"key_{number}": key.encode() for number, key in enumerate(keys)}
    seeds.update({f"chain_{name}": steps for name, steps in chains.items()})
    seeds.update({f"parts_{number}": part.encode() for number, part in enumerate(parts)})
    return {"empty": b"", "long": b"worker:completion:" + b"j" * 1100, **seeds}


def failure():
    """The messages of the vectors with their context, and objects gone wrong."""
    path = VECTORS / "failure.json"
    statuses = [0, 200, 400, 401, 403, 404, 408, 413, 415, 429, 500, 502, 503, 507, 599, 1000]
    seeds = {"nothing": b"00", "cut": b'00{"message":"dns', "no_key": b'00{"a" "b":1}',
             "no_value": b'00{"message":]}', "deep": b"00" + b'{"error":' * 70,
             "quotes": b"00'a'\"b\"`c`'d", "escapes": b'00{"message":"\\u0064ns\\n  at x"}'}
    for one in json.loads(path.read_text(encoding="utf-8"))["cases"]:
        status = statuses.index(one.get("http_status", 0))
        head = chr(ord("0") + status) + str(int(one.get("timeout", False)))
        seeds[one["name"]] = (head + one["message"][:300]).encode()
    return seeds


def retry():
    """The vectors, as tests/fuzz/retry.cpp takes them."""
    path = VECTORS / "retry.json"
    seeds = {"nothing": b"", "deep": b"01{\"a\":" + b"[" * 200 + b"]" * 200 + b"}\0[]"}
    for one in json.loads(path.read_text(encoding="utf-8"))["cases"]:
        attempt = chr(ord("0") + min(one.get("attempt", 0), 15))
        if one["do"] == "preserve":
            seed = "0" + attempt + one["original"] + "\0" + one["result"]
        elif one["do"] == "attempt":
            seed = "10" + one["job"]
        else:
            seed = "2" + attempt + one["filename"]
        seeds[one["name"]] = seed.encode()
    return seeds


def signature():
    """The requests of the vectors, with secrets of the target; secrets; and headers gone wrong."""
    secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    key = base64.b64decode(secret[6:])
    now = "1700000000"

    def mac(content, with_key=None):
        return hmac.new(with_key or secret.encode(), content.encode(), "sha256")

    plain = mac("b").hexdigest()
    list_value = f"t={now},v1={mac(f'{now}.b').hexdigest()}"
    encoded = base64.b64encode(mac(f"i.{now}.b", key).digest()).decode()
    standard = f"webhook-id: i\nwebhook-timestamp: {now}\nwebhook-signature: v1,{encoded}"
    slack = f"v0={mac(f'v0:{now}:b').hexdigest()}"
    requests = {
        "jobqueue": (1, f"x-webhook-signature: sha256={plain}"),
        "github": (2, f"Host: h\nX-Hub-Signature-256: sha256={plain}"),
        "standard": (3, standard),
        "svix": (4, standard.replace("webhook", "svix")),
        "svix_both": (4, standard + "\n" + standard.replace("webhook", "svix")),
        "stripe": (5, f"Stripe-Signature: {list_value}"),
        "slack": (6, f"x-slack-request-timestamp: {now}\nx-slack-signature: {slack}"),
        "convoy": (7, f"x-convoy-signature: t={now},v1={mac(f'{now},b').hexdigest()}"),
        "convoy_alone": (7, f"x-convoy-signature: {plain}"),
        "ed25519": (3, standard.replace("v1,", "v1a," + "A" * 86 + "== v1,")),
        "conflict": (0, f"x-webhook-signature: sha256={plain}\nstripe-signature: {list_value}"),
        "upper": (1, f"x-webhook-signature: SHA256={plain.upper()}"),
        "form": (1, f"x-webhook-signature: {plain}"),
        "other_header": (1, f"x-signature: sha256={plain}"),
        "several": (5, f"stripe-signature: {list_value},v1={'0' * 64},v0=x,t=1"),
        "nothing": (0, ""),
    }
    seeds = {name: f"{scheme}{headers}\n\nb".encode()
             for name, (scheme, headers) in requests.items()}
    seeds.update({name + "_auto": b"0" + seeds[name][1:]
                  for name in ("jobqueue", "github", "svix_both", "stripe", "slack", "convoy")})
    document = '{"a": [1, "\\u00e9\\/"]}\n'
    seeds["layout"] = f"1x-webhook-signature: sha256={plain}\n\n{document}".encode()
    for number, text in enumerate((secret, secret[6:], "k", " k\n", '"k"', "v1," + secret,
                                   "whpk_" + "A" * 43 + "=", "whsk_" + "A" * 86 + "==", "")):
        # 8 to 15: a secret of the scheme less 8.
        for choice in "8;=":
            seeds[f"secret_{number}_{ord(choice) & 15}"] = (choice + text).encode()
    return seeds


def truncate():
    """Documents of every shape with budgets that cut them here and there; choices in front."""
    uuid = "b789bd80-400a-41ed-96f5-72dc8c225dcf"
    inner = json.dumps({"k": uuid, "log": "y" * 300, "list": list(range(40))})
    documents = {
        "string": json.dumps({"id": uuid, "log": "x" * 400}),
        "strings": json.dumps([uuid, "x" * 400, "y" * 90, "z" * 70]),
        "numbers": json.dumps([1] * 300),
        "long_number": "[" + "7" * 300 + "]",
        "members": json.dumps({f"key{i}": i for i in range(90)}),
        "deep": "[" * 300 + "]" * 300,
        "deep_objects": '{"a":' * 120 + "1" + "}" * 120,
        "matrix": json.dumps([list(range(30))] * 20),
        "records": json.dumps([{"id": uuid, "n": i, "text": "t" * i} for i in range(40)]),
        "spaced": json.dumps({"a": list(range(50)), "b": {"c": "d" * 90}}, indent=4),
        "nested": json.dumps({"body": inner, "x": "z" * 100}),
        "nested_twice": json.dumps({"body": json.dumps({"body": inner})}),
        "nested_short": json.dumps([json.dumps([1, [2, {"a": 3}]])] * 12),
        "escapes": json.dumps("\u00e9\u20ac\U0001F600\n\\\"" * 30),
        "characters": json.dumps("\u00e9\u20ac\U0001F600" * 30, ensure_ascii=False),
        "backslashes": '"' + "\\\\" * 200 + '"',
        "blobs": '{"a":"\x01","b":["\x01","\x03"],"c":"' + "w" * 200 + '"}',
        "mark": "\ufeff[" + "1," * 100 + "1]",
        "long_name": json.dumps({"n" * 200: 1, "b": 2}),
        "text": "no JSON, " * 40,
        "bytes": "\udc80\udcff\udce2\udc82" * 60,
        "cut": json.dumps(inner)[:-30],
        "lines": "\n".join(json.dumps({"id": uuid, "n": i}) for i in range(9)),
    }
    pins = ["", "/id\n", "/body/~s/k\n/x\n", "/0\n/39\n", "/a~0~1\n", "a\n"]
    seeds = {}
    for number, (name, document) in enumerate(documents.items()):
        data = document.encode("utf-8", "surrogateescape")
        for choice in ("0000", "3000", "6211", "8334"):
            seeds[f"{name}_{choice}"] = choice.encode() + b"\n" + data
        pinned = pins[number % len(pins)]
        seeds[f"{name}_pinned"] = b"7000" + pinned.encode() + b"\n" + data
    seeds["as_text"] = b"0002\n" + documents["strings"].encode()
    seeds["too_small"] = b";000\n[]"
    return seeds
