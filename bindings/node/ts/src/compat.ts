/** The names that the replaced helpers had; docs/migration.md says what is different. */
import {
  type ProbeOptions, detectContentType, probeContentType, sanitizeBase64, truncatePayload,
} from './index.js';

/** Gives anything that is not an object or an array back as it is. */
export function sanitizeBase64Data<T>(value: T): T {
  if (typeof value !== 'object' || value === null) return value;
  return sanitizeBase64(value as object) as T;
}

export interface SmartTruncateOptions {
  /** Most bytes of the result where `maxSize` is not given; default 8000. */
  maxTotalSize?: number;
  /** Means nothing: values give as much as they must. */
  maxValueSize?: number;
  /** Means nothing: structure is always preserved. */
  preserveStructure?: boolean;
  /** The first word in it marks what was cut. */
  truncateMarker?: string;
}

const leastBytes = 64;

function truncateTo<T extends string | object>(
  value: T, maxSize: number | undefined, options: SmartTruncateOptions): T {
  const size = maxSize ?? options.maxTotalSize ?? 8000;
  const marker = /[\w-]{1,24}/.exec(options.truncateMarker ?? '')?.[0] ?? 'TRUNCATED';
  const maxBytes = Math.max(leastBytes, Math.floor(Number.isFinite(size) ? size : 8000));
  return truncatePayload(value, { maxBytes, marker }) as T;
}

/** Gives anything that is not a string, an object or an array back as it is. */
export function smartTruncateObject<T>(
  obj: T, maxSize?: number, options: SmartTruncateOptions = {}): T {
  if (typeof obj !== 'string' && (typeof obj !== 'object' || obj === null)) return obj;
  return truncateTo(obj as string | object, maxSize, options) as T;
}

export function smartTruncatePayload(
  payload: string, maxSize?: number, options: SmartTruncateOptions = {}): string {
  return truncateTo(payload, maxSize, options);
}

/**
 * The media type of the object at a URL, in lower case and without parameters. Never rejects: what
 * cannot be asked, or may not be, is what its URL says, then what is configured, then
 * 'application/octet-stream'.
 */
export async function detectActualContentType(url: string, options: ProbeOptions = {}):
  Promise<string> {
  try {
    return (await probeContentType(url, options)).mediaType;
  } catch {
    const configured = typeof options.configured === 'string' ? options.configured : null;
    return detectContentType(new Uint8Array(), { url: String(url), configured }).mediaType;
  }
}
