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
/** One thing that truncating did. */
export interface NativeTruncateCut {
  reason: 'blob' | 'white_space' | 'value' | 'items' | 'members' | 'text';
  pointer: string | null;
  bytesBefore: number;
  bytesAfter: number;
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
/** Work on a thread of the pool: append the input, start one of the three, then take the output. */
export interface NativeTask {
  append(piece: string | Uint8Array): void;
  /** What is appended from here on is this blob. */
  beginBlob(digest: Uint8Array): void;
  sanitize(context: string | undefined, done: () => void): void;
  restore(directory: object | undefined, keepMissing: boolean, maxBytes: number, done: () => void):
    void;
  truncate(maxBytes: number, pinned: string[], arrayHead: number, arrayTail: number,
    marker: string, format: number, done: () => void): void;
  /** Size of the output in bytes; undefined: nothing was changed. Throws what went wrong. */
  finish(): number | undefined;
  nextText(maxBytes: number): string | undefined;
  copy(target: Uint8Array, offset: number, blob: number | undefined): void;
  /** Those to put, or those to get. */
  blobs(toPut: boolean): { digest: Buffer; size: number }[];
}
export interface NativeRuleset {
  digest(): string;
  evaluate(record: string, nowMicros: number, explain: boolean): string;
  /** An array of records, an array of verdicts. */
  evaluateArray(records: string, nowMicros: number, explain: boolean): string;
  /** One record a line, one verdict a line. */
  evaluateLines(records: string, nowMicros: number, explain: boolean): string;
}
export interface NativeVerifier {
  /** Headers are names and values by turns, each with a NUL behind it. -1: refuse says why. */
  check(body: Uint8Array, headers: string, nowSeconds: number): number;
  /** Code, status, message, hint, number of the scheme, secret or -1, age. */
  refuse(body: Uint8Array, headers: string, nowSeconds: number):
    [string, number, string, string, number, number, number];
}
export interface NativeSigner {
  /** "name: value" and a line feed for each header. */
  sign(body: Uint8Array, id: string, nowSeconds: number): string;
}
/** Writer, kind, form, workflow, step, attempt or 0, permanent, with the prefix of a step. */
export type NativeKeyParts = [string, string, string, string, string, number, boolean, boolean];
export interface NativeAttestationSigner {
  /** With the place behind which it comes; gives the sealed record and the place behind it. */
  seal(record: string | Uint8Array, sequence: number, digest: string):
    [string | Buffer, number, string];
}
export interface NativeAttestationVerifier {
  /** An empty head and a count of -1 are not known. The report as JSON. */
  verify(records: (string | Uint8Array)[], sequence: number, digest: string, expectedHead: string,
    expectedCount: number): string;
  headOf(record: string | Uint8Array): [number, string];
}
export interface Addon {
  useErrorClass(constructor: unknown): void;
  Options: new (options: object) => NativeOptions;
  Vault: new (path: string, create: boolean) => NativeVault;
  Sanitizer: new (options: NativeOptions) => NativeSanitizer;
  /** `size` of the input in bytes or units; `collects`: the vault is an object. */
  Task: new (options: object | undefined, isText: boolean, size: number, collects: boolean) =>
    NativeTask;
  /** Text, or undefined for the standard set; names and values of parameters by turns. */
  Ruleset: new (text: string | undefined, parameters: string[]) => NativeRuleset;
  standardRules(): string;
  /** Type, reason, description, confidence, fingerprint. */
  classifyFailure(message: string | Uint8Array, httpStatus: number, timeout: boolean):
    [string, string, string, string, string];
  /** Gives the kind of the original. */
  preserveJobData(original: string | Uint8Array, result: string | Uint8Array, attempt: number,
    atMicros: number): string | Buffer;
  retryAttempt(job: string | Uint8Array): number;
  retryAssetFilename(filename: string, attempt: number): string;
  /** `known` gets the number of the scheme and the age; a tolerance below 0 is any age. */
  SignatureVerifier: new (scheme: number, secrets: (string | Uint8Array)[],
    toleranceSeconds: number, hints: boolean, known: Float64Array) => NativeVerifier;
  PayloadSigner: new (scheme: number, secrets: (string | Uint8Array)[]) => NativeSigner;
  /** The words of the schemes, by their numbers. */
  signatureSchemes(): string[];
  /** The last is whether it is ambiguous; undefined: there is no such reading. */
  parseAttestationKey(text: string, reading: number):
    [string, string, string, string | null, string | null, number | null, boolean, boolean,
      boolean] | undefined;
  formatAttestationKey(...parts: NativeKeyParts): string;
  compareAttestationKeys(...parts: [...NativeKeyParts, ...NativeKeyParts]): number;
  AttestationSigner: new (secrets: [string | Uint8Array]) => NativeAttestationSigner;
  AttestationVerifier: new (secrets: (string | Uint8Array)[]) => NativeAttestationVerifier;
  /** The answer as JSON; empty strings are what is not given. */
  detectContentType(head: Uint8Array, url: string, header: string, configured: string,
    nosniff: boolean, whatwg: boolean): string;
  /** Headers are names and values by turns; `done` gets a JobqueueError, or undefined and JSON. */
  probeContentType(url: string, configured: string, allowed: string[], denied: string[],
    headers: string[], caFile: string, userAgent: string, timeoutMillis: number,
    maxRedirects: number, headOnly: boolean, whatwg: boolean,
    done: (problem: unknown, answer?: string) => void): void;
  /** undefined: nothing was cut. */
  sanitizeBytes(bytes: Uint8Array, options: NativeOptions, report?: NativeReport):
    Buffer | undefined;
  sanitizeText(text: string, options: NativeOptions, report?: NativeReport): string | undefined;
  /** `context` is what Walk.context() makes. */
  sanitizeValue(text: string, context: string, options: NativeOptions, report?: NativeReport):
    string | undefined;
  restore(input: string | Uint8Array, vault: unknown, keepMissing: boolean, maxBytes: number):
    string | Buffer | undefined;
  /** undefined: it fits. */
  truncate(input: string | Uint8Array, maxBytes: number, pinned: string[], arrayHead: number,
    arrayTail: number, marker: string, format: number, cuts?: NativeTruncateCut[]):
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

/** A webhook is refused, or a secret is none. */
export class SignatureVerificationError extends JobqueueError {
  constructor(message: string, code: string, status: number, details?: {
    hint: string | null; scheme: string; secretIndex: number | null; ageSeconds: number;
  });
  /** The word in lower case, 'signature_mismatch'. */
  readonly reason: string;
  /** The likely mistake, 'body_reserialized'; null if none was found. */
  readonly hint: string | null;
  /** Whose headers they were; 'auto' if that was not found out, null without headers. */
  readonly scheme: string | null;
  /** Which secret made the signature, if only its time is wrong. */
  readonly secretIndex: number | null;
  /** The present less the timestamp of such a signature; else 0. */
  readonly ageSeconds: number;
}

/** Where a function of the C ABI is found here: an export of the package, or a member of one. */
type ExposedAs<Name extends string> = Name;
/** Why a function of the C ABI has no face of its own here. */
type NotExposed<Why extends string> = Why;

/** Every function of jobqueue.h and jobqueue_net.h; .ci/check_node_api.py holds the list to the C ABI. */
export interface CFunctions {
  jobqueue_abi_version: ExposedAs<'buildInfo'>;
  jobqueue_attestation_form_name: NotExposed<'forms are words in a key'>;
  jobqueue_attestation_kind_name: NotExposed<'kinds are words in a key'>;
  jobqueue_attestation_signer_free: NotExposed<'the garbage collector calls it'>;
  jobqueue_attestation_signer_new: ExposedAs<'AttestationSigner'>;
  jobqueue_attestation_signer_seal: ExposedAs<'AttestationSigner.seal'>;
  jobqueue_attestation_verifier_free: NotExposed<'the garbage collector calls it'>;
  jobqueue_attestation_verifier_head: ExposedAs<'AttestationVerifier.headOf'>;
  jobqueue_attestation_verifier_new: ExposedAs<'AttestationVerifier'>;
  jobqueue_attestation_verifier_verify: ExposedAs<'AttestationVerifier.verify'>;
  jobqueue_attestation_writer_name: NotExposed<'writers are words in a key'>;
  jobqueue_base64_sanitizer_finish: ExposedAs<'Base64Sanitizer.finish'>;
  jobqueue_base64_sanitizer_free: NotExposed<'the garbage collector calls it'>;
  jobqueue_base64_sanitizer_new: ExposedAs<'Base64Sanitizer'>;
  jobqueue_base64_sanitizer_update: ExposedAs<'Base64Sanitizer.update'>;
  jobqueue_buffer_assign: NotExposed<'what a vault gives is copied into such a buffer'>;
  jobqueue_buffer_dispose: NotExposed<'no such buffer is given out'>;
  jobqueue_classify_failure: ExposedAs<'classifyFailure'>;
  jobqueue_compare_attestation_keys: ExposedAs<'compareAttestationKeys'>;
  jobqueue_default_cut_fields: NotExposed<'the walk asks; docs/api/base64.md lists them'>;
  jobqueue_detect_content_type: ExposedAs<'detectContentType'>;
  jobqueue_format_attestation_key: ExposedAs<'formatAttestationKey'>;
  jobqueue_parse_attestation_key: ExposedAs<'parseAttestationKey'>;
  jobqueue_payload_signer_free: NotExposed<'the garbage collector calls it'>;
  jobqueue_payload_signer_new: ExposedAs<'PayloadSigner'>;
  jobqueue_payload_signer_sign: ExposedAs<'PayloadSigner.sign'>;
  jobqueue_preserve_job_data: ExposedAs<'preserveJobData'>;
  jobqueue_probe_content_type: ExposedAs<'probeContentType'>;
  jobqueue_restore_base64: ExposedAs<'restoreBase64'>;
  jobqueue_retry_asset_filename: ExposedAs<'retryAssetFilename'>;
  jobqueue_retry_attempt: ExposedAs<'retryAttempt'>;
  jobqueue_ruleset_digest: ExposedAs<'Ruleset.digest'>;
  jobqueue_ruleset_evaluate: ExposedAs<'Ruleset.evaluate'>;
  jobqueue_ruleset_evaluate_array: ExposedAs<'Ruleset.evaluateMany'>;
  jobqueue_ruleset_evaluate_lines: ExposedAs<'Ruleset.evaluateMany'>;
  jobqueue_ruleset_free: NotExposed<'the garbage collector calls it'>;
  jobqueue_ruleset_parse: ExposedAs<'Ruleset'>;
  jobqueue_sanitize_base64: ExposedAs<'sanitizeBase64'>;
  jobqueue_sanitize_base64_value: NotExposed<'sanitizeBase64 walks objects and asks it'>;
  jobqueue_signature_scheme_name: NotExposed<'schemes are words in the options'>;
  jobqueue_signature_verifier_free: NotExposed<'the garbage collector calls it'>;
  jobqueue_signature_verifier_new: ExposedAs<'SignatureVerifier'>;
  jobqueue_signature_verifier_verify: ExposedAs<'SignatureVerifier.verify'>;
  jobqueue_simd_target: ExposedAs<'buildInfo'>;
  jobqueue_standard_rules: ExposedAs<'standardRules'>;
  jobqueue_status_name: ExposedAs<'JobqueueError.code'>;
  jobqueue_truncate_payload: ExposedAs<'truncatePayload'>;
  jobqueue_vault_free: NotExposed<'the garbage collector calls it'>;
  jobqueue_vault_from_callbacks: NotExposed<'any object with put and get is taken as a vault'>;
  jobqueue_vault_get: ExposedAs<'Vault.get'>;
  jobqueue_vault_open_directory: ExposedAs<'Vault'>;
  jobqueue_vault_put: ExposedAs<'Vault.add'>;
  jobqueue_vault_sync: ExposedAs<'Vault.sync'>;
  jobqueue_version: ExposedAs<'buildInfo'>;
}
