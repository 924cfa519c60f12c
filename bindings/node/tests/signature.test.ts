// Webhooks from JavaScript: vectors, headers and bodies of all kinds, requests of Node and Fetch.
import { readFileSync } from 'node:fs';
import { createServer, request as send } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, test } from 'vitest';
import {
  JobqueueError, PayloadSigner, SignatureVerificationError, SignatureVerifier, readRawBody,
  signPayload, verifySignature,
} from '../dist/esm/index.js';
import { problemOf } from './problem.js';

const file = new URL('../../../tests/vectors/signature.json', import.meta.url);
const vectors = (JSON.parse(readFileSync(file, 'utf8')) as { cases: any[] }).cases;
const refusalOf = (call: () => unknown) => problemOf<SignatureVerificationError>(call);

function replay(one: any): object {
  const body = 'body' in one ? Buffer.from(one.body) : Buffer.from(one.body_base64, 'base64');
  const now = new Date(one.now * 1000);
  try {
    if (one.do === 'sign') {
      const id = one.id === '' ? undefined : one.id;
      const headers = new PayloadSigner(one.scheme, one.secrets).sign(body, { id, now });
      return { headers: Object.entries(headers) };
    }
    var verifier = new SignatureVerifier(one.scheme, one.secrets,
      { toleranceSeconds: one.tolerance });
  } catch (problem) {
    return { error: (problem as JobqueueError).code.toLowerCase() };
  }
  try {
    const { scheme, secretIndex } = verifier.verify(body, one.headers, { now });
    return { ok: true, scheme, secret_index: secretIndex, reason: null, hint: null };
  } catch (problem) {
    expect(problem).toBeInstanceOf(SignatureVerificationError);
    const { reason, hint, scheme, secretIndex } = problem as SignatureVerificationError;
    return { ok: false, scheme, secret_index: secretIndex, reason, hint };
  }
}

test('there are vectors', () => expect(vectors.length).toBeGreaterThan(150));
test.each(vectors.map((one) => [one.name, one]))('vector %s', (_, one) => {
  expect(replay(one)).toEqual(one.expect);
});

const secret = "It's a Secret to Everybody";
const body = Buffer.from('Hello, World!');
const value = 'sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17';
const github = new SignatureVerifier('github', ['old', secret]);
const answer = { scheme: 'github', secretIndex: 1, ageSeconds: 0 };

test('headers of any kind', () => {
  const pairs: [string, string][] = [['Host', 'h'], ['X-Hub-Signature-256', value]];
  for (const headers of [
    pairs, new Headers(pairs), new Map(pairs), Object.fromEntries(pairs),
    { 'x-hub-signature-256': value, accept: undefined, 'set-cookie': ['a', 'b'] },
    { 'x-hub-signature-256': [value] },
  ]) expect(github.verify(body, headers)).toEqual(answer);
  const repeated = { 'x-hub-signature-256': [value, value] };
  expect(refusalOf(() => github.verify(body, repeated)).reason).toBe('signature_malformed');
  // What a NUL would smuggle in is no header.
  const smuggled = { 'svix-id': `x\0x-hub-signature-256\0${value}` };
  expect(() => github.verify(body, smuggled)).toThrow(TypeError);
  expect(() => github.verify(body, { 'x-hub-signature-256': 7 } as any)).toThrow(TypeError);
  expect(() => github.verify(body, 7 as any)).toThrow(TypeError);
  expect(() => github.verify(body, null as any)).toThrow(TypeError);
  const long = { 'x-hub-signature-256': 'x'.repeat(100_000) };
  expect(refusalOf(() => github.verify(body, long)).reason).toBe('signature_malformed');
  for (let size = 900; size < 1100; ++size) {
    const headers = { 'svix-id': '\u00e9'.repeat(size / 2), 'x-hub-signature-256': value };
    expect(github.verify(body, headers)).toEqual(answer);
  }
});

