// Replays the vectors: as bytes, as strings, as objects and as streams.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import {
  Base64Sanitizer, type BlobStore, JobqueueError, restoreBase64, sanitizeBase64,
  sanitizeBase64Report,
} from '../dist/esm/index.js';

const folder = new URL('../../../tests/vectors/', import.meta.url).pathname;
const files = ['base64.json', 'base64_restore.json'];
const lines = execFileSync('/usr/bin/python3',
  [`${folder}expand_vectors.py`, ...files.map((file) => folder + file)],
  { maxBuffer: 1 << 30, encoding: 'utf8' });
const cases: any[] = lines.trimEnd().split('\n').map((line) => JSON.parse(line));

const bytes = (value: { base64: string }) => Buffer.from(value.base64, 'base64');
const isUtf8 = (data: Buffer) => Buffer.from(data.toString('utf8')).equals(data);
const camel = (name: string) => name.replace(/_(\w)/g, (_, letter) => letter.toUpperCase());

function memoryVault(objects: Buffer[] = []): BlobStore {
  const blobs = new Map<string, Uint8Array>();
  for (const one of objects) blobs.set(createHash('sha256').update(one).digest('hex'), one);
  return {
    put: (digest, blob) => void blobs.set(Buffer.from(digest).toString('hex'), blob),
    get: (digest) => blobs.get(Buffer.from(digest).toString('hex')),
  };
}

function options(given: Record<string, unknown>): Record<string, unknown> {
  const { naive, ...rest } = given;
  const named = Object.entries(rest).map(([name, value]) => [camel(name), value]);
  return { ...Object.fromEntries(named), ...(naive ? { detection: 'naive' } : {}) };
}

function check<T extends Buffer | string>(
  given: T, call: (value: T) => unknown, outcome: any): void {
  if ('error' in outcome) {
    let caught: unknown;
    try {
      call(given);
    } catch (problem) {
      caught = problem;
    }
    expect(caught).toBeInstanceOf(JobqueueError);
    const offset = outcome.error.offset as number | undefined;
    expect((caught as JobqueueError).code).toBe(outcome.error.code);
    expect((caught as JobqueueError).offset).toBe(offset === undefined || typeof given !== 'string'
      ? offset : Buffer.from(given).subarray(0, offset).toString().length);
  } else if ('output' in outcome) {
    const wanted = bytes(outcome.output);
    const answer = call(given);
    expect(typeof given === 'string' ? Buffer.from(answer as string) : answer).toEqual(wanted);
  } else {
    expect(call(given)).toBe(given);
  }
}

function asObject(data: Buffer): object | undefined {
  try {
    const value: unknown = JSON.parse(data.toString());
    // Equal keys, and numbers that JavaScript does not have, are not in the object.
    const same = JSON.stringify(value) === data.toString().trim();
    return same && typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}

let objects = 0;

function sanitizeCase(one: any): void {
  const data = bytes(one.input);
  const how = options(one.options);
  check(data, (value) => sanitizeBase64(value, how), one.expect);
  if (isUtf8(data)) check(data.toString(), (value) => sanitizeBase64(value, how), one.expect);
  if ('error' in one.expect) return;
  const lean = sanitizeBase64(data, how) as Buffer;

  const report = sanitizeBase64Report(data, how);
  expect(report.changed).toBe('output' in one.expect);
  if (one.cuts !== undefined) {
    expect(report.cuts.length).toBe(one.cuts.length);
    one.cuts.forEach((cut: object, index: number) => {
      const wanted = Object.fromEntries(Object.entries(cut).map(([name, value]) =>
        [name === 'class' ? 'blobClass' : camel(name), value]));
      expect(report.cuts[index]).toMatchObject(wanted);
    });
  }
  if (one.kept !== undefined) expect(report.kept).toEqual(one.kept);

  if (!('format' in how) || how.format === 'auto' || how.format === 'text') {
    const sanitizer = new Base64Sanitizer(how);
    const out: Buffer[] = [];
    for (let at = 0; at < data.length; at += 97) {
      out.push(sanitizer.update(data.subarray(at, at + 97)));
    }
    expect(Buffer.concat([...out, sanitizer.finish()])).toEqual(lean);
  }

  const vault = memoryVault();
  const referring = sanitizeBase64(data, { ...how, vault });
  if (one.with_vault !== undefined) {
    check(data, (value) => sanitizeBase64(value, { ...how, vault: memoryVault() }), one.with_vault);
  }
  expect(restoreBase64(referring, { vault, keepMissing: true })).toEqual(data);

  // A regex over text sees escapes where an object has characters.
  const { format, detection, ...rest } = how;
  const value = format === 'text' || detection === 'naive' ? undefined : asObject(data);
  if (value === undefined || data.length > 4096) return;
  objects += 1;
  const answer = sanitizeBase64(value, rest);
  expect(answer).toEqual(JSON.parse(lean.toString()));
  expect(JSON.stringify(value)).toBe(data.toString().trim());
  if ('unchanged' in one.expect) expect(answer).toBe(value);
}

function restoreCase(one: any): void {
  const data = bytes(one.input);
  const vault = memoryVault(one.objects.map(bytes));
  const how = { vault, ...options(one.options) };
  check(data, (value) => restoreBase64(value, how), one.expect);
  const texts = 'output' in one.expect ? [data, bytes(one.expect.output)] : [data];
  if (texts.every(isUtf8)) check(data.toString(), (value) => restoreBase64(value, how), one.expect);
}

test.each(cases.map((one) => [`${one.kind} ${one.name}`, one]))('%s', (_, one) => {
  if (one.kind === 'sanitize') sanitizeCase(one);
  else restoreCase(one);
});

test('there were enough of them', () => {
  expect(cases.length).toBeGreaterThan(500);
  expect(objects).toBeGreaterThan(100);
});
