// One job: what became of it and why, attempt by attempt.
import {
  get,
  post,
  type Condition,
  type Forensics,
  type Job,
  type Payload,
  type Verdict,
} from './api';
import { attempts } from './attempts';
import { deliveryTable } from './deliveries';
import { button, h, replace, type Child } from './dom';
import { bytes, count, several } from './format';
import {
  action,
  code,
  facts,
  jobLink,
  mark,
  rows,
  section,
  verdictWord,
  when,
  words,
} from './parts';
import { payloadViewer } from './payload';
import type { View } from './router';

const retryable = ['failed', 'timeout', 'timed_out'];

const signs: Readonly<Record<string, string>> = {
  equal: '=',
  notEqual: '\u2260',
  in: 'one of',
  notIn: 'none of',
  greaterThan: '>',
  greaterThanInclusive: '\u2265',
  lessThan: '<',
  lessThanInclusive: '\u2264',
};

const write = (value: unknown): string => (value === undefined ? '' : JSON.stringify(value));

function condition(one: Condition): HTMLElement {
  return h(
    'li',
    null,
    mark(one.result),
    ' ',
    code(one.fact),
    ` is ${write(one.fact_value)}, asked: ${signs[one.operator] ?? one.operator} `,
    one.value_fact === undefined
      ? write(one.value)
      : [code(one.value_fact), ` (${write(one.value)})`],
  );
}

function verdict(found: Verdict): HTMLElement {
  const reason = found.problem_details?.['reason'];
  return section(
    'Verdict',
    h(
      'p',
      'verdict',
      mark(verdictWord(found.status_category)),
      found.problem_type !== null && [' ', h('strong', null, words(found.problem_type))],
      reason !== undefined && `: ${String(reason)}`,
    ),
    facts([
      ['rule', code(found.rule)],
      ['needs', found.resolution_needed && words(found.resolution_needed)],
      ['missing', found.missing_facts?.length ? found.missing_facts.join(', ') : null],
      ['next evaluation', found.next_evaluation_at ? when(found.next_evaluation_at) : null],
    ]),
    found.decided_by?.length
      ? [h('h3', null, 'Decided by'), h('ul', 'conditions', found.decided_by.map(condition))]
      : null,
    found.would_complete?.length
      ? [
          h('h3', null, 'It would be complete with'),
          h(
            'ul',
            'conditions',
            found.would_complete.map((one) => h('li', null, code(write(one)))),
          ),
        ]
      : null,
    found.trace?.length
      ? h(
          'details',
          null,
          h('summary', null, `All ${found.trace.length} rules that were looked at`),
          h(
            'ol',
            'trace',
            found.trace.map((one) =>
              h(
                'li',
                null,
                code(one.rule),
                ' ',
                mark(one.result),
                h('ul', 'conditions', one.conditions.map(condition)),
              ),
            ),
          ),
        )
      : null,
  );
}

function timeline(found: Forensics): HTMLElement {
  return section(
    'Timeline',
    h(
      'ol',
      'timeline',
      found.timeline.map((one) =>
        h(
          'li',
          null,
          when(one.at),
          h('span', 'source', one.source),
          h(
            'span',
            null,
            one.title,
            one.attempt !== null && h('span', 'quiet', ` attempt ${one.attempt}`),
          ),
        ),
      ),
    ),
  );
}

function payloads(all: readonly Payload[], open: (ref: string) => void): HTMLElement | null {
  const known = all.filter((one) => one.bytes !== null);
  if (known.length === 0) return null;
  return section(
    'Payloads',
    h(
      'ul',
      'payloads',
      known.map((one) =>
        h(
          'li',
          null,
          button(one.ref, () => open(one.ref)),
          h('span', 'quiet number', bytes(one.bytes ?? 0)),
        ),
      ),
    ),
  );
}

