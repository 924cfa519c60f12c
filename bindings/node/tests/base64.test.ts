// What the package does on every kind of argument, with vaults, streams and workers.
import { execFileSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, readdirSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Worker } from 'node:worker_threads';
import { expect, test } from 'vitest';
import { sanitizeBase64Data } from '../dist/esm/compat.js';
import {
  Base64Sanitizer, Base64SanitizerStream, JobqueueError, Vault, buildInfo, restoreBase64,
  sanitizeBase64, sanitizeBase64Report,
} from '../dist/esm/index.js';

const root = new URL('..', import.meta.url).pathname;
const place = '[BASE64_IMAGE_REMOVED]';
const png = Buffer.concat([
  Buffer.from('89504e470d0a1a0a0000000d49484452000001000000010008020000', 'hex'),
  randomBytes(3000),
]);
const image = png.toString('base64');
const scratch = () => mkdtempSync(path.join(os.tmpdir(), 'jobqueue-node-'));

function code(call: () => unknown): string | undefined {
  try {
    call();
  } catch (problem) {
    return problem instanceof JobqueueError ? problem.code : (problem as Error).name;
  }
  return undefined;
}

test('what has no blob is the same object', () => {
  for (const x of ['', 'text', Buffer.from('x'), new Uint8Array(0), {}, [], { a: [1, 'b'] }]) {
    expect(sanitizeBase64(x)).toBe(x);
  }
});

test('an object keeps what JSON does not have, and is never changed', () => {
  const untouched = { deep: [1] };
  const job = Object.freeze({
    big: 2n ** 70n, at: new Date(0), map: new Map([['image', image]]), none: undefined,
    bytes: Buffer.from(image), list: [, untouched, image], image, untouched, [Symbol.for('s')]: 1,
  });
  const lean = sanitizeBase64(job);
  expect(lean).toEqual({ ...job, list: [, untouched, place], image: place });
  expect(Object.keys(lean)).toEqual(Object.keys(job));
  expect(lean.untouched).toBe(untouched);
  expect(lean.map).toBe(job.map);
  expect(0 in lean.list).toBe(false);
  expect(job.image).toBe(image);
});

test('a member called __proto__ stays one', () => {
  const job = `{"__proto__":"${image}","a":{"__proto__":["${image}"]}}`;
  const lean = sanitizeBase64(JSON.parse(job));
  expect(JSON.stringify(lean)).toBe(`{"__proto__":"${place}","a":{"__proto__":["${place}"]}}`);
  expect(Object.getPrototypeOf(lean)).toBe(Object.prototype);
});

test('bytes of any view; a detached one is an error', () => {
  const text = Buffer.from(`{"v":1.0,"i":"${image}"}`);
  const wanted = Buffer.from(`{"v":1.0,"i":"${place}"}`);
  const shared = new Uint8Array(new SharedArrayBuffer(text.length));
  shared.set(text);
  const data = new DataView(new Uint8Array(text).buffer);
  for (const view of [text, new Uint8Array(text), data, shared]) {
    expect(sanitizeBase64(view)).toEqual(wanted);
  }
  const gone = new Uint8Array(new Uint8Array(text).buffer, 1);
  structuredClone(gone.buffer, { transfer: [gone.buffer as ArrayBuffer] });
  expect(code(() => sanitizeBase64(gone))).toBe('INVALID_ARGUMENT');
});

test('surrogates stay, and offsets count UTF-16 units', () => {
  const text = `\ud800 \u{1f600}\u00e9 ${image} \udfff`;
  expect(sanitizeBase64(text)).toBe(text.replace(image, place));
  expect(sanitizeBase64([text])).toEqual([text.replace(image, place)]);
  const { cuts } = sanitizeBase64Report({ 'a/b~': [JSON.stringify({ x: [text] })] });
  expect(cuts.map((cut) => cut.pointer)).toEqual(['/a~1b~0/0/~s/x/0']);
  const [cut] = sanitizeBase64Report(text).cuts;
  expect(text.slice(cut!.offset, cut!.offset + cut!.size)).toBe(image);
});

test('wrong arguments are named', () => {
  expect(code(() => sanitizeBase64(5 as never))).toBe('TypeError');
  expect(code(() => sanitizeBase64('x', { nonsense: 1 } as never))).toBe('TypeError');
  expect(code(() => sanitizeBase64('x', { minRunChars: '5' } as never))).toBe('TypeError');
  expect(code(() => sanitizeBase64('x', { minRunChars: 31 }))).toBe('INVALID_ARGUMENT');
  expect(code(() => sanitizeBase64({}, { maxDepth: 17 }))).toBe('INVALID_ARGUMENT');
  expect(code(() => sanitizeBase64('x', { format: 'xml' } as never))).toBe('INVALID_ARGUMENT');
  expect(code(() => sanitizeBase64({}, { format: 'json' }))).toBe('INVALID_ARGUMENT');
  expect(code(() => sanitizeBase64('x', { vault: {} } as never))).toBe('TypeError');
  expect(code(() => restoreBase64('x', {} as never))).toBe('TypeError');
  expect(code(() => new Vault('/nowhere/at/all', { create: false }))).toBe('STORE_ERROR');
});

