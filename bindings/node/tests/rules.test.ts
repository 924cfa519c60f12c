// Rule sets from JavaScript: records of every kind, errors, many at once.
import { expect, test } from 'vitest';
import { JobqueueError, Ruleset, standardRules } from '../dist/esm/index.js';
import { problemOf } from './problem.js';

const now = new Date('2026-01-05T12:00:00Z');
const rules = Ruleset.standard();

test('a record may be a row or a text', () => {
  const row = {
    id: 2n ** 70n, status: 'completed', workflow_output: 'u',
    completed_at: new Date('2026-01-05T11:00:00Z'), progress: undefined,
  };
  const verdict = rules.evaluate(row, { now });
  expect([verdict.status_category, verdict.problem_type])
    .toEqual(['filed', 'notification_missing']);
  expect(verdict.problem_details?.finished_at).toBe('2026-01-05T11:00:00.000Z');
  expect(rules.evaluate('{"status":"canceled"}', { now }).problem_type).toBe('job_canceled');
});

test('undecided says what is missing and when to look again', () => {
  expect(rules.evaluate({ status: 'failed' }, { now })).toEqual({
    status_category: null, problem_type: null, problem_details: null, resolution_needed: null,
    rule: 'job_failed', missing_facts: ['retry_count', 'max_retries'], next_evaluation_at: null,
  });
  const waiting = rules.evaluate({ status: 'running', updated_at: now }, { now });
  expect(waiting.next_evaluation_at).toBe('2026-01-05T13:00:00.000001Z');
  // Without `now` it is the present.
  expect(rules.evaluate({ status: 'running', updated_at: now }).problem_type)
    .toBe('stuck_processing');
});

test('explanation', () => {
  const record = { status: 'completed', workflow_output: 'u', notification: { success: false } };
  const verdict = rules.evaluate(record, { now, explain: true });
  expect(verdict.would_complete).toEqual([
    { fact: 'notification.success', from: false, to: true }]);
  expect(verdict.decided_by?.at(-1)).toEqual({
    fact: 'notification.success', operator: 'equal', fact_value: false, value: false,
    result: 'true',
  });
  expect(verdict.trace?.at(-1)?.conditions).toEqual(verdict.decided_by);
});

test('many are as each alone', () => {
  const records = ['failed', 'canceled', 'running'].flatMap((status) =>
    [0, 1, 2, 3].map((n) => ({ status, retry_count: n, max_retries: 3, note: 'a\nb' })));
  const alone = records.map((record) => rules.evaluate(record, { now }));
  expect(rules.evaluateMany(records, { now })).toEqual(alone);
  const texts = records.map((record) => JSON.stringify(record, undefined, 1));
  expect(rules.evaluateMany(texts, { now })).toEqual(alone);
  expect(rules.evaluateMany(['{]', '', records[0]!], { now }).map((one) => one.problem_type))
    .toEqual(['evaluation_error', 'evaluation_error', 'job_failed']);
  expect(rules.evaluateMany([])).toEqual([]);
  // More than cross together, one of them a text, one without any.
  const many: (object | string)[] = Array.from({ length: 300 }, (_, at) => records[at % 12]!);
  expect(rules.evaluateMany(new Set([...many, ...records]), { now })).toEqual(alone);
  many[200] = '{]';
  many[299] = { toJSON: () => undefined };
  const found = rules.evaluateMany(many, { now });
  expect(found.map((one, at) => (one.problem_type === 'evaluation_error' ? at : one)))
    .toEqual(many.map((_, at) => (at === 200 || at === 299 ? at : alone[at % 12])));
  expect(rules.evaluateMany([{ status: 'failed', retry_count: 3n, max_retries: 3 }], { now })[0])
    .toMatchObject({ problem_type: 'retries_exhausted' });
  expect(() => rules.evaluateMany([{}, 7 as unknown as object])).toThrow(TypeError);
});

test('own rules and parameters', () => {
  const own = Ruleset.fromJson(JSON.stringify([
    { name: 'slow', conditions: { fact: 'processing_time', operator: 'greaterThan', value: 10 },
      event: { type: 'v', params: { status_category: 'late' } } },
    { conditions: { all: [] }, event: { type: 'v', params: { status_category: 'fine' } } },
  ]));
  expect(own.evaluate({ processing_time: 11 }).status_category).toBe('late');
  expect(own.evaluate({}).missing_facts).toEqual(['processing_time']);
  const patient = Ruleset.standard({ parameters: { stuck_after: 'P1D' } });
  expect(patient.digest).not.toBe(rules.digest);
  expect(Ruleset.fromJson(standardRules()).digest).toBe(rules.digest);
});

test('errors say where', () => {
  const invalid = problemOf(() => Ruleset.fromJson('[{}]'));
  expect([invalid.code, invalid.offset]).toEqual(['RULESET_INVALID', 1]);
  const unknown = problemOf(() =>
    Ruleset.fromJson('[{"name":"\u00e9","conditions":{"fact":"x"},"event":{}}]'));
  expect([unknown.code, unknown.offset]).toEqual(['UNKNOWN_FACT', 34]);
  expect(problemOf(() => Ruleset.standard({ parameters: { x: 1 } })).code)
    .toBe('INVALID_ARGUMENT');
  expect(problemOf(() => rules.evaluate('{"\u00e9":]')).offset).toBe(5);
  expect(problemOf(() => rules.evaluate(7 as never))).toBeInstanceOf(TypeError);
  expect(problemOf(() => rules.evaluate({}, { now: new Date(NaN) }))).toBeInstanceOf(TypeError);
});
