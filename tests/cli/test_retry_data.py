"""jobqueue retry-data."""

import json
import time
from datetime import datetime, timezone

from program import BAD_INPUT, DONE, ENVIRONMENT, USAGE, ProgramTest

ORIGINAL = b'{\n "outputs": [1.0],\n "collectionId": "c"\n}\n'
AFTER = (b'{\n "outputs": "u",\n "collectionId": "c",\n "retry_execution_data": "u",\n'
         b' "last_retry_attempt": 2,\n "retry_completed_at": "2026-01-05T12:00:00Z",\n'
         b' "retry_replaced": {"2":{"outputs":[1.0]}}\n}\n')
AT = ("--attempt", "2", "--at", "2026-01-05T12:00:00Z")


class RetryData(ProgramTest):
    def test_prints_the_new_data(self):
        original = self.write("data", ORIGINAL)
        result = self.write("result", b'"u"\n')
        for arguments, stdin in (((original, result), b""), (("-", result), ORIGINAL),
                                 ((original, "-"), b'"u"')):
            answer = self.expect(DONE, "retry-data", *arguments, *AT, stdin=stdin)
            self.assertEqual((answer.stdout, answer.stderr), (AFTER, b""))
        # Of its own output it makes the same.
        self.assertEqual(self.expect(DONE, "retry-data", "-", result, *AT, stdin=AFTER).stdout,
                         AFTER)
        self.assertEqual(self.read("data"), ORIGINAL)

    def test_times(self):
        result = self.write("result", b"1")
        for at in ("1767614400", "2026-01-05T13:00:00+01:00"):
            answer = self.expect(DONE, "retry-data", "-", result, "--attempt", "1", "--at", at,
                                 stdin=b"{}")
            self.assertEqual(json.loads(answer.stdout)["retry_completed_at"],
                             "2026-01-05T12:00:00Z")
        answer = self.expect(DONE, "retry-data", "-", result, "--attempt", "1", stdin=b"{}")
        at = datetime.fromisoformat(json.loads(answer.stdout)["retry_completed_at"])
        self.assertLess(abs(time.time() - at.astimezone(timezone.utc).timestamp()), 60)
        for at in ("noon", "99999999999999", "0000-01-01"):
            self.expect(USAGE, "retry-data", "-", result, "--attempt", "1", "--at", at,
                        stdin=b"{}")

    def test_what_is_refused(self):
        result = self.write("result", b"1")
        late = self.expect(USAGE, "retry-data", "-", result, "--attempt", "1", stdin=AFTER)
        self.assertEqual(late.stdout, b"")
        self.assertIn(b"a later attempt is recorded already", late.stderr)
        for original, words in ((b'{"secret":]', b"original: expected a value at byte 10"),
                                (b"", b"found the end of the document at byte 0"),
                                (b'{"a":"\xff"}', b"UTF-8 at byte 6")):
            answer = self.expect(BAD_INPUT, "retry-data", "-", result, *AT, stdin=original)
            self.assertEqual(answer.stdout, b"")
            self.assertIn(words, answer.stderr)
            self.assertNotIn(b"secret", answer.stderr)
        self.expect(USAGE, "retry-data", "-", result, *AT, stdin=b"[1]")
        self.expect(USAGE, "retry-data", "-", "-", *AT, stdin=b"{}")
        self.expect(USAGE, "retry-data", "-", result, stdin=b"{}")
        self.expect(USAGE, "retry-data", "-", *AT)
        for attempt in ("-1", "1.5", "9007199254740992"):
            self.expect(USAGE, "retry-data", "-", result, "--attempt", attempt, stdin=b"{}")
        self.expect(ENVIRONMENT, "retry-data", "nowhere", result, *AT)
        self.expect(ENVIRONMENT, "retry-data", result, "nowhere", *AT)

    def test_a_deep_document(self):
        result = self.write("result", b"[" * 500_000 + b"]" * 500_000)
        answer = self.expect(DONE, "retry-data", "-", result, *AT, stdin=b'{"a":1}')
        self.assertEqual(answer.stdout.count(b"["), 1_000_000)
