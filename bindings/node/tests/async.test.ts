// The functions that work on a thread of the pool: answers, vaults, errors, and the end in between.
import { execFileSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { Worker } from 'node:worker_threads';
import { expect, test } from 'vitest';
import {
  JobqueueError, Vault, restoreBase64, restoreBase64Async, sanitizeBase64, sanitizeBase64Async,
} from '../dist/esm/index.js';

const module = new URL('../dist/esm/index.js', import.meta.url).href;
const scratch = () => mkdtempSync(path.join(os.tmpdir(), 'jobqueue-node-'));
const blob = (size: number) => Buffer.concat([
  Buffer.from('89504e470d0a1a0a0000000d49484452000001000000010008020000', 'hex'),
  randomBytes(size),
]);

// More than what crosses in one go, with characters of one, two and four bytes at every boundary.
const large = {
  'gr\u00f6\u00dfe \u{1f5bc}': '\u{1f5bc}\u00e9'.repeat(200_000),
  images: [blob(700_000), blob(3000), blob(300_001)].map((one) => one.toString('base64')),
  lone: '\ud800',
  more: Array.from({ length: 5000 }, (_, n) => ({ n, list: [n, [{}]] })),
};

async function problemOf(promise: Promise<unknown>): Promise<JobqueueError> {
  return promise.then(() => { throw new Error('this should have failed'); }, (problem) => problem);
}

/** toEqual takes seconds over megabytes. */
function expectSame(given: unknown, wanted: unknown): void {
  expect(isDeepStrictEqual(given, wanted)).toBe(true);
}

function slowVault() {
  const blobs = new Map<string, Uint8Array>();
  const key = (digest: Uint8Array) => Buffer.from(digest).toString('hex');
  const later = () => new Promise((done) => { setTimeout(done, 1); });
  const calls: string[] = [];
  return {
    blobs, calls,
    async put(digest: Uint8Array, bytes: Uint8Array) {
      await later();
      calls.push('put');
      blobs.set(key(digest), bytes);
    },
    async get(digest: Uint8Array) {
      await later();
      return blobs.get(key(digest));
    },
    async sync() {
      await later();
      calls.push('sync');
    },
  };
}

test('the answers are those of the synchronous functions', async () => {
  const text = JSON.stringify(large);
  expectSame(await sanitizeBase64Async(large), sanitizeBase64(large));
  expect(await sanitizeBase64Async(text)).toBe(sanitizeBase64(text));
  const wide = `${text}\ud800`; // a lone surrogate, which no bytes have
  expect(await sanitizeBase64Async(wide)).toBe(sanitizeBase64(wide));
  expectSame(await sanitizeBase64Async(Buffer.from(text)), sanitizeBase64(Buffer.from(text)));
  const clean = { some: 'text', of: [large.more] };
  for (const x of ['', 'text', clean, JSON.stringify(clean), Buffer.from('x'), []]) {
    expect(await sanitizeBase64Async(x)).toBe(x);
  }
});

test('an output that is large is given whole', async () => {
  const wide = '\u{1f5bc}\u00e9'.repeat(300_000);
  const text = JSON.stringify([large.images[1], wide, 'x'.repeat(900_000)]);
  expect(await sanitizeBase64Async(text)).toBe(sanitizeBase64(text));
  expectSame(await sanitizeBase64Async(Buffer.from(text)), sanitizeBase64(Buffer.from(text)));
});

test('a directory and a vault of promises give everything back', async () => {
  const text = JSON.stringify(large);
  for (const vault of [new Vault(scratch()), slowVault()]) {
    for (const x of [large, text, Buffer.from(text)]) {
      const lean = await sanitizeBase64Async(x, { vault });
      expect(lean).not.toEqual(x);
      expectSame(await restoreBase64Async(lean, { vault }), x);
    }
  }
  const vault = slowVault();
  await sanitizeBase64Async(text, { vault });
  expect(vault.calls).toEqual(['put', 'put', 'put', 'sync']);
  for (const [digest, bytes] of vault.blobs) {
    expect(createHash('sha256').update(bytes).digest('hex')).toBe(digest);
  }
});

test('the blobs of one face are those of the other', async () => {
  const vault = new Vault(scratch());
  const lean = await sanitizeBase64Async(large, { vault });
  expectSame(lean, sanitizeBase64(large, { vault }));
  expectSame(restoreBase64(lean, { vault }), large);
});

test('errors: place, code, what a vault threw, what is missing, what is too large', async () => {
  const bad = `["\u00e9\u{1f5bc}", ${'1,'.repeat(300_000)}]`;
  const problem = await problemOf(sanitizeBase64Async(bad, { format: 'json' }));
  expect(problem).toBeInstanceOf(JobqueueError);
  expect([problem.code, problem.offset]).toEqual(['INVALID_JSON', bad.length - 1]);

  const broken = { put: async () => { throw new RangeError('full'); }, get: () => undefined };
  expect(await problemOf(sanitizeBase64Async(large, { vault: broken }))).toBeInstanceOf(RangeError);
  const vault = slowVault();
  const lean = await sanitizeBase64Async(large, { vault });
  const empty = { put: () => {}, get: async () => null };
  expect((await problemOf(restoreBase64Async(lean, { vault: empty }))).code).toBe('BLOB_MISSING');
  expect(await restoreBase64Async(lean, { vault: empty, keepMissing: true })).toBe(lean);
  const wrong = { put: () => {}, get: () => Buffer.from('something else') };
  expect((await problemOf(restoreBase64Async(lean, { vault: wrong }))).code).toBe('BLOB_CORRUPT');
  const few = { vault, maxOutputBytes: 500_000 };
  expect((await problemOf(restoreBase64Async(lean, few))).code).toBe('INPUT_TOO_LARGE');
  for (const x of [null, 1, undefined, Symbol('s')]) {
    expect((await problemOf(sanitizeBase64Async(x as never))).name).toBe('TypeError');
  }
});

test('many calls leak nothing', async () => {
  const text = JSON.stringify({ image: blob(20_000).toString('base64'), list: [1, '\u00e9'] });
  const values = [text, Buffer.from(text), JSON.parse(text) as object];
  const rounds = async (count: number): Promise<void> => {
    for (let i = 0; i < count; i += 1) {
      const leans = await Promise.all(values.map((x) => sanitizeBase64Async(x)));
      expect(leans.every((lean, at) => lean !== values[at])).toBe(true);
      await problemOf(sanitizeBase64Async('{]', { format: 'json' }));
    }
  };
  await rounds(3000);
  const before = process.memoryUsage().rss;
  await rounds(9000);
  expect(process.memoryUsage().rss - before).toBeLessThan(32 << 20);
}, 240_000);

test('a vault of promises is refused where nobody waits for them', () => {
  const vault = { put: async () => {}, get: async () => undefined };
  expect(() => sanitizeBase64(large, { vault } as never)).toThrow(/ends in Async/);
});

test('a buffer that is transferred away in between is an error', async () => {
  const text = Buffer.from(JSON.stringify([large, large, large]));
  const bytes = new Uint8Array(new Uint8Array(text).buffer);
  const promise = sanitizeBase64Async(bytes);
  structuredClone(bytes.buffer, { transfer: [bytes.buffer as ArrayBuffer] });
  expect((await problemOf(promise)).code).toBe('INVALID_ARGUMENT');
});

test('the event loop turns while it works', async () => {
  const text = JSON.stringify(Array(10).fill(large));
  let turns = 0;
  let working = true;
  const turn = (): void => {
    turns += 1;
    if (working) setImmediate(turn);
  };
  setImmediate(turn);
  await sanitizeBase64Async(text);
  working = false;
  expect(turns).toBeGreaterThan(text.length / (4 * 1024 * 1024));
});

const busy = `
  import { sanitizeBase64Async } from '${module}';
  const image = '${blob(900).toString('base64')}';
  const text = JSON.stringify(Array(4000).fill({ image }));
  for (let i = 0; i < 16; i += 1) sanitizeBase64Async(text).catch(() => {});
`;

test('a process may end while it works', () => {
  const end = 'setTimeout(() => process.exit(0), Math.random() * 40);';
  for (let i = 0; i < 10; i += 1) {
    execFileSync(process.execPath, ['--input-type=module', '--eval', busy + end],
      { timeout: 20_000 });
  }
}, 60_000);

test('a worker thread may be ended while it works', async () => {
  for (let i = 0; i < 20; i += 1) {
    const source = `data:text/javascript,${encodeURIComponent(busy)}`;
    const worker = new Worker(new URL(source));
    await new Promise((done) => { setTimeout(done, 30 + Math.random() * 60); });
    await worker.terminate();
  }
  expectSame(await sanitizeBase64Async(large), sanitizeBase64(large));
}, 60_000);
