// Retries: what they may change in the data of a job, and which attempt a job is at.
import native from '../../native.cjs';
import { type Answer, type Bytes, asBytes, isBytes } from './values.js';

const { addon } = native;

export interface PreserveOptions {
  /** Number of the retry, from 1; a lower one than that of the data is refused. */
  attempt: number;
  /** When it was done; the present if not given. */
  at?: Date | undefined;
}

const written = ['outputs', 'retry_execution_data', 'last_retry_attempt', 'retry_completed_at'];

const kinds = 'must be a string or bytes of JSON, or an object';

type Dictionary = Record<string, unknown>;

function isObject(value: unknown): value is Dictionary {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !isBytes(value);
}

function checkedAttempt(attempt: unknown): number {
  if (typeof attempt !== 'number' || !Number.isSafeInteger(attempt) || attempt < 0) {
    throw new TypeError('attempt must be an integer from 0 to Number.MAX_SAFE_INTEGER');
  }
  return attempt;
}

function microsOf(at: Date | undefined): number {
  const millis = at === undefined ? Date.now() : at.getTime();
  if (!Number.isFinite(millis)) throw new TypeError('at must be a valid Date');
  return millis * 1000;
}

function inputOf(name: string, value: unknown): string | Uint8Array {
  if (typeof value === 'string') return value;
  if (isBytes(value)) return asBytes(value);
  throw new TypeError(`${name} must be a string or bytes of JSON`);
}

/** Asks for the data of a job in which arrays of one number stand for the values of this one. */
function preserveObject(original: Dictionary, result: unknown, attempt: number, micros: number):
  Dictionary {
  const values: unknown[] = [];
  const standIn = (value: unknown) => [values.push(value) - 1];
  const real = (value: unknown) => (Array.isArray(value) ? values[value[0] as number] : value);

  const outline: Dictionary = {};
  for (const name of written) {
    if (original[name] !== undefined) outline[name] = standIn(original[name]);
  }
  const recorded = original.last_retry_attempt;
  if (typeof recorded === 'string' || (typeof recorded === 'number' && Number.isFinite(recorded))) {
    outline.last_retry_attempt = recorded;
  }
  const key = String(attempt);
  const replaced = original.retry_replaced;
  if (isObject(replaced)) {
    outline.retry_replaced = replaced[key] === undefined ? {} : { [key]: standIn(replaced[key]) };
  } else if (replaced !== undefined) {
    outline.retry_replaced = standIn(replaced);
  }

  const text = addon.preserveJobData(JSON.stringify(outline), JSON.stringify(standIn(result)),
    attempt, micros) as string;
  const made = JSON.parse(text) as Dictionary;
  const data: Dictionary = { ...original };
  for (const name of written) data[name] = real(made[name]);
  const kept = made.retry_replaced;
  if (isObject(kept) && isObject(kept[key])) {
    const record = Object.fromEntries(Object.entries(kept[key]).map(
      ([name, value]) => [name, real(value)]));
    data.retry_replaced = { ...(isObject(replaced) ? replaced : {}), [key]: record };
  }
  return data;
}

/**
 * Records what a retry gave in the data of a job: JSON as a string or bytes, with a result of JSON;
 * or an object, which is not changed, with the result itself. Returns the same kind; in an object
 * other values are the same. docs/api/retry.md has the rules.
 */
export function preserveJobData<T extends string | Bytes | object>(
  original: T, result: unknown, options: PreserveOptions): Answer<T> {
  const attempt = checkedAttempt(options?.attempt);
  const micros = microsOf(options.at);
  if (typeof original === 'string' || isBytes(original)) {
    return addon.preserveJobData(inputOf('original', original), inputOf('result', result),
      attempt, micros) as Answer<T>;
  }
  if (!isObject(original)) throw new TypeError(`original ${kinds}`);
  return preserveObject(original, result, attempt, micros) as Answer<T>;
}

/** Numbers and strings as they are; what can be no attempt is null. */
function scalar(value: unknown): unknown {
  if (typeof value === 'bigint') return String(value);
  return typeof value === 'string' || typeof value === 'number' ? value : null;
}

/** What is known of an object in an object, which may be the text of one. */
function part(value: unknown, below: (inner: Dictionary) => unknown): unknown {
  return isObject(value) ? below(value) : scalar(value);
}

/**
 * Which attempt of a job this is, 0 for the first try. A job is its columns or the fields of its
 * hash: an object, or one of JSON as a string or bytes. The first number among
 * ctx.workflow_context.retry_attempt, payload.ctx.retry_count, payload.ctx.retryCount and
 * retry_count counts; ctx and payload may be strings of JSON.
 */
export function retryAttempt(job: string | Bytes | object): number {
  if (!isObject(job)) {
    if (typeof job !== 'string' && !isBytes(job)) throw new TypeError(`job ${kinds}`);
    return addon.retryAttempt(inputOf('job', job));
  }
  // No more of it than is looked at.
  return addon.retryAttempt(JSON.stringify({
    ctx: part(job.ctx, (ctx) => ({
      workflow_context: part(ctx.workflow_context, (inner) => ({
        retry_attempt: scalar(inner.retry_attempt),
      })),
    })),
    payload: part(job.payload, (payload) => ({
      ctx: part(payload.ctx, (ctx) => ({
        retry_count: scalar(ctx.retry_count), retryCount: scalar(ctx.retryCount),
      })),
    })),
    retry_count: scalar(job.retry_count),
  }));
}

/** The name under which an attempt keeps a file: 'image.png' is 'image_r2.png' for 2. */
export function retryAssetFilename(filename: string, attempt: number): string {
  if (typeof filename !== 'string') throw new TypeError('filename must be a string');
  return addon.retryAssetFilename(filename, checkedAttempt(attempt));
}
