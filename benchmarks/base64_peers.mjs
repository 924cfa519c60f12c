// What the package is compared with in base64.mjs. The walk is written from a description of what
// the replaced helper does, not from its text; checkPeers proves that it does that, because a
// peer that does less would be faster, and one that does more slower, than what was replaced.
import { isDeepStrictEqual } from 'node:util';

const run = /[A-Za-z0-9+/]{100,}={0,2}/g;
const dataPlace = '[BASE64_DATA_REMOVED]';
const imagePlace = '[BASE64_IMAGE_REMOVED]';

/** The regex over a text, with nothing around it. */
export function regexOnly(text) {
  return text.replace(run, dataPlace);
}

function looksLikeJson(text) {
  const trimmed = text.trim();
  return (trimmed.startsWith('{') && trimmed.endsWith('}')) ||
    (trimmed.startsWith('[') && trimmed.endsWith(']'));
}

function scrubbedText(name, text) {
  if (name === 'image_base64') return imagePlace;
  if (name !== 'raw_output' && looksLikeJson(text)) {
    let inner;
    try {
      inner = JSON.parse(text);
    } catch {
      return regexOnly(text);
    }
    scrub(inner);
    return JSON.stringify(inner);
  }
  return regexOnly(text);
}

/** In place, because it is a clone. A string that is an element of an array is not looked at. */
function scrub(value) {
  if (!value || typeof value !== 'object') return;
  if (Array.isArray(value)) {
    for (const element of value) scrub(element);
    return;
  }
  for (const name in value) {
    // Called on the value as the helper did, which a member of that name breaks.
    if (!value.hasOwnProperty(name)) continue;
    const member = value[name];
    if (typeof member === 'string') value[name] = scrubbedText(name, member);
    else scrub(member);
  }
}

/** The replaced helper as it was called: a value in, a scrubbed clone out. */
export function replacedWalk(value) {
  if (!value || typeof value !== 'object') return value;
  const clone = JSON.parse(JSON.stringify(value));
  scrub(clone);
  return clone;
}

/** The same from bytes to bytes, for what is stored as bytes. */
export function replacedDocument(bytes) {
  return Buffer.from(JSON.stringify(replacedWalk(JSON.parse(bytes.toString()))));
}

export function jsonRoundTrip(text) {
  return JSON.stringify(JSON.parse(text));
}

const a = (count) => 'A'.repeat(count);
const kept = (value) => [value, value];
const vectors = [
  kept(a(200)),
  kept([a(120)]),
  kept({ a: [a(120)] }),
  kept({ a: a(99) }),
  kept({ Image_Base64: 'x' }),
  kept({ image_base64: null }),
  kept({ a: `["${a(120)}"]` }),
  kept({ a: '[see here]' }),
  kept({ [a(200)]: 1 }),
  [{ a: a(100) }, { a: dataPlace }],
  [{ a: `${a(100)}==` }, { a: dataPlace }],
  [{ a: `${a(100)}===` }, { a: `${dataPlace}=` }],
  [{ a: `${a(100)}=${a(100)}` }, { a: dataPlace + dataPlace }],
  [{ a: `${a(100)} ${a(150)}==` }, { a: `${dataPlace} ${dataPlace}` }],
  [{ a: `data:image/png;base64,${a(100)}` }, { a: `data:image/png;base64,${dataPlace}` }],
  [{ a: '0123456789abcdef'.repeat(8) }, { a: dataPlace }],
  [{ a: `https://cdn.example.com/${'abcdefghij/'.repeat(12)}x.png` },
    { a: `https://cdn.example.${dataPlace}.png` }],
  [{ image_base64: 'x' }, { image_base64: imagePlace }],
  [{ image_base64: '' }, { image_base64: imagePlace }],
  [[{ image_base64: 'x' }], [{ image_base64: imagePlace }]],
  [{ image_base64: { a: a(120) } }, { image_base64: { a: dataPlace } }],
  [{ raw_output: `{"image_base64":"tiny","b":"${a(120)}"}` },
    { raw_output: `{"image_base64":"tiny","b":"${dataPlace}"}` }],
  [{ raw_output: { image_base64: 'tiny' } }, { raw_output: { image_base64: imagePlace } }],
  [{ a: '{ "b" : 1.0, "c": 12345678901234567890 }' }, { a: '{"b":1,"c":12345678901234567000}' }],
  [{ a: '{"x":1,"x":2}' }, { a: '{"x":2}' }],
  [{ a: ' {} ' }, { a: '{}' }],
  [{ a: `[{"x":"${a(120)}"}]` }, { a: `[{"x":"${dataPlace}"}]` }],
  [{ a: `{broken ${a(120)}}` }, { a: `{broken ${dataPlace}}` }],
  [{ a: JSON.stringify({ b: JSON.stringify({ c: a(120) }) }) },
    { a: JSON.stringify({ b: JSON.stringify({ c: dataPlace }) }) }],
  [{ a: undefined, b: NaN, c: new Date(0) }, { b: null, c: '1970-01-01T00:00:00.000Z' }],
];

function throws(value) {
  try {
    replacedWalk(value);
  } catch (problem) {
    return problem instanceof TypeError;
  }
  return false;
}

/** Throws unless the walk does to these values what the replaced helper is known to do. */
export function checkPeers() {
  for (const [given, wanted] of vectors) {
    const before = structuredClone(given);
    const once = replacedWalk(given);
    if (!isDeepStrictEqual(once, wanted) || !isDeepStrictEqual(replacedWalk(once), wanted) ||
        !isDeepStrictEqual(given, before)) {
      throw new Error(`the replaced walk does not do to ${JSON.stringify(given)} what it should`);
    }
  }
  const cycle = {};
  cycle.a = cycle;
  for (const value of [{ hasOwnProperty: 1 }, { a: 1n }, cycle]) {
    if (!throws(value)) throw new Error('the replaced walk takes what it refused');
  }
}