test('cycles and depth', () => {
  const loop: unknown[] = [];
  loop.push({ loop });
  expect(() => sanitizeBase64(loop)).toThrow('cycle');
  let deep: unknown[] = [];
  for (let i = 1; i < 10000; i += 1) deep = [deep];
  expect(sanitizeBase64(deep)).toBe(deep);
  expect(code(() => sanitizeBase64([deep]))).toBe('DEPTH_EXCEEDED');
});

test('a vault gives every kind back', () => {
  const vault = new Vault(scratch());
  const text = `{"v":1.0,"i":"${image}"}`;
  for (const whole of [text, Buffer.from(text), { a: [image, `x ${image}`] }]) {
    const lean = sanitizeBase64(whole, { vault });
    expect(JSON.stringify(lean).length).toBeLessThan(900);
    expect(restoreBase64(lean, { vault })).toEqual(whole);
  }
  expect(vault.get(createHash('sha256').update(png).digest(), png.length)).toEqual(png);
  const lean = sanitizeBase64([image, image], { vault });
  expect(code(() => restoreBase64(lean, { vault, maxOutputBytes: image.length + 9 })))
    .toBe('INPUT_TOO_LARGE');
  expect(code(() => restoreBase64(lean, { vault: new Vault(scratch()) }))).toBe('BLOB_MISSING');
});

test('what a vault throws comes through as it is', () => {
  const problem = new RangeError('full');
  const vault = { put: () => { throw problem; }, get: () => undefined };
  for (const x of [image, Buffer.from(image), [image]]) {
    let caught: unknown;
    try { sanitizeBase64(x, { vault }); } catch (one) { caught = one; }
    expect(caught).toBe(problem);
  }
});

test('a stream gives the same bytes wherever it is divided', async () => {
  const whole = Buffer.from(`{"a":"${image}"}\n`.repeat(40));
  const wanted = sanitizeBase64(whole);
  for (const size of [1, 13, 1000, 65536]) {
    const pieces = Array.from({ length: Math.ceil(whole.length / size) }, (_, i) =>
      whole.subarray(i * size, (i + 1) * size));
    const out: Buffer[] = [];
    const cuts: number[] = [];
    await pipeline(Readable.from(pieces),
      new Base64SanitizerStream({ onCut: (cut) => cuts.push(cut.offset) }),
      async (source) => { for await (const piece of source) out.push(piece as Buffer); });
    expect(Buffer.concat(out)).toEqual(wanted);
    expect(cuts.length).toBe(40);
  }
  expect(code(() => new Base64Sanitizer({ format: 'json' }))).toBe('INVALID_ARGUMENT');
});

test('10,000 random values: parse(sanitize(dump(x))) equals sanitize(x)', () => {
  let state = 20261124;
  const below = (n: number) => {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    return Math.floor((state / 2 ** 32) * n);
  };
  const pick = <T>(list: T[]): T => list[below(list.length)] as T;
  const plain = Buffer.from('some plain text that is no picture at all, but long enough to be a ' +
    'blob where something beside it says so').toString('base64');
  const strings = [image.slice(0, 200), `x ${image.slice(0, 160)}, y`, plain, 'base64', 'image/png',
    'text/plain', `data:image/png;base64,${image.slice(0, 120)}`, 'f0'.repeat(80), '\u00e9 "\\',
    JSON.stringify({ inner: image.slice(0, 400) })];
  const names = ['data', 'type', 'mimeType', 'media_type', 'b64_json', 'content', 'encoding', 'a/b',
    'signature', 'token', 'body', 'inlineData'];
  const value = (depth: number): unknown => {
    const kind = below(depth > 3 ? 3 : 5);
    if (kind < 2) return pick(strings);
    if (kind === 2) return pick<unknown>([null, true, 1.5, below(1e9)]);
    if (kind === 3) return Array.from({ length: below(4) }, () => value(depth + 1));
    const members = Array.from({ length: below(5) }, () => [pick(names), value(depth + 1)]);
    return Object.fromEntries(members);
  };
  let changed = 0;
  for (let i = 0; i < 10000; i += 1) {
    const x = [value(0)];
    const text = JSON.stringify(x);
    const lean = sanitizeBase64(x);
    if (lean !== x) changed += 1;
    expect(sanitizeBase64(lean)).toBe(lean);
    // A wider document may have more neighbours in memory than the window over its text shows.
    if (text.length <= 4096) expect(lean).toEqual(JSON.parse(sanitizeBase64(text)));
  }
  expect(changed).toBeGreaterThan(2000);
});

