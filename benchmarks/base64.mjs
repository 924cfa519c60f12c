// The Node package against what it replaces, over the corpora of bench_base64.
//
//   base64.mjs FOLDER     the folder that `bench_base64 --write_corpora=FOLDER` has filled
//
// Rows are NAME/CORPUS, the best of several rounds, and GB/s (10^9 bytes of the document). The
// peers: `replaced_walk` is the usual helper of such services, which walks a clone of an object and
// puts a regex to its strings; `replaced_document` is the same from bytes to bytes; `replace` is
// the regex over the text; `json_round_trip` is what any walk over a document costs at least.
import fs from 'node:fs';
import path from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import {
  Base64Sanitizer, sanitizeBase64, sanitizeBase64Async,
} from '../bindings/node/dist/esm/index.js';

const run = /[A-Za-z0-9+/]{100,}={0,2}/g;
const place = '[BASE64_DATA_REMOVED]';

/** One value of a clone, in place where it is a container. */
function replacedValue(name, value) {
  if (typeof value === 'object' && value !== null) return replacedContainer(value);
  if (typeof value !== 'string') return value;
  if (name === 'image_base64') return '[BASE64_IMAGE_REMOVED]';
  const text = value.trim();
  const looksLikeJson = (text.startsWith('{') && text.endsWith('}')) ||
    (text.startsWith('[') && text.endsWith(']'));
  if (looksLikeJson && name !== 'raw_output') {
    try {
      return JSON.stringify(replacedContainer(JSON.parse(value)));
    } catch {
      // It only looked like it.
    }
  }
  return value.replace(run, place);
}

function replacedContainer(container) {
  if (Array.isArray(container)) {
    // A string that is an element was never looked at.
    for (const one of container) {
      if (typeof one === 'object' && one !== null) replacedContainer(one);
    }
    return container;
  }
  for (const name of Object.keys(container)) container[name] = replacedValue(name, container[name]);
  return container;
}

/** What the replaced system did with an object: docs/migration.md lists the differences. */
function replacedWalk(value) {
  return replacedContainer(JSON.parse(JSON.stringify(value)));
}

function replacedDocument(bytes) {
  return Buffer.from(JSON.stringify(replacedWalk(JSON.parse(bytes.toString()))));
}

// The peer must be what it stands for.
const long = 'A'.repeat(120);
for (const [given, wanted] of [
  [{ a: [long] }, { a: [long] }],
  [{ a: 'A'.repeat(99) }, { a: 'A'.repeat(99) }],
  [{ a: `${long}===` }, { a: `${place}=` }],
  [{ image_base64: 'x' }, { image_base64: '[BASE64_IMAGE_REMOVED]' }],
  [{ raw_output: `{"image_base64":"x","b":"${long}"}` },
    { raw_output: `{"image_base64":"x","b":"${place}"}` }],
  [{ a: `{ "b" : 1.0, "c": "${long}" }` }, { a: `{"b":1,"c":"${place}"}` }],
  [{ a: `{broken ${long}}` }, { a: `{broken ${place}}` }],
]) {
  if (!isDeepStrictEqual(replacedWalk(given), wanted)) throw new Error('the peer is wrong');
}

function stream(bytes) {
  const sanitizer = new Base64Sanitizer();
  const out = [];
  for (let at = 0; at < bytes.length; at += 65536) {
    out.push(sanitizer.update(bytes.subarray(at, at + 65536)));
  }
  out.push(sanitizer.finish());
  return Buffer.concat(out);
}

/** Microseconds of one call: the best of rounds that together take about half a second. */
async function bestTime(call) {
  let begin = performance.now();
  await call();
  const once = Math.max(performance.now() - begin, 1e-4);
  const calls = Math.max(1, Math.floor(20 / once));
  const isAsync = call.constructor.name === 'AsyncFunction';
  let best = once;
  for (let round = once > 200 ? 3 : 15; round > 0; round -= 1) {
    begin = performance.now();
    if (isAsync) for (let i = 0; i < calls; i += 1) await call();
    else for (let i = 0; i < calls; i += 1) call();
    best = Math.min(best, (performance.now() - begin) / calls);
  }
  return best * 1000;
}

