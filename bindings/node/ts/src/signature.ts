// Webhooks: signing and verifying, in every common scheme.
import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import native from '../../native.cjs';
import type { NativeSigner, NativeVerifier } from '../../native.cjs';
import { type Bytes, asBytes, isBytes } from './values.js';

const { addon, JobqueueError } = native;
export const SignatureVerificationError = native.SignatureVerificationError;
export type SignatureVerificationError = InstanceType<typeof native.SignatureVerificationError>;

/** Whose webhooks they are; 'auto' is what the headers say, and for verifying only. */
export type SignatureScheme =
  'auto' | 'jobqueue' | 'github' | 'standard' | 'svix' | 'stripe' | 'slack' | 'convoy';
export type Secret = string | Uint8Array;
/** A Headers of Fetch, pairs, or an object as `request.headers` of Node is. */
export type WebhookHeaders =
  | Headers
  | Iterable<readonly [string, string]>
  | Readonly<Record<string, string | readonly string[] | undefined>>;

/** What is known of a webhook whose signature is good. */
export interface Verification {
  readonly scheme: SignatureScheme;
  /** Which secret made the signature, from 0. */
  readonly secretIndex: number;
  /** The present less the timestamp; 0 if the scheme has none. */
  readonly ageSeconds: number;
}

export interface VerifierOptions {
  /** How far a timestamp may be from the present, either way; default 300, Infinity is any age. */
  toleranceSeconds?: number;
  /** Look for the mistake behind a refusal; default true. */
  hints?: boolean;
}
export interface VerifyOptions {
  /** The present; that of the clock if not given. */
  now?: Date;
}
export interface ReadOptions {
  /** A larger body is INPUT_TOO_LARGE, before all of it is read; default 10 MiB. */
  maxBytes?: number;
}

const schemes = addon.signatureSchemes() as SignatureScheme[];
const mebibyte = 2 ** 20;

function numberOf(scheme: SignatureScheme): number {
  const number = schemes.indexOf(scheme);
  if (number < 0) throw new TypeError(`scheme must be one of ${schemes.join(', ')}`);
  return number;
}

export function secretsOf(secrets: Secret | readonly Secret[]): Secret[] {
  const list: Secret[] = [];
  const several = typeof secrets === 'string' || isBytes(secrets) ? [secrets] : secrets;
  if (!Array.isArray(several)) {
    throw new TypeError('secrets must be a string, bytes, or an array of them');
  }
  for (const one of several) {
    if (typeof one !== 'string' && !isBytes(one)) {
      throw new TypeError('a secret is a string or bytes');
    }
    list.push(typeof one === 'string' ? one : asBytes(one));
  }
  return list;
}

/** Secrets that are none are of the same class as what is refused: the numbers from 30 to 39. */
export function made<T>(make: () => T): T {
  try {
    return make();
  } catch (problem) {
    if (problem instanceof JobqueueError && problem.status >= 30 && problem.status < 40) {
      throw new SignatureVerificationError(problem.message, problem.code, problem.status);
    }
    throw problem;
  }
}

function secondsOf(now: Date | undefined): number {
  const millis = now === undefined ? Date.now() : now.getTime();
  if (!Number.isFinite(millis)) throw new TypeError('now must be a valid Date');
  return Math.floor(millis / 1000);
}

function bodyOf(body: Bytes): Uint8Array {
  if (body instanceof Uint8Array && body.byteLength > 0) return body;
  if (isBytes(body)) return asBytes(body);
  throw new TypeError('body must be the bytes as they came, not what was made of them');
}

/** What a verifier reads. The rest is for hints, and costs time to hand over. */
const known = new Set([
  'x-webhook-signature', 'x-hub-signature-256', 'webhook-id', 'webhook-timestamp',
  'webhook-signature', 'svix-id', 'svix-timestamp', 'svix-signature', 'stripe-signature',
  'x-slack-request-timestamp', 'x-slack-signature', 'x-convoy-signature',
]);