test('bodies are bytes', () => {
  const headers = { 'x-hub-signature-256': value };
  for (const bytes of [body, new Uint8Array(body), new DataView(new Uint8Array(body).buffer)]) {
    expect(github.verify(bytes, headers)).toEqual(answer);
  }
  expect(() => github.verify('Hello, World!' as any, headers)).toThrow(/bytes as they came/);
  expect(() => github.verify({} as any, headers)).toThrow(TypeError);
});

test('a refusal says why, and not what', () => {
  const problem = refusalOf(() => github.verify(Buffer.from('Hello, World!\n'),
    { 'x-hub-signature-256': value }));
  expect(problem).toBeInstanceOf(JobqueueError);
  expect(problem).toMatchObject({
    name: 'SignatureVerificationError', code: 'SIGNATURE_MISMATCH', status: 34,
    reason: 'signature_mismatch', hint: 'trailing_newline', scheme: 'github', secretIndex: null,
  });
  expect(problem.message).toContain('line break');
  expect(problem.message).not.toContain('Secret to');
  const quiet = new SignatureVerifier('github', secret, { hints: false });
  expect(refusalOf(() => quiet.verify(Buffer.from('Hello, World!\n'),
    { 'x-hub-signature-256': value })).hint).toBeNull();
  // The header that is there is not one that a verifier reads.
  expect(refusalOf(() => github.verify(body, { 'X-Signature': value })).hint).toBe('wrong_header');
});

test('secrets and options', () => {
  const invalid = refusalOf(() => new SignatureVerifier('standard', 'whsec_short'));
  expect(invalid).toBeInstanceOf(SignatureVerificationError);
  expect(invalid).toMatchObject({ code: 'SECRET_INVALID', reason: 'secret_invalid', hint: null });
  expect(invalid.message).not.toContain('short');
  const bytes = new SignatureVerifier('github', [Buffer.from(secret)]);
  expect(bytes.verify(body, { 'x-hub-signature-256': value }).secretIndex).toBe(0);
  expect(() => new SignatureVerifier('gitlab' as any, 'a')).toThrow(/scheme must be one of auto/);
  expect(() => new SignatureVerifier('github', [7] as any)).toThrow(TypeError);
  for (const none of [undefined, null, 7, {}]) {
    expect(() => new SignatureVerifier('github', none as any)).toThrow(/secrets must be a string/);
  }
  expect(refusalOf(() => new SignatureVerifier('github', [])).code).toBe('INVALID_ARGUMENT');
  for (const toleranceSeconds of [-1, NaN, '300' as any]) {
    expect(() => new SignatureVerifier('github', 'a', { toleranceSeconds })).toThrow(TypeError);
  }
  expect(refusalOf(() => new PayloadSigner('auto', 'a')).code).toBe('INVALID_ARGUMENT');
});

test('time', () => {
  const now = new Date(1_700_000_000_999);
  const headers = signPayload(body, { scheme: 'stripe', secrets: 'a', now });
  const verify = (seconds: number, toleranceSeconds?: number) => verifySignature(body, headers,
    { scheme: 'stripe', secrets: 'a', toleranceSeconds, now: new Date(+now + seconds * 1000) });
  expect(verify(300).ageSeconds).toBe(300);
  const late = refusalOf(() => verify(301));
  expect(late).toMatchObject({ hint: 'clock_off', ageSeconds: 301, secretIndex: 0 });
  expect(verify(1e9, Infinity).ageSeconds).toBe(1e9);
  // Without `now` it is the present.
  const today = signPayload(body, { scheme: 'slack', secrets: 'a' });
  expect(verifySignature(body, today, { scheme: 'slack', secrets: 'a' }).ageSeconds)
    .toBeLessThan(5);
  expect(() => verifySignature(body, today, { scheme: 'slack', secrets: 'a', now: new Date(NaN) }))
    .toThrow(TypeError);
});

