#!/usr/bin/python3
"""Writes the seeds of the fuzz targets into tests/fuzz/corpus, the same bytes every time.

    tests/fuzz/make_corpus.py

Inputs that begin with regression- are no seeds but what fuzzing has found; they are left alone.
A control character in a seed of a base64 target stands for a longer text, see snippets.hpp: 1 is a
PNG in base64, 3 unknown bytes, 12 a JWT, 19 the filling of a window.
"""

import base64
import hashlib
import json
import pathlib
import struct
import zlib

from corpus_net import http_response, http_url, webhook_request
from corpus_records import attestation, failure, retry, signature, truncate

CORPUS = pathlib.Path(__file__).resolve().parent / "corpus"

PNG = "\x01"
PNG_URL = "\x02"
NOISE = "\x03"
WRAPPED = "\x04"
WRAPPED_ESCAPED = "\x05"
PNG_PHP = "\x06"
DATA_URI = "\x07"
SHORT = "\x08"
NOISE_ESCAPED = "\x0b"
JWT = "\x0c"
HEX = "\x0e"
TEXT = "\x0f"
PLACEHOLDER = "\x10"
REFERENCE = "\x11"
NEIGHBOURS = "\x12"
SPACES = "\x13"
LONG_RUN = "\x14"
HUGE_RUN = "\x15"
BACKSLASHES = "\x16"
SIGNED_URL = "\x17"
PEM = "\x18"
LETTERS = "\x19"
DIGITS = "\x1a"
NESTED_FIELD = "\x1c"
SNIPPETS = [chr(code) for code in range(1, 32) if chr(code) not in "\t\n\r"]


def nested(text, levels):
    """`text` as a JSON string in a member of an object, again and again."""
    for _ in range(levels):
        for snippet in SNIPPETS:  # no control character to be escaped
            text = text.replace(snippet, f"<{ord(snippet)}>")
        text = json.dumps({"payload": text}, ensure_ascii=False)
        for snippet in SNIPPETS:
            text = text.replace(f"<{ord(snippet)}>", snippet)
    return text


