// The Node package against node:crypto doing the same work.
//
//   signature.mjs FOLDER     the folder that `bench_signature --write_corpora=FOLDER` has filled
//
// The same work: the header is found among those of the request, its prefix checked, the HMAC
// computed with a key that is made once, and compared in constant time. Rows are the best of many
// rounds for one message. Every side must accept the message and refuse another before anything is
// timed.
import { createHmac, createSecretKey, timingSafeEqual } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { PayloadSigner, SignatureVerifier } from '../bindings/node/dist/esm/index.js';

const secret = '8f742231b10e8888abcd99yyyzzz85a5';
const verifier = new SignatureVerifier('jobqueue', secret);
const key = createSecretKey(Buffer.from(secret));

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

function requestOf(body) {
  return {
    host: 'example.com', 'content-type': 'application/json',
    'content-length': String(body.length), 'user-agent': 'webhooks/1.0', accept: '*/*',
    ...new PayloadSigner('jobqueue', secret).sign(body),
  };
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
for (const size of [64, 1024, 1_000_000]) {
  const body = Buffer.alloc(size, 'b');
  const other = Buffer.alloc(size, 'c');
  const headers = requestOf(body);
  const ways = {
    package: (bytes) => verifier.verify(bytes, headers),
    crypto: (bytes) => verifyWithCrypto(bytes, headers, secret),
    crypto_key_object: (bytes) => verifyWithCrypto(bytes, headers, key),
    crypto_bytes: (bytes) => verifyBytesWithCrypto(bytes, headers, key),
  };
  for (const [name, way] of Object.entries(ways)) {
    if (!accepts(() => way(body)) || accepts(() => way(other))) throw new Error(name);
  }
  const times = Object.fromEntries(
    Object.entries(ways).map(([name, way]) => [name, bestTime(() => way(body))]));
  for (const [name, nanos] of Object.entries(times)) {
    console.log(`${`${name}/${size}`.padEnd(28)} ${nanos.toFixed(0).padStart(9)} ns `
      + `${(nanos / times.package).toFixed(2).padStart(6)} x package`
      + (size === 64 ? ` ${(nanos / inCpp).toFixed(2).padStart(6)} x C++` : ''));
  }
}
