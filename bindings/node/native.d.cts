/** What the addon has; the friendly layer is in ts/. */
export interface NativeCut {
  offset: number;
  size: number;
  decodedSize: number;
  line: number;
  replacementSize: number;
  pointer: string | null;
  form: string;
  blobClass: string;
  encoding: string;
  evidence: string;
  mediaType: string;
  sha256: string;
}
export interface NativeKept {
  offset: number;
  size: number;
  reason: string;
}
export interface NativeReport {
  cuts: NativeCut[];
  kept: NativeKept[];
}
/** Checked options, to be used for any number of calls. */
export interface NativeOptions {
  readonly minRunChars: number;
}
export interface NativeVault {
  add(blob: Uint8Array): Buffer;
  get(digest: Uint8Array, size: number): Buffer;
  sync(): void;
}
export interface NativeSanitizer {
  update(piece: Uint8Array, report?: NativeReport): Buffer;
  finish(report?: NativeReport): Buffer;
}
/** Work on a thread of the pool: append the input, start one of the two, then take the output. */
export interface NativeTask {
  append(piece: string | Uint8Array): void;
  /** What is appended from here on is this blob. */
  beginBlob(digest: Uint8Array): void;
  sanitize(context: string | undefined, done: () => void): void;
  restore(directory: object | undefined, keepMissing: boolean, maxBytes: number, done: () => void):
    void;
  /** Size of the output in bytes; undefined: nothing was changed. Throws what went wrong. */
  finish(): number | undefined;
  nextText(maxBytes: number): string | undefined;
  copy(target: Uint8Array, offset: number, blob: number | undefined): void;
  /** Those to put, or those to get. */
  blobs(toPut: boolean): { digest: Buffer; size: number }[];
}
export interface Addon {
  useErrorClass(constructor: unknown): void;
  Options: new (options: object) => NativeOptions;
  Vault: new (path: string, create: boolean) => NativeVault;
  Sanitizer: new (options: NativeOptions) => NativeSanitizer;
  /** `size` of the input in bytes or units; `collects`: the vault is an object. */
  Task: new (options: object | undefined, isText: boolean, size: number, collects: boolean) =>
    NativeTask;
  /** undefined: nothing was cut. */
  sanitizeBytes(bytes: Uint8Array, options: NativeOptions, report?: NativeReport):
    Buffer | undefined;
  sanitizeText(text: string, options: NativeOptions, report?: NativeReport): string | undefined;
  /** `context` is what Walk.context() makes. */
  sanitizeValue(text: string, context: string, options: NativeOptions, report?: NativeReport):
    string | undefined;
  restore(input: string | Uint8Array, vault: unknown, keepMissing: boolean, maxBytes: number):
    string | Buffer | undefined;
  syncVault(options: NativeOptions): void;
  defaultCutFields(): string[];
  minCutSize: number;
  buildInfo(): { version: string; abiVersion: number; simdTarget: string; openssl: string };
}
export const addon: Addon;
export class JobqueueError extends Error {
  constructor(message: string, code: string, status: number, offset?: number);
  /** The word of the error, 'INVALID_JSON'. */
  readonly code: string;
  /** Its number; below 80 the input is at fault, from 80 the machine. */
  readonly status: number;
  /** Where in the input, in bytes of bytes and UTF-16 units of strings; absent without a place. */
  readonly offset?: number;
}
