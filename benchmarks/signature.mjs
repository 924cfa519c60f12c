// The Node package against node:crypto doing the same work, and against the libraries of Standard
// Webhooks and Svix.
//
//   signature.mjs FOLDER     the folder that `bench_signature --write_corpora=FOLDER` has filled
//
// The same work: the header is found among those of the request, its prefix checked, the HMAC
// computed with a key that is made once, and compared in constant time. Rows are the best of many
// rounds for one message. Every side must accept the message and refuse another before anything is
// timed. The two libraries make a string of the bytes and verify that; standardwebhooks is told to
// parse nothing, which Svix always does.
import { createHmac, createSecretKey, timingSafeEqual } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { Webhook as StandardWebhook } from 'standardwebhooks';
import { Webhook as SvixWebhook } from 'svix';
import { PayloadSigner, SignatureVerifier } from '../bindings/node/dist/esm/index.js';

const secret = '8f742231b10e8888abcd99yyyzzz85a5';
const verifier = new SignatureVerifier('jobqueue', secret);
const key = createSecretKey(Buffer.from(secret));
const standardSecret = 'whsec_OGY3NDIyMzFiMTBlODg4OGFiY2Q5OXl5eXp6ejg1YTU=';
const standardVerifier = new SignatureVerifier('standard', standardSecret);
const standardWebhook = new StandardWebhook(standardSecret);
const svixWebhook = new SvixWebhook(standardSecret);

// As receivers write it.
function verifyWithCrypto(body, headers, withKey) {
  const value = headers['x-webhook-signature'];
  if (typeof value !== 'string' || !value.startsWith('sha256=')) return false;
  const wanted = Buffer.from(createHmac('sha256', withKey).update(body).digest('hex'));
  const given = Buffer.from(value.slice(7));
  return wanted.length === given.length && timingSafeEqual(wanted, given);
}

// Without the detour over hexadecimal digits.
function verifyBytesWithCrypto(body, headers, withKey) {
  const value = headers['x-webhook-signature'];
  if (typeof value !== 'string' || !/^sha256=[0-9a-f]{64}$/.test(value)) return false;
  return timingSafeEqual(createHmac('sha256', withKey).update(body).digest(),
    Buffer.from(value.slice(7), 'hex'));
}

function requestOf(body, signed) {
  return {
    host: 'example.com', 'content-type': 'application/json',
    'content-length': String(body.length), 'user-agent': 'webhooks/1.0', accept: '*/*', ...signed,
  };
}

// JSON of that size.
function bodyOf(size, letter) {
  return Buffer.from(`{"text":"${letter.repeat(size - 11)}"}`);
}

function accepts(call) {
  try {
    return call() !== false;
  } catch {
    return false;
  }
}

function bestTime(call) {
  let best = Infinity;
  let calls = 1;
  for (let round = 0; round < 60; ++round) {
    const begin = process.hrtime.bigint();
    for (let i = 0; i < calls; ++i) call();
    const nanos = Number(process.hrtime.bigint() - begin);
    best = Math.min(best, nanos / calls);
    calls = Math.max(1, Math.ceil(5e6 / best));
  }
  return best;
}

const folder = process.argv[2];
if (folder === undefined) {
  console.error('usage: signature.mjs FOLDER');
  process.exit(2);
}
const inCpp = Number(fs.readFileSync(path.join(folder, 'signature.ns'), 'utf8'));

// The first of `ways` is the package.
function compare(ways, size) {
  const body = bodyOf(size, 'b');
  const other = bodyOf(size, 'c');
  for (const [name, way] of Object.entries(ways)) {
    if (!accepts(() => way(body)) || accepts(() => way(other))) throw new Error(name);
  }
  const times = Object.entries(ways).map(([name, way]) => [name, bestTime(() => way(body))]);
  for (const [name, nanos] of times) {
    console.log(`${`${name}/${size}`.padEnd(28)} ${nanos.toFixed(0).padStart(9)} ns `
      + `${(nanos / times[0][1]).toFixed(2).padStart(6)} x package`
      + (size === 64 ? ` ${(nanos / inCpp).toFixed(2).padStart(6)} x C++` : ''));
  }
}

for (const size of [64, 1024, 1_000_000]) {
  const body = bodyOf(size, 'b');
  const headers = requestOf(body, new PayloadSigner('jobqueue', secret).sign(body));
  compare({
    package: (bytes) => verifier.verify(bytes, headers),
    crypto: (bytes) => verifyWithCrypto(bytes, headers, secret),
    crypto_key_object: (bytes) => verifyWithCrypto(bytes, headers, key),
    crypto_bytes: (bytes) => verifyBytesWithCrypto(bytes, headers, key),
  }, size);
  const standard = requestOf(body, new PayloadSigner('standard', standardSecret).sign(body));
  compare({
    package_standard: (bytes) => standardVerifier.verify(bytes, standard),
    standardwebhooks: (bytes) => standardWebhook.verify(bytes, standard, { jsonParse: false }),
    svix: (bytes) => svixWebhook.verify(bytes, standard),
  }, size);
}
