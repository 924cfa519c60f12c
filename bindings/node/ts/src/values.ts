// What both the synchronous and the asynchronous functions take and check.
import native from '../../native.cjs';

const { JobqueueError } = native;

export type Bytes = ArrayBufferView;
export type Answer<T> = T extends string ? string : T extends Bytes ? T | Buffer : T;

export function isBytes(value: unknown): value is Bytes {
  return ArrayBuffer.isView(value);
}

/** A part of a view of the same memory as bytes; a buffer that was transferred away has none. */
export function asBytes(value: Bytes, begin = 0, size = value.byteLength - begin): Uint8Array {
  try {
    return new Uint8Array(value.buffer, value.byteOffset + begin, size);
  } catch {
    throw new JobqueueError('the buffer is detached', 'INVALID_ARGUMENT', 1);
  }
}

export function refuse(name: string, value: unknown): never {
  const kind = value === null ? 'null' : typeof value;
  throw new TypeError(`${name} takes a string, bytes, an object or an array, not ${kind}`);
}

export function refuseDocumentFormat(): never {
  const message = 'format is for strings and bytes, not for objects';
  throw new JobqueueError(message, 'INVALID_ARGUMENT', 1);
}

export function mayRestore(text: string): boolean {
  return text.includes('[BASE64_');
}

/** The most bytes that one call of a restoring function may give. */
export function checkedLimit(given: number | undefined): number {
  const limit = given ?? 2 ** 32;
  if (!Number.isSafeInteger(limit) || limit < 0) {
    throw new TypeError('maxOutputBytes must be an integer of at least 0');
  }
  return limit;
}
