import native from '../../native.cjs';
import type { NativeOptions } from '../../native.cjs';

const { addon, JobqueueError } = native;

/** A place for blobs of your own, for calls that return when all is done. */
export interface BlobStore {
  /** Keeps a blob under its SHA-256 (32 bytes); one that is there already is fine. */
  put(digest: Uint8Array, blob: Uint8Array): void;
  /** The blob, or undefined if there is none. Its digest is checked. */
  get(digest: Uint8Array, size: number): Uint8Array | undefined | null;
  /** Called once after everything of a call was put. */
  sync?(): void;
}

/** A place for blobs of your own whose methods may return promises. */
export interface AsyncBlobStore {
  put(digest: Uint8Array, blob: Uint8Array): unknown;
  get(digest: Uint8Array, size: number):
    Uint8Array | undefined | null | PromiseLike<Uint8Array | undefined | null>;
  sync?(): unknown;
}

export interface SanitizeOptions<Store = BlobStore> {
  /** Where blobs go; without it they are dropped. */
  vault?: Store | undefined;
  /** Least length of a run; at least 32, default 100. */
  minRunChars?: number;
  /** The same where the bytes are not recognised; default 1000. */
  minUnknownChars?: number;
  detection?: 'verified' | 'naive';
  /** For documents only: 'json' and 'ndjson' refuse what is malformed. */
  format?: 'auto' | 'json' | 'ndjson' | 'text';
  /** More member names whose whole value is base64, any case. */
  cutFields?: readonly string[];
  /** Member names whose value is never touched, any case. */
  protectFields?: readonly string[];
  /** Cut tokens, keys and envelopes, too. */
  cutProtected?: boolean;
  /** Hops into strings that hold JSON; 0 to 16, default 8. */
  maxDepth?: number;
  /** false: you will call `vault.sync()`. */
  sync?: boolean;
}

/** Options that have been checked; what a function needs besides the addon's own is kept here. */
export interface CheckedOptions {
  native: NativeOptions;
  isDocumentFormat: boolean;
  /** Whether a value in an object must be looked at. */
  mayChange(text: string, name: string): boolean;
}

const runUnits = new Uint8Array(128);
for (const unit of 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/-_\\\r\n') {
  runUnits[unit.charCodeAt(0)] = 1;
}

function isRunUnit(text: string, at: number): boolean {
  const unit = text.charCodeAt(at);
  return unit < 128 && runUnits[unit] === 1;
}

/** Whether `least` units of a run follow one another. Such a run covers one of every `least`. */
function hasRun(text: string, least: number): boolean {
  for (let probe = least - 1; probe < text.length; probe += least) {
    if (!isRunUnit(text, probe)) continue;
    let begin = probe;
    while (begin > probe - least + 1 && isRunUnit(text, begin - 1)) begin -= 1;
    let end = probe + 1;
    while (end - begin < least && isRunUnit(text, end)) end += 1;
    if (end - begin >= least) return true;
  }
  return false;
}

const maxNames = 1000; // remembered, of those that were asked about

/** Only what jobqueue_sanitize_base64_value says about values that are never changed. */
function filter(least: number, cutFields: readonly string[]): CheckedOptions['mayChange'] {
  const cut = new Set(cutFields.map((name) => name.toLowerCase()));
  const known = new Map<string, boolean>();
  return (text, name) => {
    if (hasRun(text, least) || text.includes('4,') || text.includes('"')) return true;
    let announced = known.get(name);
    if (announced === undefined) {
      announced = cut.has(name.toLowerCase());
      if (known.size < maxNames) known.set(name, announced);
    }
    return announced;
  };
}

const formats = { auto: 0, json: 1, ndjson: 2, text: 3 };
const detections = { verified: 0, naive: 1 };
const cutProtectedFlag = 2;
const noSyncFlag = 4;

function invalid(message: string): never {
  throw new JobqueueError(message, 'INVALID_ARGUMENT', 1);
}

export function integer(name: string, value: unknown): number {
  if (typeof value !== 'number' || !Number.isSafeInteger(value)) {
    throw new TypeError(`${name} must be an integer`);
  }
  if (value < 0) invalid(`${name} is out of range`);
  return value;
}

function flag(name: string, value: unknown): boolean {
  if (typeof value !== 'boolean') throw new TypeError(`${name} must be a boolean`);
  return value;
}

export function names(name: string, value: unknown): string[] {
  if (!Array.isArray(value) || value.some((one) => typeof one !== 'string')) {
    throw new TypeError(`${name} must be an array of strings`);
  }
  return value as string[];
}

export function choice<Value>(name: string, value: unknown, choices: Record<string, Value>): Value {
  if (typeof value !== 'string') throw new TypeError(`${name} must be a string`);
  if (!Object.hasOwn(choices, value)) {
    invalid(`${name} must be one of '${Object.keys(choices).join("', '")}'`);
  }
  return choices[value] as Value;
}

export function checkVault(value: unknown): BlobStore {
  const vault = value as BlobStore | null | undefined;
  if (typeof vault?.put === 'function' && typeof vault.get === 'function') return vault;
  throw new TypeError('vault must be a Vault or an object with put and get');
}

/** Options of which all names are known, without those that are undefined. */
export function checkedObject(given: object, known: readonly string[]): Record<string, unknown> {
  if (typeof given !== 'object' || given === null) throw new TypeError('options must be an object');
  const entries = Object.entries(given).filter(([, value]) => value !== undefined);
  const unknown = entries.find(([name]) => !known.includes(name));
  if (unknown !== undefined) throw new TypeError(`there is no option '${unknown[0]}'`);
  return Object.fromEntries(entries);
}

function check(given: SanitizeOptions<unknown>): CheckedOptions {
  if (typeof given !== 'object' || given === null) throw new TypeError('options must be an object');
  const raw: Record<string, unknown> = { minRunChars: 100 };
  let flags = 0;
  for (const [name, value] of Object.entries(given)) {
    if (value === undefined) continue;
    if (name === 'vault') raw.vault = nativeVault(checkVault(value));
    else if (name === 'format') raw.format = choice(name, value, formats);
    else if (name === 'detection') flags |= choice(name, value, detections);
    else if (name === 'cutProtected') flags |= flag(name, value) ? cutProtectedFlag : 0;
    else if (name === 'sync') flags |= flag(name, value) ? 0 : noSyncFlag;
    else if (name === 'cutFields' || name === 'protectFields') raw[name] = names(name, value);
    else if (name === 'minRunChars' || name === 'minUnknownChars' || name === 'maxDepth') {
      raw[name] = integer(name, value);
    } else throw new TypeError(`there is no option '${name}'`);
  }
  raw.flags = flags;
  return {
    native: new addon.Options(raw),
    isDocumentFormat: given.format !== undefined && given.format !== 'auto',
    mayChange: filter(raw.minRunChars as number,
      [...addon.defaultCutFields(), ...(given.cutFields ?? [])]),
  };
}

let defaults: CheckedOptions | undefined;

export function checkedOptions(given: SanitizeOptions<unknown> | undefined): CheckedOptions {
  if (given !== undefined) return check(given);
  return (defaults ??= check({}));
}

const nativeVaults = new WeakMap<object, object>();

/** A directory is known to the addon by the object that it made. */
export function registerVault(vault: object, inner: object): void {
  nativeVaults.set(vault, inner);
}

/** What the addon has made, if the vault is a directory. */
export function directoryOf(vault: object): object | undefined {
  return nativeVaults.get(vault);
}

export function nativeVault(vault: object): unknown {
  return directoryOf(vault) ?? vault;
}