test('many workers at once', async () => {
  const program = `
    const { parentPort } = require('node:worker_threads');
    const { sanitizeBase64 } = require(${JSON.stringify(`${root}dist/cjs/index.js`)});
    let lean;
    for (let i = 0; i < 500; i += 1) lean = sanitizeBase64({ image: ${JSON.stringify(image)} });
    try { sanitizeBase64('{]', { format: 'json' }); } catch (problem) {
      parentPort.postMessage([lean.image, problem.code]);
    }`;
  const answer = () => new Promise((resolve, reject) => {
    const worker = new Worker(program, { eval: true });
    worker.once('message', resolve).once('error', reject);
  });
  const answers = await Promise.all(Array.from({ length: 8 }, answer));
  expect(answers).toEqual(Array(8).fill([place, 'INVALID_JSON']));
});

test('a million calls leak nothing', async () => {
  const job = { image, list: [1, 'x'.repeat(150), { y: image }], '\u00e9': '\u00e9'.repeat(200) };
  const rounds = async (count: number) => {
    for (let i = 0; i < count; i += 1) {
      sanitizeBase64(job);
      code(() => sanitizeBase64('{]', { format: 'json' }));
      // What JavaScript has dropped is released in between.
      if (i % 100 === 0) await new Promise(setImmediate);
    }
  };
  await rounds(50000);
  const before = process.memoryUsage().rss;
  await rounds(450000);
  expect(process.memoryUsage().rss - before).toBeLessThan(32 << 20);
}, 240_000);

test('the old name', () => {
  expect(sanitizeBase64Data(5)).toBe(5);
  expect(sanitizeBase64Data(image)).toBe(image);
  const lean = sanitizeBase64Data({ image_base64: image, n: 2n });
  expect(lean).toEqual({ image_base64: place, n: 2n });
});

test('the addon carries what it needs', () => {
  const folder = `${root}prebuilds/linux-x64`;
  const dynamic = execFileSync('readelf', ['-d', `${folder}/jobqueue.node`], { encoding: 'utf8' });
  expect(dynamic).toContain('$ORIGIN');
  expect(dynamic).not.toContain('libcrypto');
  const symbols = execFileSync('nm', ['-D', '--defined-only', `${folder}/jobqueue.node`],
    { encoding: 'utf8' });
  expect(symbols.match(/ T .*/g)?.length).toBeLessThanOrEqual(2);
  console.log(`OpenSSL inside: ${buildInfo().openssl}; of Node: ${process.versions.openssl}`);
  expect(buildInfo().openssl).toMatch(/^OpenSSL 3\./);
});

test('the tarball works in an empty folder without a compiler', () => {
  const folder = scratch();
  const npm = (...words: string[]) =>
    execFileSync('npm', words, { cwd: root, stdio: ['ignore', 'pipe', 'ignore'] });
  npm('pack', '--pack-destination', folder);
  const [tarball] = readdirSync(folder).filter((name) => name.endsWith('.tgz'));
  writeFileSync(path.join(folder, 'package.json'), '{}');
  npm('install', '--prefix', folder, '--offline', '--ignore-scripts', path.join(folder, tarball!));
  const call = 'console.log(sanitizeBase64({ a: "data:image/gif;base64,R0lGODlhAQABAAAAACw=" }).a)';
  writeFileSync(path.join(folder, 'a.mjs'),
    `import { sanitizeBase64 } from '@jobqueue/jobqueue';\n${call}\n`);
  writeFileSync(path.join(folder, 'a.cjs'),
    `const { sanitizeBase64 } = require('@jobqueue/jobqueue');\n${call}\n`);
  for (const file of ['a.mjs', 'a.cjs']) {
    expect(execFileSync(process.execPath, [file], { cwd: folder, encoding: 'utf8', env: {} }))
      .toBe(`${place}\n`);
  }
  writeFileSync(path.join(folder, 'user.mts'), `
import { sanitizeBase64, Vault, type Report, sanitizeBase64Report } from '@jobqueue/jobqueue';
import { sanitizeBase64Data } from '@jobqueue/jobqueue/compat';
const text: string = sanitizeBase64('x' as string, { vault: new Vault('blobs') });
const job: { a: number } = sanitizeBase64({ a: 1 });
const report: Report<{ a: number }> = sanitizeBase64Report({ a: 1 });
const old: { b: string } = sanitizeBase64Data({ b: text });
console.log(text, job, report, old);
`);
  execFileSync(process.execPath, [`${root}node_modules/typescript/bin/tsc`, '--strict', '--noEmit',
    '--module', 'nodenext', '--target', 'es2022', '--types', 'node', '--typeRoots',
    `${root}node_modules/@types`, 'user.mts'], { cwd: folder, stdio: 'inherit' });
}, 60000);
