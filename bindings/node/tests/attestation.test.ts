// Attestations from JavaScript: vectors, keys and their order, records in a chain, errors.
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import {
  type AttestationHead, AttestationSigner, AttestationVerifier, JobqueueError,
  SignatureVerificationError, attemptOfRetry, attestationKeyReadings, compareAttestationKeys,
  formatAttestationKey, parseAttestationKey, retryOfAttempt, verifyAttestationChain,
} from '../dist/esm/index.js';
import { problemOf } from './problem.js';

const file = new URL('../../../tests/vectors/attestation.json', import.meta.url);
const vectors = (JSON.parse(readFileSync(file, 'utf8')) as { cases: any[] }).cases;

const partsOf = (key: any) => ({
  writer: key.writer, kind: key.kind, form: key.form, workflow_id: key.workflowId,
  step_id: key.stepId, attempt: key.attempt, permanent: key.permanent,
  has_step_prefix: key.hasStepPrefix, ambiguous: key.ambiguous,
});

const faces: Record<string, (one: any) => object> = {
  parse: ({ key }) => {
    const best = parseAttestationKey(key);
    const readings = attestationKeyReadings(key);
    expect(readings[0]).toEqual(best);
    return { readings: readings.map(partsOf), written: formatAttestationKey(best) };
  },
  format: ({ key }) => ({
    written: formatAttestationKey({
      writer: key.writer, kind: key.kind, form: key.form, workflowId: key.workflow_id,
      stepId: key.step_id, attempt: key.attempt, permanent: key.permanent,
      hasStepPrefix: key.has_step_prefix,
    }),
  }),
  sort: ({ keys }) => ({
    keys: [...keys].sort((a: string, b: string) =>
      compareAttestationKeys(parseAttestationKey(a), parseAttestationKey(b))),
  }),
  seal: ({ secrets, records, previous }) => {
    const verifier = new AttestationVerifier(secrets);
    const signer = new AttestationSigner(secrets[0]);
    let head = previous === undefined ? undefined : verifier.headOf(previous);
    return {
      records: records.map((record: string) => {
        const sealed = signer.seal(record, head);
        head = sealed.head;
        return sealed.text;
      }),
    };
  },
  verify: ({ secrets, records, previous, expected_head, expected_count }) => {
    const verifier = new AttestationVerifier(secrets);
    return verifier.verify(records, {
      after: previous === undefined ? undefined : verifier.headOf(previous),
      expectedHead: expected_head, expectedCount: expected_count,
    });
  },
};

test('there are vectors', () => expect(vectors.length).toBeGreaterThan(150));
test.each(vectors.map((one) => [one.name, one]))('vector %s', (_, one) => {
  let answer: object;
  try {
    answer = faces[one.do]!(one);
  } catch (problem) {
    if (!(problem instanceof JobqueueError)) throw problem;
    answer = { error: problem.code.toLowerCase() };
  }
  expect(answer).toEqual(one.expect);
});

const digest = '77e641986dcc7616245dafe2e12813729a473dea7e9723790b16ca75f50f1237';
const failed = '{"status":"failed","retry_count":1}';
const signer = new AttestationSigner('s3cret');
const verifier = new AttestationVerifier(['old', Buffer.from('s3cret')]);

test('keys', () => {
  const key = parseAttestationKey('worker:failure:workflow-w1:job-step-s1:permanent');
  expect(key).toEqual({
    writer: 'worker', kind: 'failure', form: 'prefixed', workflowId: 'w1', stepId: 's1',
    attempt: null, permanent: true, hasStepPrefix: true, ambiguous: false,
  });
  const { form: _, hasStepPrefix: __, ...modern } = key;
  expect(formatAttestationKey({ ...modern, permanent: false, attempt: 3 }))
    .toBe('worker:failure:job-id:w1:step-id:s1:attempt:3');
  const api = parseAttestationKey('api:workflow:completion:w1:attempt-1');
  expect(retryOfAttempt(api.attempt as number)).toBe(1);
  expect(attemptOfRetry(0)).toBe(1);
});

