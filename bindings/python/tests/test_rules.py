"""Rule sets from Python: records of every kind, errors, many at once."""

import datetime
import decimal
import json
import uuid

import jobqueue
import pytest
from conftest import in_threads

NOW = datetime.datetime(2026, 1, 5, 12, tzinfo=datetime.timezone.utc)
RULES = jobqueue.Ruleset.standard()


def test_a_record_may_be_a_row_or_a_text():
    row = {"id": uuid.uuid4(), "status": "completed", "workflow_output": "u",
           "completed_at": datetime.datetime(2026, 1, 5, 11), "progress": decimal.Decimal(100)}
    verdict = RULES.evaluate(row, now=NOW)
    assert (verdict["status_category"], verdict["problem_type"]) == ("filed",
                                                                     "notification_missing")
    assert verdict["problem_details"]["finished_at"] == "2026-01-05T11:00:00"
    for text in ('{"status":"canceled"}', b'{"status":"canceled"}'):
        assert RULES.evaluate(text, now=NOW)["problem_type"] == "job_canceled"


def test_undecided_says_what_is_missing_and_when_to_look_again():
    assert RULES.evaluate({"status": "failed"}, now=NOW) == {
        "status_category": None, "problem_type": None, "problem_details": None,
        "resolution_needed": None, "rule": "job_failed",
        "missing_facts": ["retry_count", "max_retries"], "next_evaluation_at": None}
    waiting = RULES.evaluate({"status": "running", "updated_at": NOW}, now=NOW)
    assert waiting["next_evaluation_at"] == "2026-01-05T13:00:00.000001Z"
    # Without `now` it is the present.
    assert RULES.evaluate({"status": "running", "updated_at": NOW})["problem_type"] == \
        "stuck_processing"


def test_explanation():
    verdict = RULES.evaluate({"status": "completed", "workflow_output": "u",
                              "notification": {"success": False}}, now=NOW, explain=True)
    assert verdict["would_complete"] == [
        {"fact": "notification.success", "from": False, "to": True}]
    assert verdict["decided_by"][-1] == {
        "fact": "notification.success", "operator": "equal", "fact_value": False, "value": False,
        "result": "true"}
    assert verdict["trace"][-1]["conditions"] == verdict["decided_by"]


def test_many_are_as_each_alone():
    records = [{"status": status, "retry_count": n, "max_retries": 3, "note": "a\nb"}
               for status in ("failed", "canceled", "running") for n in range(5)]
    alone = [RULES.evaluate(record, now=NOW) for record in records]
    assert RULES.evaluate_many(records, now=NOW) == alone
    assert RULES.evaluate_many((json.dumps(one, indent=1) for one in records), now=NOW) == alone
    mixed = RULES.evaluate_many([records[0], "{]", "", records[1]], now=NOW)
    assert [one["problem_type"] for one in mixed] == ["job_failed", "evaluation_error",
                                                      "evaluation_error", "job_failed"]
    assert RULES.evaluate_many([]) == []
    # More than cross together, with one that JSON has no words for.
    many = [records[at % 15] for at in range(600)]
    assert RULES.evaluate_many(iter(many), now=NOW) == alone * 40
    many[300] = {"status": "failed", "retry_count": float("nan")}
    found = RULES.evaluate_many(many, now=NOW)
    assert found.pop(300)["problem_type"] == "evaluation_error"
    del many[300]
    assert found == [RULES.evaluate(one, now=NOW) for one in many]


def test_own_rules_and_parameters():
    text = json.dumps([
        {"name": "slow", "event": {"type": "v", "params": {"status_category": "late"}},
         "conditions": {"fact": "processing_time", "operator": "greaterThan", "value": 10}},
        {"conditions": {"all": []}, "event": {"type": "v", "params": {"status_category": "fine"}}}])
    rules = jobqueue.Ruleset.from_json(text)
    assert rules.evaluate({"processing_time": 11})["status_category"] == "late"
    assert rules.evaluate({"processing_time": 10})["status_category"] == "fine"
    assert rules.evaluate({})["missing_facts"] == ["processing_time"]
    patient = jobqueue.Ruleset.standard(parameters={"stuck_after": "P1D"})
    assert patient.digest != RULES.digest == jobqueue.Ruleset.from_json(
        jobqueue.standard_rules()).digest
    assert patient.evaluate({"status": "running", "updated_at": "2026-01-05T00:00:00Z"},
                            now=NOW)["status_category"] is None


def test_errors_say_where():
    with pytest.raises(jobqueue.RulesetInvalidError, match="line 1, column 2") as caught:
        jobqueue.Ruleset.from_json("[{}]")
    assert caught.value.offset == 1
    with pytest.raises(jobqueue.UnknownFactError, match="no record has a fact 'x'"):
        jobqueue.Ruleset.from_json('[{"conditions":{"fact":"x"},"event":{}}]')
    with pytest.raises(jobqueue.InvalidArgumentError, match="no parameter 'x'"):
        jobqueue.Ruleset.standard(parameters={"x": 1})
    with pytest.raises(jobqueue.InvalidJsonError) as broken:
        RULES.evaluate("{]")
    assert broken.value.offset == 1
    with pytest.raises(ValueError, match="time zone"):
        RULES.evaluate({}, now=datetime.datetime(2026, 1, 5))
    with pytest.raises(TypeError, match="set"):
        RULES.evaluate({"status": {1}})
    with pytest.raises(jobqueue.InvalidJsonError):
        RULES.evaluate({"progress": float("nan")})


def test_threads_share_a_set():
    record = {"status": "failed", "retry_count": 1, "max_retries": 3}
    wanted = RULES.evaluate(record, now=NOW)
    wrong = []

    def work():
        for _ in range(300):
            if RULES.evaluate_many([record] * 200, now=NOW)[199] != wanted:
                wrong.append(1)

    in_threads(work)
    assert not wrong