function pack(name: string, value: unknown): string {
  const text = `${name}\0${value}\0`;
  // One NUL for each; another would make two headers of one.
  if (text.indexOf('\0') !== name.length || text.indexOf('\0', name.length + 1) < text.length - 1) {
    throw new TypeError('a header must not hold a NUL');
  }
  return text;
}

/** Names and values by turns; `all`, or those that a verifier reads. */
function packed(headers: WebhookHeaders, all: boolean): string {
  let text = '';
  if (typeof (headers as Headers)[Symbol.iterator] === 'function') {
    for (const [name, value] of headers as Iterable<[string, string]>) {
      if (all || known.has(name.toLowerCase())) text += pack(name, value);
    }
    return text;
  }
  if (typeof headers !== 'object' || headers === null) {
    throw new TypeError('headers must be Headers, pairs or an object');
  }
  for (const name in headers) {
    if (!all && !known.has(name) && !known.has(name.toLowerCase())) continue;
    const value = (headers as Record<string, string | string[] | undefined>)[name];
    if (typeof value === 'string') text += pack(name, value);
    else if (Array.isArray(value)) for (const one of value) text += pack(name, one);
    else if (value !== undefined) throw new TypeError(`the header ${name} is not a string`);
  }
  return text;
}

/** Verifies webhooks; keyed once, immutable. */
export class SignatureVerifier {
  readonly #inner: NativeVerifier;
  readonly #known = new Float64Array(2);

  constructor(scheme: SignatureScheme, secrets: Secret | readonly Secret[],
    options: VerifierOptions = {}) {
    const { toleranceSeconds = 300, hints = true } = options;
    if (typeof toleranceSeconds !== 'number' || !(toleranceSeconds >= 0)) {
      throw new TypeError('toleranceSeconds must be a number of at least 0; Infinity is any age');
    }
    const tolerance =
      toleranceSeconds > Number.MAX_SAFE_INTEGER ? -1 : Math.floor(toleranceSeconds);
    this.#inner = made(() => new addon.SignatureVerifier(numberOf(scheme), secretsOf(secrets),
      tolerance, hints, this.#known));
  }

