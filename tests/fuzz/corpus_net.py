"""Seeds of the targets that read what comes from the network."""


def http_url():
    texts = ["http://example.com", "https://EXAMPLE.com:8443/a/../b?c=d#e\n../f",
             "http://1.2.3.4:80", "http://[2001:db8::1]:8080/\n//h:1/x?y",
             "http://127.0.0.1.example.com/\n?q",
             "http://2130706433/", "http://0x7f.1/", "http://u:p@h/", "http://h/%zz", "http://h:x/",
             "http://h/\xe4 [1]{2}\n/a b", "file:///etc/passwd", "http://h\\a/",
             "http://[::ffff:1.2.3.4]/", "http://h./\nhttp:///x", "http://h/a\n/../../..",
             "10.0.0.0/8", "fd00::/8",
             "::ffff:10.0.0.0/104", "2001:db8::1/129", "http://h/a\njavascript:1"]
    return {f"url_{index:02}": text.encode() for index, text in enumerate(texts)}


def http_response():
    def answer(text, choices="0440"):
        return (choices + text.replace("\n", "\r\n")).encode("latin-1")
    return {
        "length": answer("HTTP/1.1 200 OK\nContent-Length: 3\n\nabc"),
        "head": answer("HTTP/1.1 200 OK\nContent-Length: 3\n\nabc", "1440"),
        "end": answer("HTTP/1.0 404 Not Found\nA: b\na: c\n\nuntil the end of it all, far away"),
        "chunks": answer("HTTP/1.1 200 OK\nTransfer-Encoding: chunked\n\n3;a=\"b\"\nabc\n1\nd\n"
                         "0\nT: t\n\n"),
        "cut": answer("HTTP/1.1 200 OK\nTransfer-Encoding: chunked\n\nff\n" + "x" * 60, "0414"),
        "interim": answer("HTTP/1.1 100 Continue\n\nHTTP/1.1 103 x\nLink: a\n\n"
                          "HTTP/1.1 204 No\n\n"),
        "flood": answer("HTTP/1.1 100 C\n\n" * 20, "0743"),
        "switch": answer("HTTP/1.1 101 Switch\nUpgrade: a\n\n"),
        "folded": answer("HTTP/1.1 200 OK\nA: b\n c\nContent-Length: 0\n\n"),
        "lengths": answer("HTTP/1.1 200 OK\nContent-Length: 1\nContent-Length: 2\n\nab"),
        "both": answer("HTTP/1.1 200 OK\nContent-Length: 1\nTransfer-Encoding: chunked\n\n0\n\n"),
        "long": answer("HTTP/1.1 200 OK\nA: " + "a" * 300 + "\n\n", "0140"),
        "many": answer("HTTP/1.1 200 OK\n" + "A:b\n" * 300 + "\n", "0740"),
        "no_http": answer("SSH-2.0-x\n"),
        "half": answer("HTTP/1.1 200 O"),
        "nothing": answer(""),
        "size": answer("HTTP/1.1 200 OK\nTransfer-Encoding: chunked\n\nffffffffffffffffff\na"),
    }


def webhook_request():
    def request(text, choices="0"):
        return (choices + text.replace("\n", "\r\n")).encode("latin-1")
    seeds = {
        "get": request("GET /jobs/7?a=b HTTP/1.1\nHost: a\n\n"),
        "post": request("POST /echo HTTP/1.1\nHost: a\nContent-Length: 5\n"
                        "Connection: keep-alive, close\nExpect: 100-continue\n\n"),
        "chunked": request("POST / HTTP/1.1\nHost: a\nTransfer-Encoding: chunked\n\n"),
        "both": request("POST / HTTP/1.1\nHost: a\nTransfer-Encoding: chunked\n"
                        "Content-Length: 1\n\n"),
        "old": request("GET / HTTP/1.0\n\n"),
        "folded": request("GET / HTTP/1.1\nHost: a\nX: b\n c\n\n"),
        "repeated": request("GET / HTTP/1.1\nHost: a\nwebhook-id: 1\nWebhook-ID: 2\n\n"),
        "nothing": request(""),
    }
    bodies = ['{"event_type":"workflow_completed","event_id":"e1","data":{"workflow_id":"w1",'
              '"outputs":["u"],"retry_attempt":2}}',
              '{"event_type":"workflow_failed","data":{"workflow_id":"w:1","error":"x\\u0000y"}}',
              '{"type":"job.done","event_id":"a b","job_id":"7","data":[1,2]}', '[1]', '{}',
              '{"workflow_id":"w1","miniapp_user_id":"7","success":false,"data":{"a":{}}}',
              '{"data":{"workflow_id":"w1","miniapp_user_id":7,"x":"}"} }',
              '{"workflow_id":"\\ud800","miniapp_user_id":"7"}', 'no JSON']
    for index, body in enumerate(bodies):
        seeds[f"workflow_{index}"] = ("0" + body).encode()
        seeds[f"notified_{index}"] = ("1" + body).encode()
    return seeds