def documents():
    """Name -> a document for the sanitizer."""
    doc = {
        "image_field": f'{{"image_base64":"{PNG}"}}',
        "short_image_field": '{"image_base64":"R0lGODlhAQABAAAAACw="}',
        "b64_json": f'{{"created":1.0,"data":[{{"b64_json":"{PNG}"}},{{"b64_json":"{PNG_URL}"}}]}}',
        "data_uri": f'{{"result":"{DATA_URI}","n":12345678901234567890}}',
        "data_uri_case": f'["DATA:image/PNG;charset=utf-8;BASE64,{PNG}"]',
        "data_uri_broken_line": f'["data:image/png;base64,\\r\\n{WRAPPED_ESCAPED}"]',
        "data_uri_php": f'["data:image\\/png;base64,{PNG_PHP}"]',
        "data_uri_empty_type": f'["data:;base64,{SHORT}"]',
        "data_uri_tiny": '["data:image/gif;base64,R0lGODlhAQABAAAAACw="]',
        "array": f'["{PNG}","{NOISE}","{WRAPPED_ESCAPED}","{PNG_URL}"]',
        "top_level_string": f'"{PNG}"',
        "text": f"the image is {PNG}, thank you\nand {NOISE}.",
        "wrapped_text": f"{WRAPPED}\n\n{WRAPPED}",
        "escaped_plus": f'{{"x":"{NOISE_ESCAPED}"}}',
        "php": f'{{"x":"{PNG_PHP}","url":"https:\\/\\/example.com\\/a"}}',
        "nested_1": nested(f'{{"image_base64":"{PNG}","n":1}}', 1),
        "nested_2": nested(f'{{"image_base64":"{PNG}","text":"a \\"quoted\\" word"}}', 2),
        "nested_3": nested(f'[{{"data":"{WRAPPED_ESCAPED}","mimeType":"image/png"}}]', 3),
        "nested_9": nested('["x"]', 9).replace("x", PNG),
        "nested_field": f'{{"payload":"{{{NESTED_FIELD}}}"}}',
        "typed_pair": f'{{"mimeType":"audio/wav","data":"{NOISE}"}}',
        "typed_pair_after": f'{{"data":"{SHORT}{SHORT}","mime_type":"video/mp4"}}',
        "encoding_pair": f'{{"encoding":"base64","content":"{TEXT}"}}',
        "typed_name": f'{{"image/png":"{NOISE}"}}',
        "long_text": f'{{"log":"{TEXT}"}}',
        "celery": f'{{"body":"{NOISE}","properties":{{"body_encoding":"base64"}}}}',
        "temporal": f'{{"metadata":{{"encoding":"anNvbi9wbGFpbg=="}},"data":"{NOISE}"}}',
        "kafka": f'{{"topic":"t","partition":0,"offset":7,"value":"{NOISE}"}}',
        "pubsub": f'{{"message":{{"data":"{NOISE}","messageId":"1","publishTime":"t"}}}}',
        "awslogs": f'{{"awslogs":{{"data":"{NOISE}"}}}}',
        "envelope": f'{{"payload":"{NOISE}","signatures":[{{"keyid":"a","sig":"{SHORT}"}}]}}',
        "encrypted_content": f'{{"encrypted_content":"{NOISE}","image":"{PNG}"}}',
        "token_name": f'{{"page_token":"{NOISE}","nextPageToken":"{LONG_RUN}"}}',
        "jwt": f'{{"a":"{JWT}.{SHORT}","b":"Bearer {JWT}.{NOISE}"}}',
        "hex": f'{{"sha512":"{HEX}","x":"0x{HEX}"}}',
        "pem": f'{{"x":"{PEM}\\n-----END EXAMPLE-----\\n"}}',
        "url": f'{{"u":"{SIGNED_URL}&x={NOISE}"}}',
        "letters": f'{{"dna":"{"ACGT" * 30}","path":"/srv/{"media/" * 30}a.png","a":"{LETTERS}"}}',
        "key": f'{{"{PNG}":1,"{NOISE}":"{NOISE}"}}',
        "key_of_nested": nested(f'{{"{PNG}":[]}}', 2),
        "long_key": f'{{"{HUGE_RUN}":1}}',
        "placeholder": f'{{"a":"{PLACEHOLDER}","b":"{PNG}"}}',
        "reference": f'{{"a":"{REFERENCE}","b":"{PNG}"}}',
        "neighbours": f'{{{NEIGHBOURS}"data":"{NOISE}",{NEIGHBOURS}"mimeType":"image/png"}}',
        "far_type": f'{{"mimeType":"image/png",{SPACES}"data":"{NOISE}"}}',
        "far_key": f'{{{SPACES}{SPACES}"{PNG}"{SPACES}{SPACES}:1}}',
        "across_cut": f'{{"mimeType":"image/png","a":"{PNG}","data":"{SHORT}{SHORT}"}}',
        "huge": f'{{"a":"{HUGE_RUN}{HUGE_RUN}","b":"{PNG}"}}',
        "wide": f'[{",".join([PNG] * 3)}] {LONG_RUN}',
        "backslashes": f'"{BACKSLASHES}\\/{PNG}{BACKSLASHES}n{PNG}"',
        "digits": f'[{DIGITS}{DIGITS},-1.50e+10,"{DIGITS}{DIGITS}"]',
        "number_after_comma_string": f'[",",{DIGITS}{DIGITS}]',
        "glued": f'"{PNG}-{PNG_URL}/{NOISE}="',
        "tail_bits": f'["{PNG}AB","{PNG}AB==","{PNG}ABC=","{PNG_URL}B"]',
        "padding": f'["{PNG}=","{PNG}==","{NOISE}===","={PNG}"]',
        "utf8": '{"\u00e9":"\u00e9\u00e8","e":"\\u00e9\\ud83d\\ude00\\ud800"}',
        "white_space": f' \r\n\t{{ "a" :\n[ "{PNG}" , null , true ] }}\n',
        "ndjson": f'{{"a":"{PNG}"}}\n\n{{"a":"{NOISE}"}}\r\n"{WRAPPED_ESCAPED}"',
        "two_documents": f'{{"a":"{PNG}"}}{{"a":"{PNG}"}}',
        "log_lines": f'INFO start\n{{"a":"{PNG}"}}\nWARN x={PNG}\n{{"a":"{NOISE}"',
        "cut_short": f'{{"a":"{PNG}","b":{{"c":["{NOISE[:1]}',
        "duplicate_keys": f'{{"a":"{PNG}","a":"{PNG}","a":1e2}}',
        "cut_field": f'{{"attachment":"{SHORT}","RAW":"{SHORT}{SHORT}","thumbnail":"{PNG}"}}',
        "empty": "",
    }
    return {name: text.encode() for name, text in doc.items()} | {
        "truncated_utf8": b'{"a":"\xc3","b":"\xf0\x9f\x98","image_base64":"\x01"}',
        "byte_order_mark": b'\xef\xbb\xbf{"image_base64":"\x01"}',
        "nul": b'{"a":"\x00\x01"}\x00',
    }