test('keys that are none', () => {
  for (const text of ['', 'worker', 'worker:completion:\x7f', 'x'.repeat(100_000)]) {
    for (const read of [parseAttestationKey, attestationKeyReadings]) {
      expect(problemOf(() => read(text))).toMatchObject({ code: 'INVALID_ARGUMENT', status: 1 });
    }
  }
  expect(() => parseAttestationKey(7 as any)).toThrow(TypeError);
  const good = { workflowId: 'w', stepId: 's', attempt: 1 };
  expect(formatAttestationKey(good)).toBe('worker:completion:job-id:w:step-id:s:attempt:1');
  for (const bad of [
    { workflowId: 'a:b' }, { stepId: '*' }, { attempt: 0 }, { attempt: -1 }, { attempt: 1.5 },
    { attempt: 2 ** 53 }, { attempt: NaN }, { permanent: true }, { writer: 'me' as any },
    { kind: 'x' as any }, { form: 'x' as any }, { stepId: null }, { form: 'plain' as const },
  ]) {
    expect(problemOf(() => formatAttestationKey({ ...good, ...bad })).code)
      .toBe('INVALID_ARGUMENT');
  }
  for (const bad of [{ workflowId: 7 }, { attempt: '1' }]) {
    expect(() => formatAttestationKey({ ...good, ...bad } as any)).toThrow(TypeError);
  }
  expect(() => formatAttestationKey(null as any)).toThrow(TypeError);
  expect(() => compareAttestationKeys(good, 'key' as any)).toThrow(TypeError);
});

test('seal', () => {
  const sealed = signer.seal(failed);
  expect(sealed.text.startsWith(`${failed.slice(0, -1)},"attestation_chain":{"sequence":1,`))
    .toBe(true);
  expect(sealed.head).toEqual({ sequence: 1, digest });
  const view = new DataView(new TextEncoder().encode(failed).buffer);
  for (const bytes of [Buffer.from(failed), view]) {
    const again = signer.seal(bytes);
    expect(Buffer.isBuffer(again.text)).toBe(true);
    expect(again.text.toString()).toBe(sealed.text);
  }
  const wide = signer.seal('{"a":"\u00e9\u{1f600}"}', sealed.head);
  expect(wide.text).toContain('"\u00e9\u{1f600}"');
  expect(verifier.headOf(wide.text)).toEqual(wide.head);
  expect(verifier.headOf(Buffer.from(wide.text))).toEqual(wide.head);
});

test('records that are none', () => {
  expect(problemOf(() => signer.seal('{"\u{1f600}":]}')))
    .toMatchObject({ code: 'INVALID_JSON', offset: 6 });
  expect(problemOf(() => signer.seal(Buffer.from('{"\u{1f600}":]}'))))
    .toMatchObject({ code: 'INVALID_JSON', offset: 8 });
  expect(problemOf(() => signer.seal('{"\ud800":1}')).code).toBe('INVALID_UTF8');
  expect(problemOf(() => signer.seal(signer.seal('{}').text)).code).toBe('INVALID_ARGUMENT');
  const heads: AttestationHead[] = [
    { sequence: 1, digest: 'abc' }, { sequence: -1, digest }, { sequence: 0.5, digest },
    { sequence: 0, digest }, { sequence: 2 ** 53 - 1, digest }, { sequence: 2 ** 53, digest },
    { sequence: 1, digest: '\u00e9'.repeat(64) }, { sequence: 1, digest: digest.toUpperCase() },
  ];
  for (const head of heads) {
    expect(problemOf(() => signer.seal('{}', head)).code).toBe('INVALID_ARGUMENT');
  }
  for (const record of [null, {}, 7]) {
    expect(() => signer.seal(record as any)).toThrow(/a record must be a string or bytes/);
  }
  for (const head of [{}, { sequence: '1', digest }, { sequence: 1, digest: 1 }, 7]) {
    expect(() => signer.seal('{}', head as any)).toThrow(TypeError);
  }
});

