// What a call that must fail throws.
import type { JobqueueError } from '../dist/esm/index.js';

export function problemOf<Problem extends Error = JobqueueError>(call: () => unknown): Problem {
  try {
    call();
  } catch (problem) {
    return problem as Problem;
  }
  throw new Error('this should have failed');
}
