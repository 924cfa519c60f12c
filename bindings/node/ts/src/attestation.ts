// Attestations: the keys they are kept under, and records in a chain.
import native from '../../native.cjs';
import type {
  NativeAttestationSigner, NativeAttestationVerifier, NativeKeyParts,
} from '../../native.cjs';
import { type Secret, made, secretsOf } from './signature.js';
import { type Bytes, asBytes, isBytes } from './values.js';

const { addon, JobqueueError } = native;

export type AttestationWriter = 'worker' | 'workflow' | 'api';
export type AttestationKind = 'completion' | 'failure';
/** 'current' is what is written today. */
export type AttestationForm = 'current' | 'plain' | 'prefixed' | 'early_failure';

/** What the key of an attestation says. */
export interface AttestationKey {
  readonly writer: AttestationWriter;
  readonly kind: AttestationKind;
  readonly form: AttestationForm;
  /** null if the key does not say. */
  readonly workflowId: string | null;
  /** That of the job without one leading 'step-'; null in keys of a whole workflow. */
  readonly stepId: string | null;
  /** 1 is the first try, with every writer; null if the key does not say. */
  readonly attempt: number | null;
  /** The last failure, which has no number in its key. */
  readonly permanent: boolean;
  /** The older forms: the id in the key begins with 'step-'. */
  readonly hasStepPrefix: boolean;
  /** There is another reading; neither written nor compared. */
  readonly ambiguous: boolean;
}

/** A place in a chain: behind the record of that number, which has that digest. */
export interface AttestationHead {
  readonly sequence: number;
  readonly digest: string;
}

/** A record with its chain, and where the chain is then. */
export interface SealedAttestation<T> {
  readonly text: T;
  readonly head: AttestationHead;
}

export type AttestationReason =
  'malformed' | 'unchained' | 'chain_malformed' | 'digest_mismatch' | 'hmac_mismatch' |
  'previous_mismatch' | 'sequence_gap' | 'out_of_order' | 'duplicate' | 'fork' | 'truncated' |
  'beyond_head';

/** What is wrong with a record of a chain, or with the chain. */
export interface AttestationProblem {
  /** Which record, from 0; how many there are if it is about the end of the chain. */
  readonly index: number;
  readonly reason: AttestationReason;
  /** The number that the record claims; null if none. */
  readonly sequence: number | null;
  /** The number that was due. */
  readonly expected: number;
}

/** What became of a chain. */
export interface AttestationReport {
  /** Whether there is no problem. */
  readonly ok: boolean;
  /** Records without a problem. */
  readonly count: number;
  /** Behind the newest record that is of the chain. */
  readonly head: AttestationHead;
  readonly problems: readonly AttestationProblem[];
}

export interface VerifyChainOptions {
  /** The place that the records follow; else they are from the first one on. */
  after?: AttestationHead;
  /** Digest of the newest record; without it or the count nobody sees that one missing. */
  expectedHead?: string;
  /** Number of the newest record. */
  expectedCount?: number;
}

const words = {
  writer: ['worker', 'workflow', 'api'],
  kind: ['completion', 'failure'],
  form: ['current', 'plain', 'prefixed', 'early_failure'],
} as const;
const origin: AttestationHead = { sequence: 0, digest: '0'.repeat(64) };
const digestChars = 64;

function refuse(message: string): never {
  throw new JobqueueError(message, 'INVALID_ARGUMENT', 1);
}

function wordOf(name: keyof typeof words, value: string): string {
  const known: readonly string[] = words[name];
  return known.includes(value) ? value : refuse(`${name} must be one of ${known.join(', ')}`);
}

function idOf(name: string, value: unknown): string {
  if (value === undefined || value === null) return '';
  if (typeof value !== 'string') throw new TypeError(`${name} must be a string or null`);
  return value;
}

/** A number that C takes as one; 0 is none there. */
function attemptOf(value: unknown): number {
  if (value === undefined || value === null) return 0;
  if (typeof value !== 'number') throw new TypeError('attempt must be a number or null');
  if (Number.isSafeInteger(value) && value >= 1) return value;
  return refuse('the attempt must be from 1 to 2^53 - 1; 1 is the first try');
}

function partsOf(key: Partial<AttestationKey>): NativeKeyParts {
  if (typeof key !== 'object' || key === null) throw new TypeError('a key must be an object');
  const { writer = 'worker', kind = 'completion', form = 'current' } = key;
  return [wordOf('writer', writer), wordOf('kind', kind), wordOf('form', form),
    idOf('workflowId', key.workflowId), idOf('stepId', key.stepId), attemptOf(key.attempt),
    key.permanent ?? false, key.hasStepPrefix ?? false];
}

function readingOf(text: string, reading: number): AttestationKey | undefined {
  if (typeof text !== 'string') throw new TypeError('a key must be a string');
  const parts = addon.parseAttestationKey(text, reading);
  if (parts === undefined) return undefined;
  const [writer, kind, form, workflowId, stepId, attempt, permanent, hasStepPrefix, ambiguous] =
    parts;
  return {
    writer: writer as AttestationWriter, kind: kind as AttestationKind,
    form: form as AttestationForm, workflowId, stepId, attempt, permanent, hasStepPrefix, ambiguous,
  };
}