def base64_sanitize():
    seeds = {name: b"0000" + text for name, text in documents().items()}
    for options, names in {
        "1000": ("array", "text", "digits", "nested_2", "number_after_comma_string", "key"),
        "2100": ("jwt", "celery", "token_name", "envelope", "pem"),
        "0110": ("typed_pair_after", "letters", "glued", "log_lines"),
        "<000": ("cut_field", "image_field"),
        "0001": ("nested_3", "utf8", "cut_short"),
        "0002": ("ndjson", "two_documents"),
        "0003": ("key", "nested_1"),
        "0004": ("nested_2", "key_of_nested"),
        "020<": ("nested_9", "backslashes"),
    }.items():
        for name in names:
            seeds[f"{name}_{options.replace('<', 'c')}"] = options.encode() + documents()[name]
    return seeds


def base64_value():
    """Options, number of neighbours, name, parent, neighbours; see base64_value.cpp."""
    def context(name, parent, *neighbours):
        def text(value):
            data = value.encode()
            return bytes([len(data)]) + data
        out = bytes([len(neighbours)]) + text(name) + text(parent)
        for neighbour_name, value, flags in neighbours:
            out += text(neighbour_name) + text(value) + bytes([0x30 + flags])
        return out

    bare = context("", "")
    values = {
        "bare": (bare, PNG),
        "text": (bare, f"see {PNG} and {NOISE}"),
        "wrapped": (bare, WRAPPED + "\n"),
        "data_uri": (bare, DATA_URI),
        "nested": (bare, nested(f'{{"a":"{PNG}","mimeType":"image/png"}}', 2)),
        "field": (context("image_base64", ""), "R0lGODlhAQABAAAAACw="),
        "field_short": (context("b64_json", "data"), SHORT),
        "element": (context("", "images"), PNG),
        "typed_before": (context("data", "", ("mimeType", "image/png", 0)), SHORT + SHORT),
        "typed_after": (context("data", "", ("media_type", "audio/wav", 2)), SHORT + SHORT),
        "encoding": (context("content", "", ("encoding", "base64", 0)), TEXT),
        "celery": (context("body", "", ("body_encoding", "base64", 1)), NOISE),
        "temporal": (context("data", "", ("encoding", "anNvbi9wbGFpbg==", 1)), NOISE),
        "awslogs": (context("data", "awslogs"), NOISE),
        "kafka": (context("value", "", ("topic", "", 0), ("partition", "", 2)), NOISE),
        "token": (context("page_token", ""), NOISE),
        "envelope": (context("payload", "", ("signature", SHORT, 2)), NOISE),
        "typed_name": (context("image/png", ""), SHORT + SHORT),
        "jwt": (context("x", ""), f"{JWT}.{NOISE}"),
        "protected": (context("keep", ""), NOISE),
        "unicode": (context("\u00e9", "\u00e9", ("\u00e9", "\u00e9", 0)), f"\u00e9{PNG}"),
        "many": (context("data", "", *[("n", "v", 0)] * 40, ("mimeType", "image/png", 2)), NOISE),
    }
    seeds = {name: b"0000" + before + text.encode() for name, (before, text) in values.items()}
    seeds["naive"] = b"1000" + bare + f"see {PNG} and {NOISE}".encode()
    seeds["cut_protected"] = b"2000" + context("page_token", "") + NOISE.encode()
    seeds["own_fields"] = b"<000" + context("raw", "") + SHORT.encode()
    return seeds