function recovery(found: Forensics): HTMLElement | null {
  const similar = found.similar_failures;
  if (!similar && found.recovery_suggestions.length === 0) return null;
  const percent = (odds: number): string => `${Math.round(odds * 100)} %`;
  return section(
    'Failures alike',
    found.classification &&
      facts([
        ['type', words(found.classification.type)],
        ['reason', words(found.classification.reason)],
        ['confidence', found.classification.confidence],
        ['fingerprint', code(found.classification.fingerprint)],
      ]),
    found.classification && h('p', null, found.classification.description),
    similar &&
      h(
        'p',
        null,
        similar.jobs === 0
          ? 'No other job has failed like this.'
          : [
              `${several(similar.jobs, 'other job')} failed like this: `,
              `${count(similar.recovered)} recovered, ${count(similar.failed)} failed for good.`,
            ],
        similar.recovery_odds !== null &&
          h(
            'strong',
            null,
            ` ${percent(similar.recovery_odds)} recovered`,
            ` of ${count(similar.sample_size)} that came to an end.`,
          ),
      ),
    similar && similar.examples.length > 0
      ? h(
          'ul',
          'examples',
          similar.examples.map((one) => h('li', null, jobLink(one.id), ' ', when(one.at, true))),
        )
      : null,
    found.recovery_suggestions.map((one) =>
      h(
        'p',
        'suggestion',
        h('strong', null, words(one.type)),
        `: ${one.description} (${one.confidence} confidence`,
        one.estimated_success_rate !== null &&
          `, ${percent(one.estimated_success_rate)} of ${count(one.sample_size)}`,
        ').',
      ),
    ),
  );
}

function heading(id: string, found: Job | null): Child {
  if (!found)
    return [
      h('h1', null, code(id)),
      h('p', 'quiet', 'The store has no row of this job, but knows of it.'),
    ];
  return [
    h('h1', null, code(String(found.id))),
    h('p', 'marks', mark(found.status), found.name !== null && h('span', null, found.name)),
    found.error_message !== null && h('p', 'message', found.error_message),
    facts([
      ['type', found.job_type],
      [
        'retries',
        found.retry_count === null ? null : `${found.retry_count} of ${found.max_retries ?? '?'}`,
      ],
      ['created', when(found.created_at)],
      ['started', when(found.started_at)],
      ['ended', when(found.completed_at)],
    ]),
  ];
}

export const job: View = async (place, parameters, signal, refresh) => {
  const id = parameters.get('id') ?? '';
  const path = `/api/jobs/${encodeURIComponent(id)}`;
  const found = await get<Forensics>(`${path}/forensics`, signal);
  const viewer = h('div', 'viewer');
  const open = (ref: string): void => {
    const before = document.activeElement;
    const close = (): void => {
      replace(viewer);
      if (before instanceof HTMLElement) before.focus();
    };
    const shown = payloadViewer(id, ref, close);
    replace(viewer, shown);
    shown.scrollIntoView({ block: 'nearest' });
    shown.querySelector('button')?.focus();
  };
  const retry = async (): Promise<string> => {
    const made = await post<{ attempt: number }>(`${path}/retry`);
    return `Retry ${made.attempt} is scheduled.`;
  };
  const status = found.job?.status.toLowerCase() ?? '';
  const other = (
    title: string,
    all: readonly Record<string, unknown>[],
    ...hidden: string[]
  ): HTMLElement | null =>
    all.length === 0
      ? null
      : section(title, rows(all, ['workflow_id', 'job_id', 'original_job_id', ...hidden]));
  replace(
    place,
    h(
      'div',
      'jobhead',
      heading(id, found.job),
      h(
        'div',
        'actions',
        retryable.includes(status) && action('Retry', 'Run this job again?', retry),
        button('Refresh', refresh),
      ),
    ),
    found.warnings.length > 0 &&
      h(
        'ul',
        { class: 'warnings', attributes: { role: 'note' } },
        found.warnings.map((one) => h('li', null, one)),
      ),
    h('div', 'halves', found.verdict && verdict(found.verdict), recovery(found)),
    attempts(found, open),
    h('div', 'halves', timeline(found), payloads(found.payloads, open)),
    viewer,
    found.deliveries.length > 0 && section('Deliveries', deliveryTable(found.deliveries)),
    other('Notifications', found.notifications, 'record'),
    other('Webhooks that came in', found.events),
    other('Steps', found.steps),
    other('Earlier tries that were kept', found.retries),
  );
};
