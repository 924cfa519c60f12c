/**
 * Payload hygiene for job queues: cuts base64 blobs out of JSON, byte-exact and reversible.
 * docs/api/node.md has the details.
 */
import { Transform, type TransformCallback, type TransformOptions } from 'node:stream';
import { fileURLToPath } from 'node:url';
import native from '../../native.cjs';
import type {
  NativeCut, NativeKept, NativeReport, NativeSanitizer, NativeVault,
} from '../../native.cjs';
import {
  type AsyncBlobStore, type BlobStore, type SanitizeOptions, checkVault, checkedOptions,
  nativeVault, registerVault,
} from './options.js';
import {
  type Answer, asBytes, checkedLimit, isBytes, mayRestore, refuse, refuseDocumentFormat,
} from './values.js';
import { Walk, mayHold } from './walker.js';

const { addon } = native;
export const JobqueueError = native.JobqueueError;
export type JobqueueError = InstanceType<typeof native.JobqueueError>;
export type { AsyncBlobStore, BlobStore, SanitizeOptions };
export { type AsyncRestoreOptions, restoreBase64Async, sanitizeBase64Async } from './async.js';
export {
  type AttestationForm, type AttestationHead, type AttestationKey, type AttestationKind,
  type AttestationProblem, type AttestationReason, type AttestationReport, AttestationSigner,
  AttestationVerifier, type AttestationWriter, type SealedAttestation, type VerifyChainOptions,
  attemptOfRetry, attestationKeyReadings, compareAttestationKeys, formatAttestationKey,
  parseAttestationKey, retryOfAttempt, verifyAttestationChain,
} from './attestation.js';
export {
  type Failure, type FailureConfidence, type FailureContext, type FailureReason, type FailureType,
  classifyFailure,
} from './failure.js';
export {
  type PreserveOptions, preserveJobData, retryAssetFilename, retryAttempt,
} from './retry.js';
export {
  type ContentCategory, type ContentConfidence, type ContentEvidence, type ContentSource,
  type ContentType, type ContentTypeOptions, detectContentType,
} from './content_type.js';
export { type ProbedContentType, type ProbeOptions, probeContentType } from './probe.js';
export {
  type EvaluateOptions, type Evaluation, type JobRecord, Ruleset, type RulesetOptions,
  type TracedCondition, standardRules,
} from './rules.js';
export {
  PayloadSigner, type ReadOptions, type Secret, type SignatureScheme, SignatureVerificationError,
  SignatureVerifier, type Verification, type VerifierOptions, type VerifyOptions,
  type WebhookHeaders, readRawBody, signPayload, verifySignature,
} from './signature.js';

export {
  type TruncateCut, type TruncateOptions, type Truncation, truncatePayload, truncatePayloadAsync,
  truncatePayloadReport,
} from './truncate.js';

/** One blob that was cut; offsets are bytes of bytes and UTF-16 units of strings. */
export type Cut = Readonly<NativeCut>;
/** One candidate that was left alone, and why. In an object, `pointer` says where. */
export type Kept = Readonly<NativeKept & { pointer?: string }>;
export interface Report<T> {
  readonly value: T;
  readonly changed: boolean;
  readonly cuts: readonly Cut[];
  readonly kept: readonly Kept[];
}

export interface RestoreOptions {
  vault: BlobStore;
  /** Leave a reference whose blob the vault does not have. */
  keepMissing?: boolean;
  /** For everything that one call restores; default 4 GiB. */
  maxOutputBytes?: number;
}

function sanitize(x: unknown, given: SanitizeOptions | undefined, report?: NativeReport): unknown {
  const options = checkedOptions(given);
  if (typeof x === 'string') return addon.sanitizeText(x, options.native, report) ?? x;
  if (isBytes(x)) return addon.sanitizeBytes(asBytes(x), options.native, report) ?? x;
  if (typeof x !== 'object' || x === null) return refuse('sanitizeBase64', x);
  if (options.isDocumentFormat) refuseDocumentFormat();
  if (!mayHold(x, options.mayChange)) return x;
  const walk = new Walk(x as Record<string, unknown>, options.mayChange);
  for (let text = walk.next(); text !== undefined; text = walk.next()) {
    const before = report === undefined ? [0, 0] : [report.cuts.length, report.kept.length];
    const changed = addon.sanitizeValue(text, walk.context(), options.native, report);
    if (changed !== undefined) walk.replace(changed);
    if (report === undefined) continue;
    const pointer = walk.pointer;
    for (const cut of report.cuts.slice(before[0])) {
      cut.pointer = cut.pointer ? `${pointer}/~s${cut.pointer}` : pointer;
      cut.line = 1;
    }
    for (const kept of report.kept.slice(before[1])) Object.assign(kept, { pointer });
  }
  const lean = walk.result;
  if (lean !== x) addon.syncVault(options.native);
  return lean;
}

/**
 * Cuts every base64 blob out of x and puts a placeholder in its place. x is a document (a string or
 * bytes), or a plain object or array, which is walked and never changed. Returns x itself when
 * nothing was cut.
 */
export function sanitizeBase64<T extends string | object>(
  x: T, options?: SanitizeOptions): Answer<T> {
  return sanitize(x, options) as Answer<T>;
}