def base64_restore():
    """Flags, limit, text; control characters are references here, see base64_restore.cpp."""
    digest = hashlib.sha256(b"").hexdigest()
    texts = {
        "each": "\x01,\x02,\x03,\x04,\x05,\x06,\x07,\x08",
        "json": '{"a":"\x01","b":["\x02","\x03"],"c":"{\\"d\\":\\"\x04\\"}"}',
        "php": '{"a":"\x0b","b":"\x0c"}',
        "wrong_size": "\x0e",
        "missing": "before \x0f after \x01",
        "not_one": "[BASE64_IMAGE_REMOVED] [BASE64_ [BASE64_DATA_REMOVED sha256-",
        "empty_object": f"[BASE64_DATA_REMOVED sha256-{digest} text/plain 0 text]",
        "huge_size": f"[BASE64_DATA_REMOVED sha256-{digest} text/plain 18446744073709551615 std]",
        "bad_digest": f"[BASE64_DATA_REMOVED sha256-{digest[:-1]}g text/plain 0 text]",
        "bad_type": f"[BASE64_DATA_REMOVED sha256-{digest} text 0 text]",
        "bad_size": f"[BASE64_DATA_REMOVED sha256-{digest} text/plain +0 text]",
        "bad_encoding": f"[BASE64_DATA_REMOVED sha256-{digest} text/plain 0 base32]",
        "too_many_words": f"[BASE64_DATA_REMOVED sha256-{digest} text/plain 0 text text]",
        "escaped_type": f"[BASE64_DATA_REMOVED sha256-{digest} image\\u002Fsvg\\u002bxml 0 text]",
        "nested": f"[BASE64_DATA_REMOVED sha256-[BASE64_DATA_REMOVED sha256-{digest} a/b 0 std]",
        "long": f"[BASE64_DATA_REMOVED sha256-{digest} a{chr(92) * 900}/b 0 text]",
        "bomb": "\x05" * 40,
        "plain": "nothing to see here",
    }
    seeds = {}
    for name, text in texts.items():
        seeds[name] = b"0?" + text.encode()
        seeds[name + "_keep"] = b"1?" + text.encode()
    seeds["limit"] = b"02" + b"\x01\x02\x03\x04"
    seeds["limit_none"] = b"00" + b"\x01"
    seeds["empty"] = b""
    return seeds


