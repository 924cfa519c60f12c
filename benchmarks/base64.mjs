// The Node package against what it replaces, over the corpora of bench_base64.
//
//   base64.mjs FOLDER     the folder that `bench_base64 --write_corpora=FOLDER` has filled
//
// Rows are NAME/CORPUS, the best of several rounds, GB/s (10^9 bytes of the document, also where an
// object is given), and the median of the rounds, which has the work of the collector and fresh
// memory in it. The peers: `replaced_walk` is the usual helper of such services, which walks
// a clone of an object and puts a regex to its strings; `replaced_document` is the same from bytes
// to bytes; `regex_only` is the regex over the text; `json_round_trip` is what any walk over a
// document costs at least.
import fs from 'node:fs';
import path from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import {
  Base64SanitizerStream, sanitizeBase64, sanitizeBase64Async,
} from '../bindings/node/dist/esm/index.js';
import {
  checkPeers, jsonRoundTrip, regexOnly, replacedDocument, replacedWalk,
} from './base64_peers.mjs';

const piece = 64 * 1024; // as fs.createReadStream gives them

/** The pieces that come out. They are not joined, because whoever streams does not want that. */
function streamed(bytes) {
  return new Promise((done, failed) => {
    const stream = new Base64SanitizerStream();
    const pieces = [];
    stream.on('data', (out) => pieces.push(out));
    stream.on('end', () => done(pieces));
    stream.on('error', failed);
    for (let at = 0; at < bytes.length; at += piece) stream.write(bytes.subarray(at, at + piece));
    stream.end();
  });
}

/** Milliseconds of one call, the mean of `calls`. */
async function meanTime(call, calls, isAsync) {
  const begin = performance.now();
  // Awaiting what is no promise would add a turn of the queue to every call.
  if (isAsync) for (let i = 0; i < calls; i += 1) await call();
  else for (let i = 0; i < calls; i += 1) call();
  return (performance.now() - begin) / calls;
}

/** Microseconds of one call: best and median of rounds that take about half a second. */
async function measure(call) {
  // A service has been running for longer than the compiler of the engine takes, so this has, too.
  const begin = performance.now();
  let isAsync = false;
  let warm = 0;
  do {
    const answer = call();
    isAsync = answer instanceof Promise;
    if (isAsync) await answer;
    warm += 1;
  } while (performance.now() - begin < 200);
  const once = (performance.now() - begin) / warm;
  const calls = Math.max(1, Math.floor(20 / once));
  const rounds = [];
  for (let round = once > 50 ? 5 : 20; round > 0; round -= 1) {
    rounds.push(await meanTime(call, calls, isAsync) * 1000);
  }
  rounds.sort((one, other) => one - other);
  return { best: rounds[0], median: rounds[rounds.length >> 1] };
}

/** Throws unless all functions of the package give the same for the document. */
async function checkFaces(corpus, { bytes, text, value }) {
  const lean = sanitizeBase64(bytes).toString();
  const texts = {
    string: sanitizeBase64(text),
    async_buffer: (await sanitizeBase64Async(bytes)).toString(),
    async_string: await sanitizeBase64Async(text),
    stream: Buffer.concat(await streamed(bytes)).toString(),
  };
  const leanValue = JSON.parse(lean);
  const values = {
    object: sanitizeBase64(value),
    async_object: await sanitizeBase64Async(value),
  };
  for (const [face, out] of Object.entries(texts)) {
    if (out !== lean) throw new Error(`${corpus}: ${face} gives other text than buffer`);
  }
  for (const [face, out] of Object.entries(values)) {
    if (!isDeepStrictEqual(out, leanValue)) {
      throw new Error(`${corpus}: ${face} gives another value than buffer`);
    }
  }
}

/** How much of the document is cut by whom: the peers decide otherwise, by design. */
function reportCuts(corpus, { bytes, text }) {
  const told = [
    ['sanitize_base64', sanitizeBase64(bytes).toString()],
    ['replaced_document', replacedDocument(bytes).toString()],
    ['regex_only', regexOnly(text)],
  ].map(([name, out]) => `${name} ${out.split('[BASE64_').length - 1}`);
  console.log(`placeholders/${corpus}: ${told.join(', ')}`);
}