/** The longest turn of the event loop, in ms, while `work` goes on. */
async function longestTurn(work) {
  let longest = 0;
  let working = true;
  let last = performance.now();
  const look = () => {
    const now = performance.now();
    longest = Math.max(longest, now - last);
    last = now;
    if (working) setImmediate(look);
  };
  setImmediate(look);
  await work();
  working = false;
  return longest;
}

/** The shortest of several, because whatever else the machine does makes a turn longer. */
async function pause(work) {
  const turns = [];
  for (let i = 0; i < 15; i += 1) turns.push(await longestTurn(work));
  return Math.min(...turns);
}

const folder = process.argv[2];
if (folder === undefined) {
  console.error('usage: base64.mjs FOLDER, which bench_base64 --write_corpora=FOLDER has filled');
  process.exit(2);
}
const times = new Map(); // NAME/CORPUS -> microseconds
for (const file of fs.readdirSync(folder).sort()) {
  const corpus = path.basename(file, '.json');
  const bytes = fs.readFileSync(path.join(folder, file));
  const text = bytes.toString();
  const value = JSON.parse(text);
  // The rows of this package must agree before they are timed.
  const lean = sanitizeBase64(bytes);
  const same = [sanitizeBase64(text), (await sanitizeBase64Async(bytes)).toString(),
    stream(bytes).toString()].every((one) => one === lean.toString());
  if (!same || !isDeepStrictEqual(sanitizeBase64(value), JSON.parse(lean.toString()))) {
    throw new Error(`${corpus}: the faces differ`);
  }
  const target = Buffer.alloc(bytes.length);
  for (const [name, call] of [
    ['memcpy', () => bytes.copy(target)],
    ['sanitize_base64_buffer', () => sanitizeBase64(bytes)],
    ['sanitize_base64_string', () => sanitizeBase64(text)],
    ['sanitize_base64_object', () => sanitizeBase64(value)],
    ['sanitize_base64_async', async () => sanitizeBase64Async(bytes)],
    ['sanitize_base64_stream', () => stream(bytes)],
    ['replaced_document', () => replacedDocument(bytes)],
    ['replaced_walk', () => replacedWalk(value)],
    ['replace', () => text.replace(run, place)],
    ['json_round_trip', () => JSON.stringify(JSON.parse(text))],
  ]) {
    const time = await bestTime(call);
    times.set(`${name}/${corpus}`, time);
    const speed = bytes.length / time / 1e3;
    console.log(`${`${name}/${corpus}`.padEnd(44)} ${time.toFixed(2).padStart(12)} us ` +
      `${speed.toFixed(3).padStart(9)} GB/s`);
  }
}

const ratio = (slow, fast, corpus) => {
  const times_faster = times.get(`${slow}/${corpus}`) / times.get(`${fast}/${corpus}`);
  console.log(`${`${fast} against ${slow}, ${corpus}`.padEnd(72)}${times_faster.toFixed(1)} x`);
};
console.log();
ratio('replaced_document', 'sanitize_base64_buffer', 'images_15MB');
ratio('replaced_walk', 'sanitize_base64_object', 'clean_job_6kB');
ratio('replaced_walk', 'sanitize_base64_object', 'clean_dump_7MB');
ratio('replaced_walk', 'sanitize_base64_object', 'image_1MB');

const large = fs.readFileSync(path.join(folder, 'images_15MB.json'));
const largeText = large.toString();
const largeValue = JSON.parse(largeText);
console.log();
for (const [name, work] of [
  ['nothing', () => new Promise((done) => { setTimeout(done, 20); })],
  ['a buffer', () => sanitizeBase64Async(large)],
  ['a string', () => sanitizeBase64Async(largeText)],
  ['an object', () => sanitizeBase64Async(largeValue)],
]) {
  const longest = await pause(work);
  console.log(`longest turn of the event loop, images_15MB, async, ${name}: ` +
    `${longest.toFixed(2)} ms`);
}