def json_texts():
    return {
        "object": b'{"a":[1,-0.5e+10,true,false,null,"x"],"b":{}}',
        "array": b" [ [ ] , { } , [ 0 ] ] ",
        "string": b'"\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\\ud83d\\ude00"',
        "utf8": '["\u00e9\u20ac\U0001f600\u007f"]'.encode(),
        "deep": b"[" * 60 + b"]" * 60,
        "numbers": b"[0,-0,1.0,1e2,1E-2,12345678901234567890,0.1e-400]",
        "huge_number": b"1e999",
        "lone_surrogate": b'["\\ud800","\\udc00\\ud800","\\ud800x"]',
        "byte_order_mark": b"\xef\xbb\xbf{}",
        "two_marks": b"\xef\xbb\xbf\xef\xbb\xbf{}",
        "empty": b"",
        "blank": b" \t\r\n",
        "bad_number": b"[01,1.,.5,1e,+1,-,0x1]",
        "bad_literal": b"[tru,nul,False,NaN]",
        "bad_comma": b'{"a":1,}',
        "bad_escape": b'["\\x","\\u12g4"]',
        "open_string": b'{"a":"b',
        "open_escape": b'"\\',
        "control": b'["a\nb\x01"]',
        "overlong": b'["\xc0\x80"]',
        "surrogate_bytes": b'["\xed\xa0\x80"]',
        "above_unicode": b'["\xf4\x90\x80\x80"]',
        "truncated_utf8": b'["\xe2\x82"]',
        "nul": b"{}\0{}",
        "two_documents": b"{}{}",
        "comment": b"[1] // one",
        "single_quotes": b"['a']",
        "ndjson": b'{"a":1}\n[2]\r\n\n "x" \n3',
        "ndjson_broken": b'{"a":1}\n{"a":\n2}\n',
        "ndjson_mark_later": b"{}\n\xef\xbb\xbf{}",
    }


def json_tracker():
    """Depth, pointers, four steps, text; see json_tracker.cpp."""
    seeds = {name: b"80\x01\x02\x03\x05" + text for name, text in json_texts().items()}
    inner = '{"k\\u0022 /~":["v",{"deep":"x y"}],"n":12}'
    for levels in range(1, 4):
        text = inner
        for _ in range(levels):
            text = json.dumps([{"s": text}])
        seeds[f"nested_{levels}"] = b"80\x07\x01\x02\x09" + text.encode()
        seeds[f"nested_{levels}_shallow"] = b"10\x07\x01\x02\x09" + text.encode()
        seeds[f"nested_{levels}_units"] = (
            b"80\x07\x01\x02\x09" + text.replace('\\"', "\\u0022").encode())
    lines = b'INFO\n{"a":\n[1]\n{"b":"{\\n\\"c\\":1}"}\n"open\n[2]\n'
    seeds["log_lines"] = b"80\x01\x01\x01\x01" + lines
    seeds["no_pointers"] = b"81\x01\x01\x01\x01" + lines
    seeds["string_head"] = b"80\x01\x01\x01\x01" + b'["\\n\\u0020\\t {\\"a\\":1}","  x","\\\\n{"]'
    seeds["backslashes"] = b"80\x01\x02\x01\x03" + b'["' + b"\\" * 40 + b'","' + b"\\" * 41 + b'"]'
    seeds["many_steps"] = b"80\xff\xff\xff\xff" + b'{"key":"value"}\n' * 30
    return seeds


