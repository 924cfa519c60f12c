// The Node package against what it replaces, and against ways of npm to shorten an object.
//
//   truncate.mjs FOLDER     the folder that `bench_truncate --write_corpora=FOLDER` has filled
//
// Rows are NAME/CORPUS: the best of several rounds, and what is left of a budget of 8,000 bytes.
// `replaced` is the helper of docs/api/truncate.md, written from a description of what it does:
// parse, a walk that cuts long words, print, and if that is too long the first 8,000 characters.
// Its outputs are no JSON, or longer than the budget, which the last columns say; the package must
// keep both. `safe_stable_stringify` has limits of depth and breadth, and none of bytes; so has
// `sentry_normalize`, which Sentry's SDK puts to what is sent with an event.
import fs from 'node:fs';
import path from 'node:path';
import { normalize } from '@sentry/core';
import { configure } from 'safe-stable-stringify';
import { truncatePayload } from '../bindings/node/dist/esm/index.js';

const budget = 8000;
const mark = '...[TRUNCATED]';

const isBase64Like = (text) => text.length >= 20 &&
  (/^[A-Za-z0-9+/=]+$/.test(text) || /^data:[^;]+;base64,/.test(text));
const isBinaryLike = (text) => text.length >= 50 && (/(.)\1{10,}/.test(text) ||
  /^[0-9a-fA-F]{50,}$/.test(text) || /^[A-Za-z0-9_-]{50,}$/.test(text) || isBase64Like(text));

function cutText(text) {
  const size = text.length;
  const ends = (kind) => `${text.slice(0, 50)}${mark}${kind}(${size} chars)...${text.slice(-20)}`;
  if (size > 1000 && isBase64Like(text)) return ends('BASE64_IMAGE');
  if (size > 1000 && isBinaryLike(text)) return ends('BINARY_DATA');
  const words = text.split(/[\s\\]+/);
  if (!words.some((word) => word.length > 25)) return text;
  return words.map((word) => (word.length > 25
    ? `${word.slice(0, 12)}${mark}(${word.length} chars)...${word.slice(-8)}` : word)).join(' ');
}

function cutValue(value, seen) {
  if (typeof value === 'string') return cutText(value);
  if (typeof value !== 'object' || value === null) return value;
  if (seen.has(value)) return '[Circular]';
  seen.add(value);
  if (Array.isArray(value)) return value.map((one) => cutValue(one, seen));
  return Object.fromEntries(
    Object.entries(value).map(([name, one]) => [name, cutValue(one, seen)]));
}

function replaced(text) {
  if (text.length <= budget) return text;
  const cut = JSON.stringify(cutValue(JSON.parse(text), new WeakSet()));
  return cut.length > budget * 1.2 ? cut.slice(0, budget) + mark : cut;
}

const limited = configure({ maximumDepth: 4, maximumBreadth: 10, deterministic: false });

function isJson(text) {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

function bestTime(call) {
  let best = Infinity;
  const end = performance.now() + 1500;
  for (let round = 0; round < 3 || performance.now() < end; ++round) {
    const begin = process.hrtime.bigint();
    call();
    best = Math.min(best, Number(process.hrtime.bigint() - begin));
  }
  return best / 1000;
}

const known = cutText('b789bd80-400a-41ed-96f5-72dc8c225dcf');
if (known !== 'b789bd80-400...[TRUNCATED](36 chars)...8c225dcf') throw new Error(known);

const folder = process.argv[2];
if (folder === undefined) {
  console.error('usage: truncate.mjs FOLDER');
  process.exit(2);
}
for (const file of fs.readdirSync(folder).filter((name) => name.endsWith('.json')).sort()) {
  const bytes = fs.readFileSync(path.join(folder, file));
  const text = bytes.toString();
  const object = JSON.parse(text);
  const ways = {
    package_buffer: () => truncatePayload(bytes, { maxBytes: budget }).toString(),
    package_string: () => truncatePayload(text, { maxBytes: budget }),
    package_object: () => JSON.stringify(truncatePayload(object, { maxBytes: budget })),
    replaced: () => replaced(text),
    safe_stable_stringify: () => limited(JSON.parse(text)),
    sentry_normalize: () => JSON.stringify(normalize(JSON.parse(text), 4, 10)),
  };
  for (const [name, way] of Object.entries(ways)) {
    const out = way();
    const size = Buffer.byteLength(out);
    if (name.startsWith('package') && (size > budget || !isJson(out))) throw new Error(name);
    const time = bestTime(way);
    console.log(`${`${name}/${path.basename(file, '.json')}`.padEnd(42)} `
      + `${time.toFixed(0).padStart(9)} us ${String(size).padStart(9)} bytes left, `
      + (isJson(out) ? 'JSON' : 'no JSON'));
  }
}
