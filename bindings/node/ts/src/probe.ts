// The probe: what the object at a URL really is.
import native from '../../native.cjs';
import { type ContentType, type Told, contentTypeOf } from './content_type.js';

const { addon } = native;

/** What the object at a URL is, and what its server said. */
export interface ProbedContentType extends ContentType {
  /** That answered, after redirects. */
  readonly url: string;
  /** Of that answer; null if there was none. */
  readonly status: number | null;
  /** Of the object in bytes, if the server says it. */
  readonly size: number | null;
  readonly redirects: number;
  /** The Content-Type that it said. */
  readonly header: string | null;
  readonly etag: string | null;
  /** It said so: if the header says something, that decided. */
  readonly nosniff: boolean;
  /** How many bytes of the object were looked at. */
  readonly headBytes: number;
  /** Why the bytes, or even the header, are no evidence; null if both were there. */
  readonly problem: string | null;
}

export interface ProbeOptions {
  /** The type to fall back to; with it, a server that does not answer is no error. */
  configured?: string | null | undefined;
  /** Addresses and blocks that may be asked besides the public ones, '10.1.0.0/16'. */
  allow?: readonly string[] | undefined;
  /** Of all these, which may not. */
  deny?: readonly string[] | undefined;
  /** Sent with both requests, such as Authorization. */
  headers?: Readonly<Record<string, string>> | undefined;
  /** For each of two requests; default 10. */
  timeoutSeconds?: number | undefined;
  /** At most 20, each is checked like the URL; default 5. */
  maxRedirects?: number | undefined;
  /** Ask for no bytes: what is said of the object is all there is. */
  headOnly?: boolean | undefined;
  /** Decide as WHATWG MIME Sniffing does. */
  whatwg?: boolean | undefined;
  /** PEM file of the authorities to trust, not the system's. */
  caFile?: string | undefined;
  userAgent?: string | undefined;
}

interface ToldProbe extends Told, Omit<ProbedContentType, keyof ContentType | 'headBytes'> {
  head_bytes: number;
}

// A probe waits for the network on a thread of the pool, which files and names need, too.
const atOnce = Math.max(1, Math.floor(Number(process.env['UV_THREADPOOL_SIZE'] ?? 4) / 2) || 1);
let running = 0;
const waiting: (() => void)[] = [];

async function begin(): Promise<void> {
  if (running < atOnce) {
    running += 1;
  } else {
    await new Promise<void>((resolve) => waiting.push(resolve));
  }
}

function end(): void {
  const next = waiting.shift();
  if (next === undefined) running -= 1;
  else next();
}

function textOf(name: string, value: unknown): string {
  if (value === undefined || value === null) return '';
  if (typeof value !== 'string') throw new TypeError(`${name} must be a string`);
  return value;
}

function textsOf(name: string, values: readonly unknown[] = []): string[] {
  if (!Array.isArray(values)) throw new TypeError(`${name} must be an array of strings`);
  return values.map((value) => textOf(name, value));
}

function countOf(name: string, value: number, most: number): number {
  if (!Number.isInteger(value) || value < 0 || value > most) {
    throw new RangeError(`${name} must be from 0 to ${most}`);
  }
  return value;
}

/**
 * Asks the object at a URL for its first 4096 bytes, and says what it is. Rejects with
 * 'ADDRESS_FORBIDDEN' for an address that may not be asked, also behind a redirect, and with
 * 'NETWORK_ERROR' if nobody answers. Half of the threads of the pool are used; more wait.
 */
export async function probeContentType(url: string | URL, options: ProbeOptions = {}):
  Promise<ProbedContentType> {
  const where = url instanceof URL ? url.href : url;
  if (typeof where !== 'string') throw new TypeError('url must be a string or a URL');
  const configured = textOf('configured', options.configured);
  const allowed = textsOf('allow', options.allow);
  const denied = textsOf('deny', options.deny);
  const headers = textsOf('headers', Object.entries(options.headers ?? {}).flat());
  const caFile = textOf('caFile', options.caFile);
  const userAgent = textOf('userAgent', options.userAgent);
  const seconds = options.timeoutSeconds ?? 10;
  if (!(seconds > 0 && seconds <= 3600)) {
    throw new RangeError('timeoutSeconds must be more than 0 and at most 3600');
  }
  const redirects = countOf('maxRedirects', options.maxRedirects ?? 5, 20);
  await begin();
  try {
    const json = await new Promise<string>((resolve, reject) => {
      addon.probeContentType(
        where, configured, allowed, denied, headers, caFile, userAgent,
        Math.max(1, Math.round(seconds * 1000)), redirects, Boolean(options.headOnly),
        Boolean(options.whatwg), (problem, answer) => {
          if (answer === undefined) reject(problem as Error);
          else resolve(answer);
        });
    });
    const { head_bytes: headBytes, ...told } = JSON.parse(json) as ToldProbe;
    return { ...contentTypeOf(told), headBytes } as ProbedContentType;
  } finally {
    end();
  }
}