def magic():
    def chunk(kind, data):
        checksum = zlib.crc32(kind + data)
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", checksum)

    png = (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0))
           + chunk(b"IDAT", bytes.fromhex("789c63606060000000040001")) + chunk(b"IEND", b""))
    ftyp = struct.pack(">I", 24) + b"ftypisom\0\0\2\0isomavc1"
    tar = bytearray(b"a.txt".ljust(100, b"\0") + b"0000644\0" * 3 + b"00000000000\0" * 2
                    + b"        0".ljust(109, b"\0") + b"ustar\00000".ljust(255, b"\0"))
    tar[148:156] = b"%06o\0 " % sum(tar)
    seeds = {
        "empty": b"",
        "png": png,
        "jpeg": bytes.fromhex("ffd8ffe000104a46494600010100000100010000ffdb0043") + b"\0\x08" * 32,
        "gif": base64.b64decode("R0lGODlhAQABAAAAACw="),
        "bmp": b"BM" + struct.pack("<IHHIIiiHHII", 70, 0, 0, 54, 40, 1, 1, 1, 24, 0, 16),
        "tiff": b"II*\0\x08\0\0\0\1\0\0\1\3\0\1\0\0\0\1\0\0\0\0\0\0\0",
        "ico": b"\0\0\1\0\1\0\x10\x10\0\0\1\0\x20\0\x68\4\0\0\x16\0\0\0",
        "webp": b"RIFF\x1a\0\0\0WEBPVP8L\x0d\0\0\0\x2f\0\0\0\x10\7",
        "jxl": bytes.fromhex("ff0afa1f01"),
        "pdf": b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n",
        "rtf": b"{\\rtf1\\ansi ",
        "html": b"<!DOCTYPE html>\n<html><head><title>x</title>",
        "svg": b"<?xml version='1.0'?>\n<svg xmlns='http://www.w3.org/2000/svg'>",
        "zip": (b"PK\3\4\x14\0\0\0\x08\0\0\0\0\0\1\2\3\4" + b"\5\0\0\0" * 3
                + b"a.txtabcde"),
        "tar": bytes(tar),
        # What zlib writes is not the same in all its versions, hence digits.
        "gzip": bytes.fromhex("1f8b0800000000000003cb48cdc9c957c84090008088f9e511000000"),
        "zlib_dynamic": bytes.fromhex(
            "789c0d8fc70100300802576135ec6dff77f2533c45b4efc4a5ae6af24c8a995fe296ef594b901c30"
            "c77209fb182c6c7ee14c8ce8accbc62e7e67ee5dc866d95ee668606f36a406728a8c5a167dbbfb4f"
            "15c633c012d1513ee865dee2a3f75556340c599141a0ef43fd3746d12a87738ec83f78e7e672ade1"
            "a2ead0f1ff566d54093de30773f18575d298cad55a4cc2e6bb95617ec0be9849aeabd145dc57b35d"
            "09b675e96d3fcb216fb9"),
        "zlib_fixed": bytes.fromhex("789c4b040000620062"),
        "zlib_stored": bytes.fromhex("7801010c00f3ff73746f7265642062797465731fcf04d9"),
        "bzip2": b"BZh91AY&SY\1\2\3\4\0\0",
        "xz": b"\xfd7zXZ\0\0\4",
        "zstd": bytes.fromhex("28b52ffd2005290000") + b"hello",
        "wav": (b"RIFF\x24\0\0\0WAVEfmt "
                + struct.pack("<IHHIIHH", 16, 1, 1, 8000, 8000, 1, 8)),
        "mp3": b"\xff\xfb\x90\x64" + b"\0" * 413 + b"\xff\xfb\x90\x64" + b"\0" * 20,
        "id3": b"ID3\4\0\0\0\0\0\x0aTIT2\0\0\0\0\0\0",
        "ogg": b"OggS\0\2" + b"\0" * 20 + b"\1\x13OpusHead\1\2\0\0\x80\xbb\0\0\0\0\0",
        "flac": b"fLaC\0\0\0\x22" + b"\x10\0\x10\0" + b"\0" * 30,
        "mp4": ftyp + b"\0\0\0\x08free",
        "webm": bytes.fromhex("1a45dfa39f4286810142f7810142f2810442f381084282847765626d"),
        "mpeg_ts": (b"G" + b"\x40\0\x10" + b"\xff" * 184) * 3,
        "glb": b"glTF\2\0\0\0" + struct.pack("<IIII", 40, 12, 0x4E4F534A, 0),
        "gguf": b"GGUF" + struct.pack("<IQQ", 3, 1, 1),
        "npy": b"\x93NUMPY\1\0\x36\0{'descr': '<f4', 'fortran_order': False, 'shape': (1,)}",
        "safetensors": (struct.pack("<Q", 54)
                        + b'{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}'),
        "pickle": b"\x80\4\x95\x0a\0\0\0\0\0\0\0]\x94K\1a.",
        "onnx": b"\x08\7\x12\7pytorch\x1a\0032.0",
        "elf": b"\x7fELF\2\1\1" + b"\0" * 9 + struct.pack("<HHI", 2, 62, 1),
        "pe": b"MZ" + b"\0" * 58 + struct.pack("<I", 64) + b"PE\0\0\x64\x86\1\0",
        "class": b"\xca\xfe\xba\xbe\0\0\0\x37\0\x10",
        "wasm": b"\0asm\1\0\0\0",
        "sqlite": b"SQLite format 3\0\x10\0\1\1\0\x40\x20\x20",
        "parquet": b"PAR1\x15\4\x15\x10",
        "avro": b"Obj\1\4\x14avro.codec\x08null",
        "woff2": b"wOF2\0\1\0\0\0\0\1\0\0\3",
        "ttf": b"\0\1\0\0\0\2\0\x20\0\1\0\0cmap" + b"\0" * 12 + b"glyf" + b"\0" * 12,
        "text": b"nothing but words\n",
        "zeros": b"\0" * 64,
    }
    return seeds


