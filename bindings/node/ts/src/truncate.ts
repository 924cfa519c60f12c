// Truncating: a payload is cut to a budget of bytes, and JSON stays JSON.
import native from '../../native.cjs';
import type { NativeTruncateCut } from '../../native.cjs';
import { Turns, give, newTask, take } from './async.js';
import { checkedObject, choice, integer, names } from './options.js';
import {
  type Answer, type Bytes, asBytes, isBytes, refuse, refuseDocumentFormat,
} from './values.js';

const { addon, JobqueueError } = native;

export interface TruncateOptions {
  /** Most bytes of the output, in UTF-8; at least 64. */
  maxBytes: number;
  /** JSON pointers to what stays as it is; `~s` goes on inside a string that holds JSON. */
  pinned?: readonly string[];
  /** Items that stay at the beginning of an array whose middle goes; default 3. */
  arrayHead?: number;
  /** The same at its end; default 1. */
  arrayTail?: number;
  /** The word that marks what was cut: 1 to 24 characters of A-Z a-z 0-9 _ and -. */
  marker?: string;
  /** For documents only: 'json' refuses what is none, 'text' looks for none. */
  format?: 'auto' | 'json' | 'text';
}

/** One thing that was done; the differences add up to what the output is shorter by. */
export type TruncateCut = Readonly<NativeTruncateCut>;
export interface Truncation<T> {
  readonly value: T;
  readonly changed: boolean;
  readonly cuts: readonly TruncateCut[];
}

type NativeArguments = Parameters<typeof addon.truncate> extends
  [unknown, ...infer Options, unknown?] ? Options : never;

const formats = { auto: 0, json: 1, text: 3 };
const defaults = { pinned: [], arrayHead: 3, arrayTail: 1, marker: 'TRUNCATED', format: 'auto' };

function checkedOptions(given: TruncateOptions): NativeArguments {
  const all = checkedObject(given, ['maxBytes', ...Object.keys(defaults)]);
  const {
    maxBytes, pinned, arrayHead, arrayTail, marker, format,
  }: Record<string, unknown> = { ...defaults, ...all };
  if (typeof marker !== 'string') throw new TypeError('marker must be a string');
  return [
    integer('maxBytes', maxBytes), names('pinned', pinned), integer('arrayHead', arrayHead),
    integer('arrayTail', arrayTail), marker, choice('format', format, formats),
  ];
}

/** JSON of an object, and whether it is as JSON.stringify writes it. */
function documentOf(name: string, value: object): { text: string; whole: boolean } {
  try {
    let text: string | undefined;
    let whole = true;
    try {
      text = JSON.stringify(value);
    } catch (problem) {
      if (!(problem instanceof TypeError)) throw problem;
      // A cycle or a BigInt. A container is in itself if it is one of those around it.
      whole = false;
      const around: unknown[] = [];
      text = JSON.stringify(value, function (this: unknown, _key, one: unknown) {
        if (typeof one === 'bigint') return String(one);
        if (typeof one !== 'object' || one === null) return one;
        while (around.length > 0 && around.at(-1) !== this) around.pop();
        if (around.includes(one)) return '[Circular]';
        around.push(one);
        return one;
      });
    }
    return text === undefined ? refuse(name, text) : { text, whole };
  } catch (problem) {
    if (!(problem instanceof RangeError)) throw problem;
    const message = 'the object has too many containers in one another; pass its JSON';
    throw new JobqueueError(message, 'DEPTH_EXCEEDED', 14);
  }
}

/** What the addon gets of x, and what x becomes by its answer. */
function prepare(name: string, x: unknown, options: NativeArguments):
  { input: string | Bytes; finish(lean: string | Buffer | undefined): unknown } {
  if (typeof x === 'string' || isBytes(x)) return { input: x, finish: (lean) => lean ?? x };
  if (typeof x !== 'object' || x === null) return refuse(name, x);
  if (options[5] !== formats.auto) refuseDocumentFormat();
  const { text, whole } = documentOf(name, x);
  return {
    input: text,
    finish: (lean) => (lean === undefined && whole ? x : JSON.parse(String(lean ?? text))),
  };
}

function truncate(name: string, x: unknown, given: TruncateOptions, cuts?: NativeTruncateCut[]):
  unknown {
  const options = checkedOptions(given);
  const { input, finish } = prepare(name, x, options);
  return finish(addon.truncate(isBytes(input) ? asBytes(input) : input, ...options, cuts));
}

/**
 * Cuts x to at most maxBytes bytes, so that JSON stays JSON. x is a document (a string or bytes),
 * or an object or array, of which the JSON is measured. Returns x itself when it fits.
 */
export function truncatePayload<T extends string | object>(
  x: T, options: TruncateOptions): Answer<T> {
  return truncate('truncatePayload', x, options) as Answer<T>;
}

/** truncatePayload with what was done. */
export function truncatePayloadReport<T extends string | object>(
  x: T, options: TruncateOptions): Truncation<Answer<T>> {
  const cuts: NativeTruncateCut[] = [];
  const value = truncate('truncatePayloadReport', x, options, cuts) as Answer<T>;
  return { value, changed: cuts.length > 0, cuts };
}

/** truncatePayload on a thread of the pool; JSON of an object is made and parsed here. */
export async function truncatePayloadAsync<T extends string | object>(
  x: T, given: TruncateOptions): Promise<Answer<T>> {
  const options = checkedOptions(given);
  const { input, finish } = prepare('truncatePayloadAsync', x, options);
  const turns = new Turns();
  const task = newTask(input, undefined, false);
  await give(task, input, turns);
  await new Promise<void>((done) => { task.truncate(...options, done); });
  return finish(await take(task, typeof input === 'string', turns)) as Answer<T>;
}
