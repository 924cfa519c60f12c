// The functions that keep the event loop free: the work is done on a thread of the pool, and what
// must be done here is done in slices.
import { performance } from 'node:perf_hooks';
import { setImmediate as nextTurn } from 'node:timers/promises';
import native from '../../native.cjs';
import type { NativeTask } from '../../native.cjs';
import {
  type AsyncBlobStore, type SanitizeOptions, checkVault, checkedOptions, directoryOf,
} from './options.js';
import {
  type Answer, type Bytes, asBytes, checkedLimit, isBytes, mayRestore, refuse, refuseDocumentFormat,
} from './values.js';
import { Walk } from './walker.js';

const { addon, JobqueueError } = native;

const slice = 256 * 1024; // units or bytes that cross in one go
const walkedAtOnce = 256; // values, between two looks at the clock
const longestTurn = 0.3; // ms, for what can be divided
const smallText = 16 * 1024; // is looked at here; larger ones only on the other thread

export interface AsyncRestoreOptions {
  vault: AsyncBlobStore;
  /** Leave a reference whose blob the vault does not have. */
  keepMissing?: boolean;
  /** For everything that one call restores; default 4 GiB. */
  maxOutputBytes?: number;
}

/** Lets others have their turn when this one has been long. */
export class Turns {
  #begin = performance.now();

  async pause(): Promise<void> {
    if (performance.now() - this.#begin < longestTurn) return;
    await nextTurn();
    this.#begin = performance.now();
  }
}

export async function give(task: NativeTask, input: string | Bytes, turns: Turns): Promise<void> {
  const size = typeof input === 'string' ? input.length : asBytes(input).byteLength;
  for (let begin = 0; begin < size;) {
    let end = Math.min(begin + slice, size);
    if (typeof input === 'string') {
      // A pair of surrogates is one character.
      if (end < size && (input.charCodeAt(end - 1) & 0xfc00) === 0xd800) end -= 1;
      task.append(input.slice(begin, end));
    } else {
      task.append(asBytes(input, begin, end - begin));
    }
    begin = end;
    await turns.pause();
  }
}

async function bytesOf(task: NativeTask, size: number, blob: number | undefined, turns: Turns):
  Promise<Buffer> {
  const bytes = Buffer.allocUnsafeSlow(size);
  for (let begin = 0; begin < size; begin += slice) {
    task.copy(bytes.subarray(begin, begin + slice), begin, blob);
    await turns.pause();
  }
  return bytes;
}

/** The output, or undefined if the input is the output. */
export async function take(task: NativeTask, isText: boolean, turns: Turns):
  Promise<string | Buffer | undefined> {
  const size = task.finish();
  if (size === undefined) return undefined;
  if (!isText) return bytesOf(task, size, undefined, turns);
  let text = '';
  for (let piece = task.nextText(slice); piece !== undefined; piece = task.nextText(slice)) {
    text += piece;
    await turns.pause();
  }
  return text;
}

export function newTask(input: string | Bytes, options: object | undefined, collects: boolean):
  NativeTask {
  const isText = typeof input === 'string';
  return new addon.Task(options, isText, isText ? input.length : input.byteLength, collects);
}

export async function sanitizeBase64Async<T extends string | object>(
  x: T, given?: SanitizeOptions<AsyncBlobStore>): Promise<Answer<T>> {
  const options = checkedOptions(given);
  const vault = given?.vault;
  const store = vault !== undefined && directoryOf(vault) === undefined ? vault : undefined;
  const turns = new Turns();

  const one = async (input: string | Bytes, context?: string): Promise<unknown> => {
    const task = newTask(input, options.native, store !== undefined);
    await give(task, input, turns);
    await new Promise<void>((done) => { task.sanitize(context, done); });
    const lean = await take(task, typeof input === 'string', turns);
    if (lean === undefined || store === undefined) return lean;
    for (const [index, { digest, size }] of task.blobs(true).entries()) {
      await store.put(digest, await bytesOf(task, size, index, turns));
    }
    return lean;
  };
  const sync = async (): Promise<void> => {
    if (given?.sync !== false) await store?.sync?.();
  };

  const value: unknown = x;
  if (typeof value === 'string' || isBytes(value)) {
    const lean = await one(value);
    if (lean === undefined) return x as Answer<T>;
    await sync();
    return lean as Answer<T>;
  }
  if (typeof value !== 'object' || value === null) return refuse('sanitizeBase64Async', value);
  if (options.isDocumentFormat) refuseDocumentFormat();
  const walk = new Walk(value as Record<string, unknown>,
    (text, name) => text.length > smallText || options.mayChange(text, name));
  while (!walk.done) {
    const text = walk.next(walkedAtOnce);
    if (text !== undefined) {
      const context = walk.context();
      const changed = vault === undefined && text.length <= smallText
        ? addon.sanitizeValue(text, context, options.native)
        : await one(text, context);
      if (changed !== undefined) walk.replace(changed);
    }
    await turns.pause();
  }
  if (walk.result === value) return x as Answer<T>;
  if (store !== undefined) await sync();
  else if (vault !== undefined && given?.sync !== false) await (vault as AsyncBlobStore).sync?.();
  return walk.result as Answer<T>;
}

/** Asks the vault for what the task needs; gives a task that has all that there is. */
async function supply(task: NativeTask, store: AsyncBlobStore, limit: number, turns: Turns):
  Promise<void> {
  let left = limit;
  for (const { digest, size } of task.blobs(false)) {
    if (size > left) {
      const message = 'what is to be restored is larger than maxOutputBytes';
      throw new JobqueueError(message, 'INPUT_TOO_LARGE', 16);
    }
    left -= size;
    const blob = await store.get(digest, size);
    if (blob === undefined || blob === null) continue;
    if (!(blob instanceof Uint8Array)) {
      throw new TypeError('get() of a vault must give a Uint8Array or undefined');
    }
    task.beginBlob(digest);
    await give(task, blob, turns);
  }
}

export async function restoreBase64Async<T extends string | object>(
  x: T, options: AsyncRestoreOptions): Promise<Answer<T>> {
  const store = checkVault(options?.vault) as AsyncBlobStore;
  const directory = directoryOf(store);
  const keepMissing = options.keepMissing ?? false;
  let left = checkedLimit(options.maxOutputBytes);
  const turns = new Turns();

  const one = async (input: string | Bytes): Promise<unknown> => {
    const task = newTask(input, undefined, directory === undefined);
    await give(task, input, turns);
    const run = (keep: boolean): Promise<void> =>
      new Promise((done) => { task.restore(directory, keep, left, done); });
    // The first run over a vault of the caller only asks for blobs.
    await run(keepMissing || directory === undefined);
    if (task.blobs(false).length > 0) {
      await supply(task, store, left, turns);
      await run(keepMissing);
    }
    const size = task.finish();
    if (size !== undefined) left = Math.max(0, left - size);
    return take(task, typeof input === 'string', turns);
  };

  const value: unknown = x;
  if (typeof value === 'string' || isBytes(value)) {
    return ((await one(value)) ?? x) as Answer<T>;
  }
  if (typeof value !== 'object' || value === null) return refuse('restoreBase64Async', value);
  const walk = new Walk(value as Record<string, unknown>, mayRestore);
  while (!walk.done) {
    const text = walk.next(walkedAtOnce);
    const whole = text === undefined ? undefined : await one(text);
    if (whole !== undefined) walk.replace(whole);
    await turns.pause();
  }
  return walk.result as Answer<T>;
}
