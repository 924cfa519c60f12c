// Failures from JavaScript: vectors, kinds of messages, wrong arguments.
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { classifyFailure, sanitizeBase64 } from '../dist/esm/index.js';

const file = new URL('../../../tests/vectors/failure.json', import.meta.url);
const vectors = (JSON.parse(readFileSync(file, 'utf8')) as { cases: any[] }).cases;

test.each(vectors.map((one) => [one.name, one]))('vector %s', (_, one) => {
  const context = { httpStatus: one.http_status, timeout: one.timeout };
  expect(classifyFailure(one.message, context)).toEqual(one.expect);
  expect(classifyFailure(Buffer.from(one.message), context)).toEqual(one.expect);
});

test('there were enough of them', () => {
  expect(vectors.length).toBeGreaterThan(80);
});

test('an error as it is thrown', () => {
  let thrown: unknown;
  try {
    sanitizeBase64('{]', { format: 'json' });
  } catch (problem) {
    thrown = problem;
  }
  expect(classifyFailure((thrown as Error).message).type).toBe('response_error');
  const packed = JSON.stringify({ error_message: 'socket hang up', memory_usage: { rss: 1 } });
  expect(classifyFailure(packed).reason).toBe('connection_failed');
});

test('what is known besides', () => {
  expect(classifyFailure('no', { httpStatus: 429 }).type).toBe('rate_limit');
  expect(classifyFailure('no', { timeout: true }).reason).toBe('job_timeout');
  for (const httpStatus of [0, 200, -1, NaN, Infinity, 2 ** 40, undefined]) {
    expect(classifyFailure('no', { httpStatus }).confidence).toBe('none');
  }
});

test('any text', () => {
  const part = new DataView(Buffer.from('xx dns xx').buffer, 0, 0);
  for (const message of ['', '\0', '\ud800', '\u00e9'.repeat(100_000), part]) {
    expect(classifyFailure(message).reason).toBe('unknown_error');
  }
});

test('wrong arguments', () => {
  for (const message of [undefined, null, 7, {}, new Error('dns')]) {
    expect(() => classifyFailure(message as unknown as string)).toThrow(/message must be/);
  }
  const context = { httpStatus: '429' } as unknown as { httpStatus: number };
  expect(() => classifyFailure('x', context)).toThrow(/httpStatus must be a number/);
});