/** sanitizeBase64 with what was cut, and what was looked at and left alone. */
export function sanitizeBase64Report<T extends string | object>(
  x: T, options?: SanitizeOptions): Report<Answer<T>> {
  const report: NativeReport = { cuts: [], kept: [] };
  const value = sanitize(x, options, report) as Answer<T>;
  return { value, changed: report.cuts.length > 0, cuts: report.cuts, kept: report.kept };
}

/** Puts back what sanitizeBase64 cut into the vault. Returns x itself when it has no reference. */
export function restoreBase64<T extends string | object>(x: T, options: RestoreOptions): Answer<T> {
  const vault = nativeVault(checkVault(options?.vault));
  const keepMissing = options.keepMissing ?? false;
  let left = checkedLimit(options.maxOutputBytes);
  const value: unknown = x;
  if (typeof value === 'string' || isBytes(value)) {
    const input = typeof value === 'string' ? value : asBytes(value);
    return (addon.restore(input, vault, keepMissing, left) ?? x) as Answer<T>;
  }
  if (typeof value !== 'object' || value === null) return refuse('restoreBase64', value);
  if (!mayHold(value, mayRestore)) return x as Answer<T>;
  const walk = new Walk(value as Record<string, unknown>, mayRestore);
  for (let text = walk.next(); text !== undefined; text = walk.next()) {
    const whole = addon.restore(text, vault, keepMissing, left) as string | undefined;
    if (whole === undefined) continue;
    left = Math.max(0, left - Buffer.byteLength(whole));
    walk.replace(whole);
  }
  return walk.result as Answer<T>;
}

/** A directory in which blobs are kept by their SHA-256. */
export class Vault implements BlobStore {
  readonly #inner: NativeVault;

  constructor(path: string | URL, options: { create?: boolean } = {}) {
    const place = path instanceof URL ? fileURLToPath(path) : path;
    if (typeof place !== 'string') throw new TypeError('path must be a string or a URL');
    this.#inner = new addon.Vault(place, options.create ?? true);
    registerVault(this, this.#inner);
  }

  /** Keeps a blob; returns its SHA-256, 32 bytes. */
  add(blob: Uint8Array): Buffer {
    return this.#inner.add(asBytes(blob));
  }

  put(digest: Uint8Array, blob: Uint8Array): void {
    if (!this.add(blob).equals(digest)) {
      throw new JobqueueError('digest is not that of the blob', 'INVALID_ARGUMENT', 1);
    }
  }

  get(digest: Uint8Array, size: number): Buffer {
    if (!isBytes(digest) || digest.byteLength !== 32) {
      throw new JobqueueError('digest must be 32 bytes', 'INVALID_ARGUMENT', 1);
    }
    if (!Number.isSafeInteger(size) || size < 0) throw new TypeError('size must be an integer');
    return this.#inner.get(asBytes(digest), size);
  }

  sync(): void {
    this.#inner.sync();
  }
}

/** sanitizeBase64 for bytes that come in pieces, in bounded memory. */
export class Base64Sanitizer {
  readonly #inner: NativeSanitizer;
  readonly #onCut: ((cut: Cut) => void) | undefined;

  constructor(options: SanitizeOptions & { onCut?: (cut: Cut) => void } = {}) {
    const { onCut, ...rest } = options;
    this.#inner = new addon.Sanitizer(checkedOptions(rest).native);
    this.#onCut = onCut;
  }

  /** Takes the next piece of the input, and gives the next piece of the output. */
  update(piece: Uint8Array): Buffer {
    if (!isBytes(piece)) throw new TypeError('update takes bytes');
    return this.#step((report) => this.#inner.update(asBytes(piece), report));
  }

  /** The input is complete: gives the rest. After that the next input may begin. */
  finish(): Buffer {
    return this.#step((report) => this.#inner.finish(report));
  }

  #step(call: (report?: NativeReport) => Buffer): Buffer {
    if (this.#onCut === undefined) return call();
    const report: NativeReport = { cuts: [], kept: [] };
    const out = call(report);
    for (const cut of report.cuts) this.#onCut(cut);
    return out;
  }
}

/** A Transform that gives the bytes that pass without their blobs. */
export class Base64SanitizerStream extends Transform {
  readonly #sanitizer: Base64Sanitizer;

  constructor(options: SanitizeOptions & { onCut?: (cut: Cut) => void } = {},
    stream: TransformOptions = {}) {
    super(stream);
    this.#sanitizer = new Base64Sanitizer(options);
  }

  override _transform(piece: Buffer | string, encoding: BufferEncoding,
    done: TransformCallback): void {
    this.#answer(done, () =>
      this.#sanitizer.update(typeof piece === 'string' ? Buffer.from(piece, encoding) : piece));
  }

  override _flush(done: TransformCallback): void {
    this.#answer(done, () => this.#sanitizer.finish());
  }

  #answer(done: TransformCallback, call: () => Buffer): void {
    let out: Buffer;
    try {
      out = call();
    } catch (problem) {
      done(problem as Error);
      return;
    }
    done(null, out.length > 0 ? out : undefined);
  }
}

/** What is running: versions of the library, its ABI and the OpenSSL inside, instruction set. */
export function buildInfo(): {
  version: string; abiVersion: number; simdTarget: string; openssl: string;
} {
  return addon.buildInfo();
}
