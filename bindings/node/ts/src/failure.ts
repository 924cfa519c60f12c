// Failures: what kind a message of an error is, and which are the same.
import native from '../../native.cjs';
import { type Bytes, asBytes, isBytes } from './values.js';

const { addon } = native;

/** Whose fault it is. */
export type FailureType =
  | 'generation_refusal' | 'auth_error' | 'rate_limit' | 'network_error' | 'resource_limit'
  | 'service_error' | 'timeout' | 'validation_error' | 'response_error' | 'system_error';

/** What happened, exactly. */
export type FailureReason =
  | 'safety_filter' | 'violence_detected' | 'copyright_blocker' | 'nsfw_content' | 'hate_speech'
  | 'personal_info' | 'policy_violation'
  | 'invalid_api_key' | 'expired_token' | 'insufficient_permissions' | 'account_suspended'
  | 'requests_per_minute' | 'tokens_per_minute' | 'daily_quota_exceeded' | 'concurrent_requests'
  | 'connection_failed' | 'dns_resolution' | 'ssl_certificate' | 'proxy_error' | 'network_timeout'
  | 'gpu_memory_full' | 'out_of_memory' | 'disk_space_full' | 'concurrent_limit'
  | 'service_unavailable' | 'service_down' | 'maintenance_mode' | 'degraded_performance'
  | 'job_timeout' | 'processing_timeout' | 'queue_timeout'
  | 'component_error' | 'model_not_found' | 'missing_required_field' | 'invalid_format'
  | 'unsupported_operation' | 'invalid_payload'
  | 'unexpected_content_type' | 'corrupted_data' | 'missing_expected_data'
  | 'invalid_response_format'
  | 'gpu_error' | 'config_error' | 'dependency_error' | 'internal_error' | 'unknown_error';

/** How far to trust it; 'none': nothing was recognised. */
export type FailureConfidence = 'none' | 'low' | 'medium' | 'high';

/** What kind of failure it is. The words are those of every language. */
export interface Failure {
  readonly type: FailureType;
  readonly reason: FailureReason;
  /** A sentence; of the message it has no more than an id or a name. */
  readonly description: string;
  readonly confidence: FailureConfidence;
  /** 16 hexadecimal digits, equal for messages that differ in ids, numbers, addresses, times. */
  readonly fingerprint: string;
}

/** What is known besides the message. */
export interface FailureContext {
  /** Of the answer; what is not 400 to 599 says nothing. */
  httpStatus?: number | undefined;
  /** Whether the caller gave up waiting. */
  timeout?: boolean | undefined;
}

/**
 * Says what kind of failure a message is: that of an Error, or the JSON that a program threw.
 * 16 KiB of it are looked at.
 */
export function classifyFailure(message: string | Bytes, context: FailureContext = {}): Failure {
  const { httpStatus = 0, timeout = false } = context;
  if (typeof message !== 'string' && !isBytes(message)) {
    throw new TypeError('message must be a string or bytes; of an Error that is its message');
  }
  if (typeof httpStatus !== 'number') throw new TypeError('httpStatus must be a number');
  const status = httpStatus >= 400 && httpStatus <= 599 ? httpStatus : 0;
  const input = typeof message === 'string' ? message : asBytes(message);
  const [type, reason, description, confidence, fingerprint] =
    addon.classifyFailure(input, status, Boolean(timeout));
  return { type, reason, description, confidence, fingerprint } as Failure;
}
