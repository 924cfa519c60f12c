// Truncating from JavaScript: the vectors, objects, cycles, promises, the old names, errors.
import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { smartTruncateObject, smartTruncatePayload } from '../dist/esm/compat.js';
import {
  JobqueueError, truncatePayload, truncatePayloadAsync, truncatePayloadReport,
} from '../dist/esm/index.js';
import { problemOf } from './problem.js';

const folder = new URL('../../../tests/vectors/', import.meta.url).pathname;
const lines = execFileSync('/usr/bin/python3',
  [`${folder}expand_vectors.py`, `${folder}truncate.json`],
  { maxBuffer: 1 << 30, encoding: 'utf8' });
const cases: any[] = lines.trimEnd().split('\n').map((line) => JSON.parse(line));
const camel = (name: string) => name.replace(/_(\w)/g, (_, letter) => letter.toUpperCase());
const camels = (given: object): any =>
  Object.fromEntries(Object.entries(given).map(([name, value]) => [camel(name), value]));

const id = 'b789bd80-400a-41ed-96f5-72dc8c225dcf';
const job = { id, log: 'x'.repeat(500), status: 'failed' };
const lean = { ...job, log: `${'x'.repeat(31)}[TRUNCATED 459 bytes]${'x'.repeat(10)}` };
const size = (value: unknown) => Buffer.byteLength(JSON.stringify(value));

test.each(cases.map((one) => [one.name, one]))('vector %s', async (_, one) => {
  const data = Buffer.from(one.input.base64, 'base64');
  const how = camels(one.options);
  const text = data.toString();
  const inputs = Buffer.from(text).equals(data) ? [data, text] : [data];
  for (const input of inputs) {
    if ('error' in one.expect) {
      const problem = problemOf(() => truncatePayload(input, how));
      expect(problem).toBeInstanceOf(JobqueueError);
      expect(problem.code).toBe(one.expect.error.code);
      expect(problem.offset).toBe(one.expect.error.offset);
      await expect(truncatePayloadAsync(input, how)).rejects.toThrow(problem.message);
      continue;
    }
    const wanted = 'unchanged' in one.expect ? data :
      Buffer.from(one.expect.output.base64, 'base64');
    const answer = truncatePayload(input, how);
    expect(Buffer.from(answer as string)).toEqual(wanted);
    expect(await truncatePayloadAsync(input, how)).toEqual(answer);
    if ('unchanged' in one.expect) expect(answer).toBe(input);
    const report = truncatePayloadReport(input, how);
    expect(report.value).toEqual(answer);
    if (one.cuts !== undefined) expect(report.cuts).toEqual(one.cuts.map(camels));
    expect(truncatePayload(answer, how)).toBe(answer);
  }
});

test('there were enough of them', () => expect(cases.length).toBeGreaterThanOrEqual(50));

test('an object and its document become the same', async () => {
  expect(truncatePayload(job, { maxBytes: 134 })).toEqual(lean);
  expect(truncatePayload(JSON.stringify(job), { maxBytes: 134 })).toBe(JSON.stringify(lean));
  expect(await truncatePayloadAsync(job, { maxBytes: 134 })).toEqual(lean);
  expect(truncatePayload([job, job], { maxBytes: 300 })).toHaveLength(2);
  expect(job.log).toHaveLength(500);
});

test('what fits is itself', async () => {
  const dated = { at: new Date(0), none: undefined };
  for (const value of [job, dated, [1], {}, 'text', '', Buffer.from('x'), new Uint16Array(3)]) {
    expect(truncatePayload(value, { maxBytes: 8000 })).toBe(value);
    expect(await truncatePayloadAsync(value, { maxBytes: 8000 })).toBe(value);
    expect(truncatePayloadReport(value, { maxBytes: 8000 }))
      .toEqual({ value, changed: false, cuts: [] });
  }
});

test('a cycle is marked, and a shared reference is none', async () => {
  const shared = { a: 1 };
  expect(truncatePayload({ x: shared, y: [shared] }, { maxBytes: 64 }))
    .toEqual({ x: { a: 1 }, y: [{ a: 1 }] });
  const around: Record<string, unknown> = { id, shared: [shared, shared], big: 2n ** 70n };
  around.self = around;
  around.list = [around, [shared]];
  const wanted = {
    id, shared: [{ a: 1 }, { a: 1 }], big: '1180591620717411303424', self: '[Circular]',
    list: ['[Circular]', [{ a: 1 }]],
  };
  expect(truncatePayload(around, { maxBytes: 8000 })).toEqual(wanted);
  expect(await truncatePayloadAsync(around, { maxBytes: 8000 })).toEqual(wanted);
  const cut = truncatePayload({ ...around, log: 'x'.repeat(9000) }, { maxBytes: 400 });
  expect(size(cut)).toBeLessThanOrEqual(400);
});