test('verify', () => {
  const first = signer.seal(failed);
  const second = signer.seal(Buffer.from('{}'), first.head);
  const third = signer.seal('{"a":1}', second.head);
  const records = [first.text, second.text, third.text];
  const report = verifyAttestationChain(records, {
    secrets: 's3cret', expectedHead: third.head.digest, expectedCount: 3,
  });
  expect(report).toEqual({ ok: true, count: 3, head: third.head, problems: [] });
  expect(verifier.verify(new Set(records)).ok).toBe(true);
  expect(verifier.verify(records.slice(1), { after: verifier.headOf(first.text) }).ok).toBe(true);
  const reasons = (texts: any[], options = {}) =>
    verifier.verify(texts, options).problems.map((one) => [one.index, one.reason]);
  expect(reasons(records.slice(0, 2), { expectedCount: 3 })).toEqual([[2, 'truncated']]);
  expect(reasons(records, { expectedCount: 0 })).toEqual([[3, 'beyond_head']]);
  expect(reasons([], { expectedCount: 0 })).toEqual([]);
  expect(reasons([first.text.replace('failed', 'fa1led'), ...records.slice(1)]))
    .toEqual([[0, 'digest_mismatch']]);
  expect(reasons([first.text, '{}', '[]', '', '\ud800']))
    .toEqual([[1, 'unchained'], [2, 'malformed'], [3, 'malformed'], [4, 'malformed']]);
});

test('what cannot be verified', () => {
  for (const records of ['{}', Buffer.from('{}')]) {
    expect(() => verifier.verify(records as any)).toThrow(/iterable/);
  }
  for (const records of [[{}], [null], 7, null, {}]) {
    expect(() => verifier.verify(records as any)).toThrow(TypeError);
  }
  for (const options of [
    { expectedHead: 'abc' }, { expectedCount: -1 }, { expectedCount: 0.5 },
    { after: { sequence: 1, digest: 'abc' } },
  ]) {
    expect(problemOf(() => verifier.verify([], options)).code).toBe('INVALID_ARGUMENT');
  }
  for (const options of [{ expectedHead: 7 }, { expectedCount: '1' }, { after: digest }]) {
    expect(() => verifier.verify([], options as any)).toThrow(TypeError);
  }
  const refusals: [string, string][] = [
    ['{}', 'signature_missing'], ['{"attestation_chain":1}', 'signature_malformed'],
    [signer.seal(failed).text.replace('fa', 'Fa'), 'signature_mismatch'],
  ];
  for (const [record, reason] of refusals) {
    const problem = problemOf(() => verifier.headOf(record));
    expect(problem).toBeInstanceOf(SignatureVerificationError);
    expect(problem).toMatchObject({ reason });
  }
  expect(problemOf(() => verifier.headOf('[]')).code).toBe('INVALID_JSON');
});

test('secrets', () => {
  for (const secret of ['', ' ', Buffer.alloc(0), 's'.repeat(4097)]) {
    for (const make of [() => new AttestationSigner(secret),
      () => new AttestationVerifier(['good', secret])]) {
      expect(problemOf(make)).toBeInstanceOf(SignatureVerificationError);
      expect(problemOf(make)).toMatchObject({ code: 'SECRET_INVALID', reason: 'secret_invalid' });
    }
  }
  for (const none of [undefined, null, 7, [7]]) {
    expect(() => new AttestationSigner(none as any)).toThrow(TypeError);
    expect(() => new AttestationVerifier(none as any)).toThrow(TypeError);
  }
  for (const list of [[], ['a', 'b']]) {
    expect(() => new AttestationSigner(list as any)).toThrow(/one secret/);
  }
  expect(problemOf(() => new AttestationVerifier([])).code).toBe('INVALID_ARGUMENT');
  expect(problemOf(() => new AttestationVerifier(Array(33).fill('a'))).code)
    .toBe('INVALID_ARGUMENT');
});