/** Reads a key of any generation; of several readings it gives the newest form's. */
export function parseAttestationKey(text: string): AttestationKey {
  return readingOf(text, 0) as AttestationKey;
}

/** Every reading of a key, the best one first. */
export function attestationKeyReadings(text: string): AttestationKey[] {
  const readings = [parseAttestationKey(text)];
  if (!readings[0]?.ambiguous) return readings;
  for (let next = readingOf(text, 1); next !== undefined; next = readingOf(text, readings.length)) {
    readings.push(next);
  }
  return readings;
}

/** Builds the text of a key, so that nothing else can be read from it. */
export function formatAttestationKey(key: Partial<AttestationKey>): string {
  return addon.formatAttestationKey(...partsOf(key));
}

/**
 * The canonical order, for Array.prototype.sort: by workflow, attempt (unknown ones first), step,
 * writer, kind, permanence, form.
 */
export function compareAttestationKeys(a: Partial<AttestationKey>, b: Partial<AttestationKey>):
number {
  return addon.compareAttestationKeys(...partsOf(a), ...partsOf(b));
}

/** A worker counts attempts from 1, the API retries from 0: retry 1 is attempt 2. */
export function attemptOfRetry(retry: number): number {
  return retry + 1;
}

/** The retry of an attempt, which is at least 1. */
export function retryOfAttempt(attempt: number): number {
  return attempt - 1;
}

function recordOf(record: unknown): string | Uint8Array {
  if (typeof record === 'string') return record;
  if (isBytes(record)) return asBytes(record);
  throw new TypeError('a record must be a string or bytes: the text of an object of JSON');
}

function placeOf(head: AttestationHead | undefined): [number, string] {
  const { sequence, digest } = head ?? origin;
  if (typeof sequence !== 'number' || typeof digest !== 'string') {
    throw new TypeError('a head has the number sequence and the string digest');
  }
  if (!Number.isSafeInteger(sequence) || sequence < 0) {
    refuse('the number of a record is from 0 to 2^53 - 1');
  }
  if (digest.length !== digestChars) refuse('a digest is 64 hexadecimal digits in lower case');
  return [sequence, digest];
}

function countOf(expected: number | undefined): number {
  if (expected === undefined) return -1;
  if (typeof expected !== 'number') throw new TypeError('expectedCount must be a number');
  if (Number.isSafeInteger(expected) && expected >= 0) return expected;
  return refuse('expectedCount must be from 0 to 2^53 - 1');
}

/** Puts records into a chain; keyed once, immutable. */
export class AttestationSigner {
  readonly #inner: NativeAttestationSigner;

  constructor(secret: Secret) {
    const [one, more] = secretsOf(secret);
    if (one === undefined || more !== undefined) throw new TypeError('a signer has one secret');
    this.#inner = made(() => new addon.AttestationSigner([one]));
  }

  /**
   * Adds the chain to a record, the text of an object of JSON, as its last member; every other byte
   * stays. `after` is the place behind which it comes: the head of the record before.
   */
  seal<T extends string | Bytes>(record: T, after?: AttestationHead):
  SealedAttestation<T extends string ? string : Buffer> {
    const [text, sequence, digest] = this.#inner.seal(recordOf(record), ...placeOf(after));
    return { text: text as T extends string ? string : Buffer, head: { sequence, digest } };
  }
}

/** Verifies chains; keyed once, immutable. */
export class AttestationVerifier {
  readonly #inner: NativeAttestationVerifier;

  /** Any of the secrets may have sealed a record. */
  constructor(secrets: Secret | readonly Secret[]) {
    this.#inner = made(() => new addon.AttestationVerifier(secretsOf(secrets)));
  }

  /** Reports every problem of records, which are given in their order. */
  verify(records: Iterable<string | Bytes>, options: VerifyChainOptions = {}): AttestationReport {
    const isObject = typeof records === 'object' && records !== null;
    if (!isObject || isBytes(records) || !(Symbol.iterator in records)) {
      throw new TypeError('records must be an iterable of strings or bytes, not one of them');
    }
    const { after, expectedHead = '', expectedCount } = options;
    if (typeof expectedHead !== 'string') throw new TypeError('expectedHead must be a string');
    return JSON.parse(this.#inner.verify(Array.from(records, recordOf), ...placeOf(after),
      expectedHead, countOf(expectedCount))) as AttestationReport;
  }

  /** The place behind one record, to go on from there; only its own bytes are verified. */
  headOf(record: string | Bytes): AttestationHead {
    const [sequence, digest] = made(() => this.#inner.headOf(recordOf(record)));
    return { sequence, digest };
  }
}

/** new AttestationVerifier(secrets).verify(records), for one chain. */
export function verifyAttestationChain(records: Iterable<string | Bytes>,
  options: VerifyChainOptions & { secrets: Secret | readonly Secret[] }): AttestationReport {
  return new AttestationVerifier(options.secrets).verify(records, options);
}
