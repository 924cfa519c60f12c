// Content types: what an object is, and everything that says so.
import native from '../../native.cjs';
import { type Bytes, asBytes, isBytes } from './values.js';

const { addon } = native;

export type ContentCategory =
  'data' | 'image' | 'video' | 'audio' | 'document' | 'archive' | 'text' | 'model' | 'font' |
  'executable';
export type ContentSource =
  'none' | 'url' | 'header' | 'magic' | 'container' | 'text' | 'configured';
export type ContentConfidence = 'none' | 'low' | 'medium' | 'high';

/** One thing that was seen. */
export interface ContentEvidence {
  readonly source: ContentSource;
  /** As it was given, in lower case. */
  readonly mediaType: string;
  /** Of `url` the extension, of `container` which, of `text` its form. */
  readonly detail: string | null;
  /** By the bytes. */
  readonly contradicted: boolean;
}

/** What an object is. */
export interface ContentType {
  /** 'application/octet-stream' if nothing is known. */
  readonly mediaType: string;
  /** The usual one without a dot. */
  readonly extension: string | null;
  readonly category: ContentCategory;
  /** Which evidence decided. */
  readonly source: ContentSource;
  readonly confidence: ContentConfidence;
  readonly evidence: readonly ContentEvidence[];
  /** The bytes contradict the header or the extension. */
  readonly mismatch: boolean;
  /** The bytes are, or may be taken for, something else besides. */
  readonly polyglot: boolean;
}

export interface ContentTypeOptions {
  /** Where it is, or the name of a file; the extension of the path counts alone. */
  url?: string | URL | null | undefined;
  /** The value of Content-Type; of several lines the last. */
  header?: string | null | undefined;
  /** X-Content-Type-Options: nosniff was there: a header that says something decides. */
  nosniff?: boolean | undefined;
  /** The type to fall back to. */
  configured?: string | null | undefined;
  /** Decide as WHATWG MIME Sniffing does, with its names. */
  whatwg?: boolean | undefined;
}

/** As C tells it. */
export interface Told extends Omit<ContentType, 'mediaType' | 'evidence'> {
  media_type: string;
  evidence: (Omit<ContentEvidence, 'mediaType'> & { media_type: string })[];
}

function textOf(name: string, value: unknown): string {
  if (value === undefined || value === null) return '';
  if (typeof value === 'string') return value;
  if (name === 'url' && value instanceof URL) return value.href;
  throw new TypeError(`${name} must be a string, not ${typeof value}`);
}

/** What C tells, with the names of here; what else it tells is kept. */
export function contentTypeOf(told: Told): ContentType {
  const { media_type: mediaType, evidence, ...rest } = told;
  return {
    mediaType,
    ...rest,
    evidence: evidence.map(({ media_type: name, source, detail, contradicted }) =>
      ({ source, mediaType: name, detail, contradicted })),
  };
}

/** What the object is whose first bytes are `head`: 4096 of them, or all there are. */
export function detectContentType(head: Bytes, options: ContentTypeOptions = {}): ContentType {
  if (!isBytes(head)) throw new TypeError('head must be the bytes as they came');
  return contentTypeOf(JSON.parse(addon.detectContentType(
    asBytes(head), textOf('url', options.url), textOf('header', options.header),
    textOf('configured', options.configured), Boolean(options.nosniff), Boolean(options.whatwg),
  )) as Told);
}
