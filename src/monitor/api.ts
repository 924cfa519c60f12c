// What the server is asked. Its answers are JSON, whose shapes docs/api/forensics.md has.

export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}

const tokenKey = 'jobqueue.token';
let askForToken: (wasRefused: boolean) => Promise<string> = () =>
  Promise.reject(new Error('no token'));

/** `ask` lets the user give a token; it is kept as long as the tab. */
export function onTokenNeeded(ask: (wasRefused: boolean) => Promise<string>): void {
  let asking: Promise<string> | undefined;
  askForToken = (wasRefused) => (asking ??= ask(wasRefused).finally(() => (asking = undefined)));
}

export const hasToken = (): boolean => sessionStorage.getItem(tokenKey) !== null;
export const forgetToken = (): void => sessionStorage.removeItem(tokenKey);

// Browsers give the source of a number to a reviver; where it is more than a number can hold, the
// source is shown.
function exact(_: string, value: unknown, context?: { source?: string }): unknown {
  const isInexact = typeof value === 'number' && context?.source !== undefined;
  return isInexact && String(value) !== context.source ? context.source : value;
}

async function reach(path: string, request: RequestInit): Promise<Response> {
  try {
    return await fetch(path, request);
  } catch (problem) {
    if (!(problem instanceof TypeError)) throw problem;
    throw new ApiError(0, 'UNREACHABLE', 'The server cannot be reached');
  }
}

async function call<T>(method: string, path: string, signal?: AbortSignal): Promise<T> {
  for (;;) {
    const token = sessionStorage.getItem(tokenKey);
    const answer = await reach(path, {
      method,
      headers: token === null ? {} : { Authorization: `Bearer ${token}` },
      cache: 'no-store',
      ...(signal && { signal }),
    });
    if (answer.status === 401) {
      // It may be another one by now.
      if (sessionStorage.getItem(tokenKey) === token) {
        sessionStorage.setItem(tokenKey, await askForToken(token !== null));
      }
      continue;
    }
    const text = await answer.text();
    let body: unknown;
    try {
      body = JSON.parse(text, exact);
    } catch {
      throw new ApiError(
        answer.status,
        'NO_JSON',
        `The server answered ${answer.status} without JSON`,
      );
    }
    if (answer.ok) return body as T;
    const problem = (body as { error?: { code?: string; message?: string } }).error;
    throw new ApiError(
      answer.status,
      problem?.code ?? 'HTTP',
      problem?.message ?? `The server answered ${answer.status}`,
    );
  }
}

export function query(
  path: string,
  parameters: Readonly<Record<string, string | number | undefined>>,
): string {
  const given = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) {
    if (value !== undefined && value !== '') given.set(name, String(value));
  }
  const text = given.toString();
  return text ? `${path}?${text}` : path;
}

export const get = <T>(path: string, signal?: AbortSignal): Promise<T> =>
  call<T>('GET', path, signal);
export const post = <T>(path: string): Promise<T> => call<T>('POST', path);

export interface Summary {
  now: string;
  categories: { status_category: string | null; problem_type: string | null; jobs: number }[];
  deliveries: Record<string, number>;
}

export interface Series {
  times: number[];
  series: Record<string, (number | null)[]>;
}

export interface Job {
  id: string;
  name: string | null;
  status: string;
  job_type: string | null;
  error_message: string | null;
  created_at: string | null;
  started_at: string | null;
  completed_at: string | null;
  retry_count: number | null;
  max_retries: number | null;
  status_category: string | null;
  problem_type: string | null;
  evaluated_at: string | null;
}

export interface Failure {
  type: string;
  reason: string;
  description: string;
  confidence: string;
  fingerprint: string;
}

export interface Payload {
  ref: string;
  bytes: number | null;
}

export interface Attempt {
  attempt: number | null;
  retry: number | null;
  status: string;
  worker_id: string | null;
  started_at: string | null;
  finished_at: string | null;
  error_message: string | null;
  failure: Failure | null;
  keys: string[];
  payloads: Payload[];
}

export interface Condition {
  fact: string;
  operator: string;
  fact_value: unknown;
  value?: unknown;
  value_fact?: string;
  result: string;
}

export interface Verdict {
  status_category: string | null;
  problem_type: string | null;
  problem_details: Record<string, unknown> | null;
  resolution_needed: string | null;
  rule: string;
  decided_by?: Condition[];
  trace?: { rule: string; result: string; conditions: Condition[] }[];
  would_complete?: Record<string, unknown>[] | null;
  missing_facts?: string[];
  next_evaluation_at?: string | null;
}

export interface Delivery {
  id: string;
  url?: string;
  endpoint_id: string;
  event_id: string;
  event_type: string;
  workflow_id: string | null;
  state: string;
  attempts: number;
  next_attempt_at: string | null;
  last_attempt_at: string | null;
  response_status: number | null;
  last_error: string | null;
  created_at: string | null;
  delivered_at: string | null;
}

export interface Forensics {
  job: (Job & Record<string, unknown>) | null;
  attempts: Attempt[];
  differences: {
    from: number;
    to: number;
    changes: { pointer: string; before: unknown; after: unknown }[];
    is_cut: boolean;
  }[];
  timeline: {
    at: string | null;
    source: string;
    title: string;
    attempt: number | null;
    ref: string | null;
  }[];
  payloads: Payload[];
  retries: Record<string, unknown>[];
  notifications: Record<string, unknown>[];
  events: Record<string, unknown>[];
  deliveries: Delivery[];
  steps: Record<string, unknown>[];
  verdict: Verdict | null;
  classification: Failure | null;
  similar_failures: {
    fingerprint: string;
    jobs: number;
    recovered: number;
    failed: number;
    sample_size: number;
    recovery_odds: number | null;
    examples: { id: string; at: string | null }[];
  } | null;
  recovery_suggestions: {
    type: string;
    description: string;
    confidence: string;
    estimated_success_rate: number | null;
    sample_size: number;
    automated_action_available: boolean;
  }[];
  warnings: string[];
}

export interface FailedAnalysis {
  failed_jobs: number;
  looked_at: number;
  common_failures: {
    fingerprint: string;
    failure_type: string;
    failure_reason: string;
    jobs: number;
    recovered: number;
    last_failed_at: string | null;
    example: { id: string | null; error_message: string | null };
  }[];
}

export interface Endpoint {
  id: string;
  url: string;
  description: string | null;
  event_types: string[] | null;
  scheme: string;
  is_active: boolean;
  disabled_reason: string | null;
  consecutive_failures: number;
  disabled_until: string | null;
}

export interface DeliveryAttempt {
  attempt: number;
  attempted_at: string;
  duration_ms: number | null;
  response_status: number | null;
  response_body: string | null;
  error: string | null;
}
