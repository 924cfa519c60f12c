// Retries from JavaScript: vectors, what stays the same object, wrong arguments.
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import {
  JobqueueError, preserveJobData, retryAssetFilename, retryAttempt,
} from '../dist/esm/index.js';

const path = new URL('../../../tests/vectors/retry.json', import.meta.url);
const file = JSON.parse(readFileSync(path, 'utf8')) as { at: string; cases: any[] };
const at = new Date(file.at);

function answerOf(call: () => object): object {
  try {
    return call();
  } catch (problem) {
    const { code, offset } = problem as JobqueueError;
    const error = { error: code.toLowerCase() };
    return offset === undefined ? error : { ...error, offset };
  }
}

function replay(one: any): object {
  const { attempt } = one;
  if (one.do === 'preserve') {
    const made = preserveJobData(Buffer.from(one.original), Buffer.from(one.result),
      { attempt, at });
    expect(preserveJobData(one.original, one.result, { attempt, at })).toBe(made.toString());
    return { output: made.toString() };
  }
  if (one.do === 'attempt') {
    const found = retryAttempt(Buffer.from(one.job));
    expect(retryAttempt(one.job)).toBe(found);
    expect(retryAttempt(JSON.parse(one.job))).toBe(found);
    return { attempt: found };
  }
  return { filename: retryAssetFilename(one.filename, attempt) };
}

test.each(file.cases.map((one) => [one.name, one]))('vector %s', (_, one) => {
  expect(answerOf(() => replay(one))).toEqual(one.expect);
});

test('there were enough of them', () => {
  expect(file.cases.length).toBeGreaterThan(60);
});

test('an object is as its JSON', () => {
  let count = 0;
  for (const one of file.cases) {
    if (one.do !== 'preserve' || !('output' in one.expect)) continue;
    const original = JSON.parse(one.original.replace('\ufeff', ''));
    // Of equal names there is one.
    if (one.name.includes('duplicates') || one.original.includes('"dup"')) continue;
    const before = structuredClone(original);
    const made = preserveJobData(original, JSON.parse(one.result.replace('\ufeff', '')),
      { attempt: one.attempt, at });
    const wanted = JSON.parse(one.expect.output.replace('\ufeff', ''));
    expect(made).toEqual(wanted);
    expect(Object.keys(made)).toEqual(Object.keys(wanted));
    expect(original).toEqual(before);
    count += 1;
  }
  expect(count).toBeGreaterThan(15);
});

test('an object keeps what is in it', () => {
  const when = new Date();
  const picture = { n: 2n ** 70n };
  const original = { when, outputs: picture, gone: undefined, map: new Map() };
  const result = [new Set([1])];
  const made = preserveJobData(original, result, { attempt: 1, at }) as Record<string, any>;
  expect(made.when).toBe(when);
  expect(made.map).toBe(original.map);
  expect(made.outputs).toBe(result);
  expect(made.retry_execution_data).toBe(result);
  expect(made.retry_replaced[1].outputs).toBe(picture);
  expect(Object.keys(original)).toEqual(['when', 'outputs', 'gone', 'map']);
  const again = preserveJobData(made, undefined, { attempt: 1, at }) as Record<string, any>;
  expect(again.outputs).toBe(undefined);
  expect(again.retry_replaced).toBe(made.retry_replaced);
  const second = preserveJobData(made, 2, { attempt: 2, at }) as Record<string, any>;
  expect(second.retry_replaced[1]).toBe(made.retry_replaced[1]);
  expect(second.retry_replaced[2]).toEqual({
    outputs: result, retry_execution_data: result, last_retry_attempt: 1,
    retry_completed_at: '2026-01-05T12:00:00Z',
  });
  expect(() => preserveJobData(second, 1, { attempt: 1, at })).toThrow(/later attempt/);
});

test('errors say where', () => {
  const offsetOf = (call: () => unknown) => {
    try {
      call();
    } catch (problem) {
      return (problem as JobqueueError).offset;
    }
    return -1;
  };
  const options = { attempt: 1, at };
  expect(offsetOf(() => preserveJobData('{"\u00e9":]', '1', options))).toBe(5);
  expect(offsetOf(() => preserveJobData(Buffer.from('{"\u00e9":]'), '1', options))).toBe(6);
  expect(offsetOf(() => preserveJobData('{}', '"\u00e9"]', options))).toBe(3);
  expect(offsetOf(() => preserveJobData('{}', Buffer.from('"\u00e9"]'), options))).toBe(4);
  expect(offsetOf(() => preserveJobData('[]', '1', options))).toBe(undefined);
  expect(offsetOf(() => retryAttempt('{"\u00e9":]'))).toBe(5);
});

test('wrong arguments', () => {
  const call = preserveJobData as (...values: unknown[]) => unknown;
  for (const attempt of [undefined, -1, 1.5, '1', 2 ** 53, NaN]) {
    expect(() => call('{}', '1', { attempt })).toThrow(/attempt must be an integer/);
    expect(() => retryAssetFilename('a', attempt as number)).toThrow(/attempt must be an integer/);
  }
  expect(() => call('{}', '1')).toThrow(TypeError);
  expect(() => call('{}', { r: 1 }, { attempt: 1 })).toThrow(/result must be a string or bytes/);
  expect(() => call('{}', '1', { attempt: 1, at: new Date(NaN) })).toThrow(/valid Date/);
  expect(() => call('{}', '1', { attempt: 1, at: new Date(8.64e15) })).toThrow(/year 1 to 9999/);
  for (const original of [null, undefined, 7, [1]]) {
    expect(() => call(original, 1, { attempt: 1 })).toThrow(TypeError);
    expect(() => retryAttempt(original as unknown as string)).toThrow(TypeError);
  }
  expect(() => retryAssetFilename(7 as unknown as string, 1)).toThrow(TypeError);
});

test('attempts in objects', () => {
  const inner = { workflow_context: { retry_attempt: 3n } };
  expect(retryAttempt({ ctx: inner })).toBe(3);
  expect(retryAttempt({ ctx: JSON.stringify({ workflow_context: { retry_attempt: 3 } }) })).toBe(3);
  for (const value of [null, undefined, '', 'x', -1, 1.5, NaN, true, [], new Date(), Symbol('x')]) {
    expect(retryAttempt({ retry_count: value })).toBe(0);
  }
  const loop: Record<string, unknown> = { retry_count: 4 };
  loop.self = loop;
  expect(retryAttempt(loop)).toBe(4);
});

test('the present if no time is given', () => {
  const made = preserveJobData({}, 1, { attempt: 1 }) as Record<string, any>;
  expect(Math.abs(new Date(made.retry_completed_at).getTime() - Date.now())).toBeLessThan(60_000);
});
