/** The name that the replaced helper had; docs/migration.md says what is different. */
import { sanitizeBase64 } from './index.js';

/** Gives anything that is not an object or an array back as it is. */
export function sanitizeBase64Data<T>(value: T): T {
  if (typeof value !== 'object' || value === null) return value;
  return sanitizeBase64(value as object) as T;
}