def c_api():
    """Calls one after the other; see c_api.cpp."""
    def text(value):
        data = value.encode()
        return struct.pack("<H", len(data)) + data

    def sanitize(value, options=b"0000", more=b"0"):
        return b"0" + more + options + text(value)

    png = f'["{PNG}"]'
    return {
        "empty": b"",
        "sanitize": sanitize(f'{{"a":"{PNG}"}}', more=b"2"),
        "sanitize_restore": sanitize(f'{{"a":"{PNG}"}}', more=b"1") + b"200",
        "sanitize_twice": sanitize(png, more=b"1") + sanitize(f'["{NOISE}"]', more=b"1"),
        "same_buffer": b"8" + text(png) + sanitize("", more=b"7")[:-2] + b"200",
        "clean": sanitize('{"a":"b"}') + b"200",
        "invalid_json": sanitize("{", options=b"0001"),
        "invalid_utf8": b"000001" + struct.pack("<H", 4) + b'"\xff"x',
        "value": (b"100001" + text("data") + text("parent") + text("mimeType") + text("image/png")
                  + b"0" + text(SHORT + SHORT)),
        "value_without_context": b"100000" + text("") * 4 + b"4" + text(PNG),
        "vault": b"3" + text("blob") + b"4" + b"5" + b"3" + text("other") + b"4" + b"6" + b";",
        "failing_put": b"71" + sanitize(png, more=b"1") + b"70",
        "failing_get": sanitize(png, more=b"1") + b"72" + b"200",
        "lying_get": sanitize(png, more=b"1") + b"74" + b"200" + b"4",
        "missing": b"8" + text(REFERENCE) + b"200" + b"210",
        "too_large": sanitize(png, more=b"1") + b"201" + b"202",
        "failing_sync": b"78" + sanitize(png, more=b"1") + sanitize(png, more=b"9") + b";",
        "buffers": b"8" + text("abc") + b"8" + text("") + b"9" + b"8" + text("x" * 300) + b"9",
        "bad_arguments": b"".join(b":" + bytes([0x30 + i]) for i in range(16)),
        "struct_sizes": b"".join(b"?" + bytes([size]) for size in (0, 3, 4, 20, 24, 110, 200)),
        "seal": (b"=0" + text('{"a":1}') + b">" + text("") + b"0>" + text("") + b"1"
                 + b"=0" + text(' {"b":[2]}\n') + b"=1" + b"=0" + text("[]")
                 + b">" + text("0" * 64) + b"0>" + text("x") + b"0"),
        "detect": (b"<1" + text("a.png") + text("image/gif") + text("GIF89a")
                   + b"<7" + text("") * 3),
        "truncate": (b"T0" + text("/a") + b"0\x01" + text('{"a":1,"b":"' + "x" * 100 + '"}')
                     + b"T4" + text("") + b"3\x00"),
        "everything": (sanitize(f'["{PNG}","{NOISE}"]', options=b"3100", more=b"1") + b"3"
                       + text("x") + b"4" + b"200" + b"9" + b":3" + sanitize(WRAPPED, more=b"3")),
    }