async function reportRows(corpus, { bytes, text, value }, times) {
  const target = Buffer.alloc(bytes.length);
  for (const [name, call] of [
    ['memcpy', () => bytes.copy(target)],
    ['sanitize_base64_buffer', () => sanitizeBase64(bytes)],
    ['sanitize_base64_string', () => sanitizeBase64(text)],
    ['sanitize_base64_object', () => sanitizeBase64(value)],
    ['sanitize_base64_async', () => sanitizeBase64Async(bytes)],
    ['sanitize_base64_stream', () => streamed(bytes)],
    ['replaced_walk', () => replacedWalk(value)],
    ['replaced_document', () => replacedDocument(bytes)],
    ['regex_only', () => regexOnly(text)],
    ['json_round_trip', () => jsonRoundTrip(text)],
  ]) {
    const { best, median } = await measure(call);
    const row = `${name}/${corpus}`;
    times.set(row, best);
    console.log(`${row.padEnd(44)} ${best.toFixed(2).padStart(12)} us ` +
      `${(bytes.length / best / 1e3).toFixed(3).padStart(9)} GB/s` +
      `   median ${median.toFixed(2).padStart(12)} us`);
  }
}

function reportRatios(times) {
  const say = (what, number, unit, goal) =>
    console.log(`${what.padEnd(72)} ${number.toFixed(1).padStart(7)} ${unit} (goal: ${goal})`);
  for (const [slow, fast, corpus, goal] of [
    ['replaced_document', 'sanitize_base64_buffer', 'images_15MB', 100],
    ['replaced_walk', 'sanitize_base64_object', 'clean_job_6kB', 5],
    ['replaced_walk', 'sanitize_base64_object', 'clean_dump_7MB', 5],
    ['replaced_walk', 'sanitize_base64_object', 'image_1MB', 20],
  ]) {
    const ratio = times.get(`${slow}/${corpus}`) / times.get(`${fast}/${corpus}`);
    say(`${fast} against ${slow}, ${corpus}`, ratio, 'x', `at least ${goal}`);
  }
  for (const face of ['buffer', 'string', 'object']) {
    const row = `sanitize_base64_${face}/clean_job_6kB`;
    say(`one call, ${row}`, times.get(row), 'us', 'below 5');
  }
}

/** The longest turn of the event loop, in ms, from before `work` is called until it is done. */
async function longestTurn(work) {
  let longest = 0;
  let working = true;
  let last = performance.now();
  const look = () => {
    const now = performance.now();
    longest = Math.max(longest, now - last);
    last = now;
  };
  const turn = () => {
    look();
    if (working) setImmediate(turn);
  };
  setImmediate(turn);
  await work();
  // The turn in which the work ends is one of its turns.
  look();
  working = false;
  return longest;
}

/** Of so many rounds. The worst, and on a busy machine the median, are of what else it does. */
async function longestTurns(work, rounds) {
  const turns = [];
  for (let i = 0; i < rounds; i += 1) turns.push(await longestTurn(work));
  turns.sort((one, other) => one - other);
  const median = turns[turns.length >> 1];
  const text = [turns[0], median, turns.at(-1)].map((turn) => turn.toFixed(2)).join('/');
  return { median, text };
}

async function reportTurns({ bytes, text, value }) {
  for (const [name, work, rounds] of [
    ['sanitize_base64_async, buffer', () => sanitizeBase64Async(bytes), 51],
    ['sanitize_base64_async, string', () => sanitizeBase64Async(text), 51],
    ['sanitize_base64_async, object', () => sanitizeBase64Async(value), 51],
    ['replaced_walk', async () => replacedWalk(value), 5],
  ]) {
    const begin = performance.now();
    await work();
    const length = Math.ceil(performance.now() - begin);
    // For as long as the work takes, because the longer one waits, the longer is the longest turn.
    const idle = await longestTurns(() => new Promise((done) => { setTimeout(done, length); }),
      rounds);
    const busy = await longestTurns(work, rounds);
    const over = busy.median - idle.median;
    console.log(`longest turn/images_15MB, ${name.padEnd(30)} ${over.toFixed(2).padStart(8)} ms ` +
      `over idle (least/median/worst ${busy.text}, idle ${idle.text})`);
  }
}

const folder = process.argv[2];
if (process.argv.length !== 3) {
  console.error('usage: base64.mjs FOLDER, which bench_base64 --write_corpora=FOLDER has filled');
  process.exit(2);
}
checkPeers();
const read = (corpus) => {
  const bytes = fs.readFileSync(path.join(folder, `${corpus}.json`));
  const text = bytes.toString();
  return { bytes, text, value: JSON.parse(text) };
};
const corpora = fs.readdirSync(folder).filter((file) => file.endsWith('.json')).sort()
  .map((file) => path.basename(file, '.json'));
const times = new Map(); // NAME/CORPUS -> microseconds
for (const corpus of corpora) {
  const document = read(corpus);
  await checkFaces(corpus, document);
  await reportRows(corpus, document, times);
  reportCuts(corpus, document);
}
console.log();
reportRatios(times);
console.log();
await reportTurns(read('images_15MB'));
