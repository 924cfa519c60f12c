// Content types from JavaScript: the vectors, kinds of heads, what is given by name.
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { type ContentTypeOptions, JobqueueError, detectContentType } from '../dist/esm/index.js';

const png = Buffer.from(
  '89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c489', 'hex');

interface Vector extends ContentTypeOptions {
  name: string;
  head?: string;
  head_base64?: string;
  expect: Record<string, unknown>;
}

const file = JSON.parse(readFileSync(
  new URL('../../../tests/vectors/content_type.json', import.meta.url), 'utf8')) as
  { cases: Vector[] };

test('the vectors', () => {
  expect(file.cases.length).toBeGreaterThan(300);
  for (const one of file.cases) {
    const { name, head, head_base64: base64, expect: wanted, ...options } = one;
    const bytes = head === undefined ? Buffer.from(base64 as string, 'base64') : Buffer.from(head);
    const { mediaType, evidence, ...rest } = detectContentType(bytes, options);
    const told = {
      media_type: mediaType,
      ...rest,
      evidence: evidence.map(({ mediaType: type, ...more }) => ({ media_type: type, ...more })),
    };
    expect(told, name).toEqual(wanted);
  }
});

test('an answer', () => {
  expect(detectContentType(png, { url: 'https://h/a.jpg?b.png', header: 'image/x-png' })).toEqual({
    mediaType: 'image/png', extension: 'png', category: 'image', source: 'magic',
    confidence: 'high', mismatch: true, polyglot: false,
    evidence: [
      { source: 'magic', mediaType: 'image/png', detail: null, contradicted: false },
      { source: 'header', mediaType: 'image/x-png', detail: null, contradicted: false },
      { source: 'url', mediaType: 'image/jpeg', detail: 'jpg', contradicted: true },
    ],
  });
});

test('kinds of heads', () => {
  const bytes = new Uint8Array(png);
  const within = new Uint8Array([0, ...png]).subarray(1);
  const wide = new Uint16Array(bytes.buffer.slice(0, 30));
  for (const head of [png, bytes, within, new DataView(bytes.buffer), wide]) {
    expect(detectContentType(head).mediaType).toBe('image/png');
  }
  expect(detectContentType(new Uint8Array()).confidence).toBe('none');
});

test('what is given by name', () => {
  const none = new Uint8Array();
  expect(detectContentType(none, { url: new URL('https://h/a.webp?x=.png') }).mediaType)
    .toBe('image/webp');
  expect(detectContentType(none, { url: null, header: undefined, configured: null }).mediaType)
    .toBe('application/octet-stream');
  expect(detectContentType(none, { configured: 'audio/flac' }).source).toBe('configured');
  expect(detectContentType(png, { header: 'image/gif', nosniff: true }).mediaType)
    .toBe('image/gif');
  expect(detectContentType(Buffer.from('<?xml '), { whatwg: true }).mediaType).toBe('text/xml');
});

test('texts that are hostile', () => {
  for (const url of ['\ud800.png', '\0', 'a.png\0', '\u20ac.png', `${'x'.repeat(100_000)}.png`]) {
    const options = { url, header: url, configured: url };
    const { mediaType } = detectContentType(new Uint8Array(), options);
    expect(['image/png', 'application/octet-stream']).toContain(mediaType);
  }
});

test('what is wrong', () => {
  expect(() => detectContentType('PNG' as never)).toThrow(TypeError);
  expect(() => detectContentType(undefined as never)).toThrow(TypeError);
  expect(() => detectContentType(png, { url: 5 as never })).toThrow(TypeError);
  expect(() => detectContentType(png, { header: new URL('a:b') as never })).toThrow(TypeError);
  const gone = new Uint8Array([...png]);
  structuredClone(gone, { transfer: [gone.buffer] });
  expect(() => detectContentType(gone)).toThrow(JobqueueError);
});