  /**
   * Which secret made the signature in `headers` over `body`, the bytes as they came. Throws a
   * SignatureVerificationError that says why not.
   */
  verify(body: Bytes, headers: WebhookHeaders, options: VerifyOptions = {}): Verification {
    const bytes = bodyOf(body);
    const now = secondsOf(options.now);
    const secretIndex = this.#inner.check(bytes, packed(headers, false), now);
    if (secretIndex < 0) this.#refuse(bytes, headers, now);
    const scheme = schemes[this.#known[0] as number] as SignatureScheme;
    return { scheme, secretIndex, ageSeconds: this.#known[1] as number };
  }

  /** Reads a Request of Fetch and verifies it; the body is given only if it is good. */
  async verifyRequest(request: Request, options: VerifyOptions & ReadOptions = {}):
  Promise<Verification & { readonly body: Buffer }> {
    const body = await readRawBody(request, options);
    return { ...this.verify(body, request.headers, options), body };
  }

  /** Reads a request of node:http, Express or the like and verifies it. */
  async verifyIncoming(message: IncomingMessage, options: VerifyOptions & ReadOptions = {}):
  Promise<Verification & { readonly body: Buffer }> {
    const body = await readRawBody(message, options);
    return { ...this.verify(body, pairsOf(message), options), body };
  }

  #refuse(body: Uint8Array, headers: WebhookHeaders, now: number): never {
    const [code, status, message, hint, scheme, secretIndex, ageSeconds] =
      this.#inner.refuse(body, packed(headers, true), now);
    // Bytes that another thread changes meanwhile were no good ones, either.
    if (status === 0) throw new JobqueueError('the body has changed', 'INVALID_ARGUMENT', 1);
    throw new SignatureVerificationError(message, code, status, {
      hint: hint === '' ? null : hint,
      scheme: schemes[scheme] as SignatureScheme,
      secretIndex: secretIndex < 0 ? null : secretIndex,
      ageSeconds,
    });
  }
}

/** Every header as it came, so that one that came twice is seen. */
function pairsOf(message: IncomingMessage): [string, string][] {
  const pairs: [string, string][] = [];
  for (let i = 0; i + 1 < message.rawHeaders.length; i += 2) {
    pairs.push([message.rawHeaders[i] as string, message.rawHeaders[i + 1] as string]);
  }
  return pairs;
}

function refuseRead(): never {
  throw new TypeError('the body has been read and parsed already, and its bytes are gone; verify '
    + "before any parser, or keep them: express.raw({ type: '*/*' })");
}

async function* piecesOf(source: IncomingMessage | Request): AsyncGenerator<Uint8Array> {
  if ('rawHeaders' in source) {
    for await (const piece of source) {
      if (!isBytes(piece)) refuseRead();
      yield asBytes(piece);
    }
  } else if (source.body !== null) {
    yield* source.body as unknown as AsyncIterable<Uint8Array>;
  }
}

/**
 * The body of a request of node:http, Express or Fetch, as it came. Takes the bytes that
 * express.raw or a `rawBody` has; a TypeError if a parser was there before.
 */
export async function readRawBody(source: IncomingMessage | Request, options: ReadOptions = {}):
Promise<Buffer> {
  const { maxBytes = 10 * mebibyte } = options;
  if (!(maxBytes >= 0)) throw new TypeError('maxBytes must be a number of at least 0');
  const tooLarge = (): never => {
    throw new JobqueueError(`the body has more than ${maxBytes} bytes`, 'INPUT_TOO_LARGE', 16);
  };
  if ('rawHeaders' in source) {
    const parsed = source as IncomingMessage & { rawBody?: unknown; body?: unknown };
    for (const bytes of [parsed.rawBody, parsed.body]) {
      if (!isBytes(bytes)) continue;
      return bytes.byteLength > maxBytes ? tooLarge() : Buffer.from(asBytes(bytes));
    }
    if (source.readableDidRead || source.readableEncoding !== null) refuseRead();
    if (Number(source.headers['content-length'] ?? 0) > maxBytes) tooLarge();
  } else if (source.bodyUsed) {
    refuseRead();
  }
  const pieces: Uint8Array[] = [];
  let size = 0;
  for await (const piece of piecesOf(source)) {
    size += piece.byteLength;
    if (size > maxBytes) tooLarge();
    pieces.push(piece);
  }
  return Buffer.concat(pieces, size);
}

/** Makes the headers of webhooks; keyed once, immutable. */
export class PayloadSigner {
  readonly #inner: NativeSigner;
  readonly #hasId: boolean;

  constructor(scheme: SignatureScheme, secrets: Secret | readonly Secret[]) {
    this.#inner = made(() => new addon.PayloadSigner(numberOf(scheme), secretsOf(secrets)));
    this.#hasId = scheme === 'standard' || scheme === 'svix';
  }

  /** The headers for a body; `id` is for standard and svix: a new one if not given. */
  sign(body: Bytes, options: VerifyOptions & { id?: string } = {}): Record<string, string> {
    const id = options.id ?? (this.#hasId ? `msg_${randomUUID().replaceAll('-', '')}` : '');
    const lines = this.#inner.sign(bodyOf(body), String(id), secondsOf(options.now));
    return Object.fromEntries(lines.trimEnd().split('\n').map((line) => {
      const colon = line.indexOf(': ');
      return [line.slice(0, colon), line.slice(colon + 2)];
    }));
  }
}

/** new SignatureVerifier(scheme, secrets).verify(body, headers), for one message. */
export function verifySignature(body: Bytes, headers: WebhookHeaders,
  options: VerifierOptions & VerifyOptions & {
    scheme: SignatureScheme; secrets: Secret | readonly Secret[];
  }): Verification {
  return new SignatureVerifier(options.scheme, options.secrets, options)
    .verify(body, headers, options);
}

/** new PayloadSigner(scheme, secrets).sign(body), for one message. */
export function signPayload(body: Bytes, options: VerifyOptions & {
  scheme: SignatureScheme; secrets: Secret | readonly Secret[]; id?: string;
}): Record<string, string> {
  return new PayloadSigner(options.scheme, options.secrets).sign(body, options);
}