test('what is refused', async () => {
  const code = (options: any, value: any = job) =>
    problemOf(() => truncatePayload(value, options)).code;
  expect(code({ maxBytes: 63 })).toBe('BUDGET_TOO_SMALL');
  expect(code({ maxBytes: 64, pinned: ['/log'] })).toBe('BUDGET_TOO_SMALL');
  expect(code({ maxBytes: -1 })).toBe('INVALID_ARGUMENT');
  expect(code({ maxBytes: 64, marker: '' })).toBe('INVALID_ARGUMENT');
  expect(code({ maxBytes: 64, arrayHead: 1001 })).toBe('INVALID_ARGUMENT');
  expect(code({ maxBytes: 64, pinned: ['log'] })).toBe('INVALID_ARGUMENT');
  expect(code({ maxBytes: 64, format: 'json' })).toBe('INVALID_ARGUMENT');
  expect(code({ maxBytes: 64, format: 'ndjson' }, '[]')).toBe('INVALID_ARGUMENT');
  const bad = problemOf(() => truncatePayload('{"\u20ac":1,}', { maxBytes: 64, format: 'json' }));
  expect([bad.code, bad.offset]).toEqual(['INVALID_JSON', 7]);
  let deep: unknown = [];
  for (let i = 0; i < 100000; ++i) deep = [deep];
  expect(code({ maxBytes: 64 }, deep)).toBe('DEPTH_EXCEEDED');
  const detached = new Uint8Array(8);
  structuredClone(detached.buffer, { transfer: [detached.buffer] });
  for (const [value, options] of [
    [job, undefined], [job, {}], [job, { maxBytes: 64.5 }], [job, { maxBytes: '64' }],
    [job, { maxBytes: 64, pinned: '/a' }], [job, { maxBytes: 64, nonsense: 1 }],
    [job, { maxBytes: 64, marker: 5 }], [job, { maxBytes: 64, format: 5 }],
    [5, { maxBytes: 64 }], [null, { maxBytes: 64 }],
    [{ toJSON: () => undefined }, { maxBytes: 64 }],
  ] as [any, any][]) {
    expect(() => truncatePayload(value, options)).toThrow(TypeError);
    await expect(truncatePayloadAsync(value, options)).rejects.toThrow(TypeError);
  }
});

test('texts with half surrogates stay texts', () => {
  for (const text of ['\ud800'.repeat(100), '\u{1F600}'.repeat(60), `\u00e9\udfff`.repeat(60)]) {
    const answer = truncatePayload(text, { maxBytes: 80 });
    expect(answer).toMatch(/^.+\[TRUNCATED \d+ bytes\].+$/su);
    expect(answer).not.toContain('\ufffd');
  }
});

test('the old names give sane results', () => {
  const old = { id, url: 'https://cdn.example.com/a/b.png', result: 'word '.repeat(60000) };
  const cut = smartTruncateObject(old, 500);
  expect(size(cut)).toBeLessThanOrEqual(500);
  expect([cut.id, cut.url]).toEqual([id, old.url]);
  expect(typeof cut.result).toBe('string');
  expect(size(smartTruncateObject(old))).toBeLessThanOrEqual(8000);
  expect(size(smartTruncateObject(old, undefined, { maxTotalSize: 300 }))).toBeLessThanOrEqual(300);
  const circular: Record<string, unknown> = { id };
  circular.self = circular;
  expect(smartTruncateObject(circular)).toEqual({ id, self: '[Circular]' });
  for (const value of [null, undefined, 5, true]) expect(smartTruncateObject(value)).toBe(value);

  const payload = JSON.stringify(old);
  const short = smartTruncatePayload(payload, 500, { preserveStructure: true, maxValueSize: 200 });
  expect(Buffer.byteLength(short)).toBeLessThanOrEqual(500);
  expect(JSON.parse(short).id).toBe(id);
  expect(smartTruncatePayload(payload, 10).length).toBeLessThanOrEqual(64);
  expect(smartTruncatePayload('{"a":1}')).toBe('{"a":1}');
  expect(smartTruncatePayload('x'.repeat(99), 64, { truncateMarker: '...[CUT]' }))
    .toMatch(/^x+\[CUT \d+ bytes\]x+$/);
});

test('while it works the event loop turns', async () => {
  const text = JSON.stringify(Array.from({ length: 20000 }, (_, n) => ({ ...job, n })));
  let turns = 0;
  const timer = setInterval(() => { turns += 1; }, 1);
  const answer = await truncatePayloadAsync(text, { maxBytes: 8000 });
  clearInterval(timer);
  expect(answer).toBe(truncatePayload(text, { maxBytes: 8000 }));
  expect(turns).toBeGreaterThan(0);
});
