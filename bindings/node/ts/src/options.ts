import native from '../../native.cjs';
import type { NativeOptions } from '../../native.cjs';

const { addon, JobqueueError } = native;

/** A place for blobs of your own. Methods are called while the sanitizing call runs. */
export interface BlobStore {
  /** Keeps a blob under its SHA-256 (32 bytes); one that is there already is fine. */
  put(digest: Uint8Array, blob: Uint8Array): void;
  /** The blob, or undefined if there is none. Its digest is checked. */
  get(digest: Uint8Array, size: number): Uint8Array | undefined | null;
  /** Called once after everything of a call was put. */
  sync?(): void;
}

export interface SanitizeOptions {
  /** Where blobs go; without it they are dropped. */
  vault?: BlobStore | undefined;
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
  minRunChars: number;
  isDocumentFormat: boolean;
  cutFields: ReadonlySet<string>;
}

const formats = { auto: 0, json: 1, ndjson: 2, text: 3 };
const detections = { verified: 0, naive: 1 };
const cutProtectedFlag = 2;
const noSyncFlag = 4;

function invalid(message: string): never {
  throw new JobqueueError(message, 'INVALID_ARGUMENT', 1);
}

function integer(name: string, value: unknown): number {
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

function names(name: string, value: unknown): string[] {
  if (!Array.isArray(value) || value.some((one) => typeof one !== 'string')) {
    throw new TypeError(`${name} must be an array of strings`);
  }
  return value as string[];
}

function choice<Value>(name: string, value: unknown, choices: Record<string, Value>): Value {
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

function check(given: SanitizeOptions): CheckedOptions {
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
    minRunChars: raw.minRunChars as number,
    isDocumentFormat: given.format !== undefined && given.format !== 'auto',
    cutFields: new Set(
      [...addon.defaultCutFields(), ...(given.cutFields ?? [])].map((name) => name.toLowerCase()),
    ),
  };
}

let defaults: CheckedOptions | undefined;

export function checkedOptions(given: SanitizeOptions | undefined): CheckedOptions {
  if (given !== undefined) return check(given);
  return (defaults ??= check({}));
}

const nativeVaults = new WeakMap<object, object>();

/** A directory is known to the addon by the object that it made. */
export function registerVault(vault: object, inner: object): void {
  nativeVaults.set(vault, inner);
}

export function nativeVault(vault: BlobStore): unknown {
  return nativeVaults.get(vault) ?? vault;
}