test('ids are new each time', () => {
  const signer = new PayloadSigner('standard', 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw');
  const ids = [signer.sign(body), signer.sign(body)].map((headers) => headers['webhook-id']);
  expect(ids[0]).toMatch(/^msg_[0-9a-f]{32}$/);
  expect(ids[0]).not.toBe(ids[1]);
  expect(refusalOf(() => signer.sign(body, { id: 'a.b' })).code).toBe('INVALID_ARGUMENT');
});

describe('requests of Fetch', () => {
  const requestOf = (content: BodyInit | null, headers: Record<string, string>) =>
    new Request('http://localhost/', { method: 'POST', body: content, headers });

  test('are read and verified', async () => {
    const good = await github.verifyRequest(
      requestOf(body.toString(), { 'X-Hub-Signature-256': value }));
    expect(good).toEqual({ ...answer, body });
    await expect(github.verifyRequest(requestOf('x', { 'X-Hub-Signature-256': value })))
      .rejects.toMatchObject({ reason: 'signature_mismatch' });
    expect(await readRawBody(requestOf(null, {}))).toEqual(Buffer.alloc(0));
  });

  test('are bounded, and not read twice', async () => {
    await expect(readRawBody(requestOf('12345', {}), { maxBytes: 4 }))
      .rejects.toMatchObject({ code: 'INPUT_TOO_LARGE', status: 16 });
    expect(await readRawBody(requestOf('1234', {}), { maxBytes: 4 })).toHaveLength(4);
    const read = requestOf('{}', {});
    await read.json();
    await expect(readRawBody(read)).rejects.toThrow(/read and parsed already/);
  });
});

describe('requests of Node', () => {
  // Sends to a server whose handler gives what the test wants to know.
  async function ask(handler: (message: any) => Promise<unknown>, content: Buffer,
    headers: Record<string, string | string[]>): Promise<any> {
    const server = createServer((message, response) => {
      handler(message).then(
        (known) => response.end(JSON.stringify({ known })),
        (problem) => response.end(JSON.stringify(
          { reason: problem.reason, code: problem.code, message: problem.message })));
    });
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    try {
      const { port } = server.address() as AddressInfo;
      return await new Promise((done, failed) => {
        const call = send({ port, host: '127.0.0.1', method: 'POST', headers }, (response) => {
          let text = '';
          response.on('data', (piece) => { text += piece; });
          response.on('end', () => done(JSON.parse(text)));
        });
        call.on('error', failed);
        call.end(content);
      });
    } finally {
      server.close();
    }
  }
  const verified = async (message: any) => (await github.verifyIncoming(message)).secretIndex;

  test('are read and verified', async () => {
    expect(await ask(verified, body, { 'X-Hub-Signature-256': value })).toEqual({ known: 1 });
    expect((await ask(verified, Buffer.from('x'), { 'X-Hub-Signature-256': value })).reason)
      .toBe('signature_mismatch');
    // Twice, which Node would join.
    expect((await ask(verified, body, { 'X-Hub-Signature-256': [value, value] })).reason)
      .toBe('signature_malformed');
  });

  test('may have been read by a middleware that keeps bytes', async () => {
    const headers = { 'X-Hub-Signature-256': value };
    const kept = (name: string) => async (message: any) => {
      const pieces = [];
      for await (const piece of message) pieces.push(piece);
      message[name] = Buffer.concat(pieces);
      return verified(message);
    };
    expect(await ask(kept('body'), body, headers)).toEqual({ known: 1 });
    expect(await ask(kept('rawBody'), body, headers)).toEqual({ known: 1 });
    const parsed = await ask(async (message) => {
      for await (const piece of message) message.body = { piece: piece.length };
      return verified(message);
    }, body, headers);
    expect(parsed.message).toContain('express.raw');
  });

  test('are bounded', async () => {
    const bounded = async (message: any) => {
      try {
        return await readRawBody(message, { maxBytes: 1000 });
      } finally {
        message.resume();
      }
    };
    expect((await ask(bounded, Buffer.alloc(1001), {})).code).toBe('INPUT_TOO_LARGE');
    expect((await ask(bounded, Buffer.alloc(1001), { 'transfer-encoding': 'chunked' })).code)
      .toBe('INPUT_TOO_LARGE');
    expect((await ask(bounded, Buffer.alloc(1000), {})).known.data).toHaveLength(1000);
  });
});