def rules():
    """A rule set, a NUL, a record; without a rule set it is the standard one."""
    last = '{"conditions":{"all":[]},"event":{"type":"v","params":{"status_category":null}}}'
    verdict = '"event":{"type":"v","params":{"status_category":"complete","details":["data"]}}'

    def one(condition, record):
        return f'[{{"conditions":{condition},{verdict}}},{last}]\0{record}'.encode()

    def test(members, record):
        return one(f'{{"fact":"data",{members}}}', record)

    failed = '{"status":"failed","retry_count":1,"max_retries":3,"error_message":"x\\ud800"}'
    output = ('{"status":"completed","data":{"outputs":[{"steps":[{"nodeResponse":{"src":"u"}}]}]},'
              '"notification":{"success":true},"completed_at":"2026-01-05 11:29:59+00"}')
    return {
        "empty": b"",
        "standard_failed": b"\0" + failed.encode(),
        "standard_output": b"\0" + output.encode(),
        "standard_text": b'\0{"status":"completed","data":"{\\"output\\":\\"u\\"}"}',
        "standard_twice": b'\0{"data":{"output":"u"},"data":[],"status":"completed"}',
        "standard_cut_short": b'\0{"status":',
        "equal": test('"path":"$.a[-1].b","operator":"equal","value":1e3',
                      '{"data":{"a":[{"b":1},{"b":1000.0}]}}'),
        "facts": test('"operator":"lessThan","value":{"fact":"status","path":"$[\'a b\']"}',
                      '{"data":3,"status":{"a b":"4"}}'),
        "list": test('"operator":"in","value":["a",1,true]', '{"data":true}'),
        "contains": test('"operator":"contains","value":"a"', '{"data":["b",["a"],"a"]}'),
        "age": test('"operator":"olderThan","value":"P1DT1H"', '{"data":1767609000000}'),
        "pattern": test('"operator":"matches","value":"(a|b)*c"', '{"data":"abac"}'),
        "logic": one('{"any":[{"not":{"all":[{"fact":"id","operator":"exists"}]}},'
                     '{"fact":"name","operator":"hasText","value":false}]}', '{"name":""}'),
        "set": ('{"version":1,"parameters":{"p":"PT1H"},"columns":["mine"],'
                '"definitions":{"d":{"latest":["created_at","updated_at"]}},'
                '"conditions":{"c":{"fact":"mine","operator":"exists"}},'
                f'"rules":[{{"priority":2,"conditions":{{"condition":"c"}},{verdict}}},'
                '{"conditions":{"fact":"d","operator":"newerThan","value":{"parameter":"p"}},'
                f'{verdict}}},{last}]}}\0{{"created_at":"2026-01-05T11:30Z"}}').encode(),
        "loop": ('{"conditions":{"c":{"condition":"c"}},"rules":[{"conditions":'
                 f'{{"condition":"c"}},{verdict}}}]}}').encode(),
        "no_rules": b"[]",
        "no_json": b"{",
    }


def main():
    targets = {
        "attestation": attestation(),
        "base64_restore": base64_restore(),
        "base64_sanitize": base64_sanitize(),
        "base64_value": base64_value(),
        "c_api": c_api(),
        "failure": failure(),
        "http_response": http_response(),
        "http_url": http_url(),
        "webhook_request": webhook_request(),
        "json_check": json_texts(),
        "json_tracker": json_tracker(),
        "magic": magic(),
        "retry": retry(),
        "rules": rules(),
        "signature": signature(),
        "truncate": truncate(),
    }
    for target, seeds in targets.items():
        directory = CORPUS / target
        directory.mkdir(parents=True, exist_ok=True)
        for old in directory.iterdir():
            if not old.name.startswith("regression-"):
                old.unlink()
        for name, data in seeds.items():
            (directory / name).write_bytes(data)
        print(f"{target}: {len(seeds)} seeds, {sum(map(len, seeds.values()))} bytes")


if __name__ == "__main__":
    main()
