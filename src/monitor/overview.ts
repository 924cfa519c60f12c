// What there is, and how it became so.
import { get, query, type FailedAnalysis, type Series, type Summary } from './api';
import { chart } from './charts';
import { button, h, link, replace, type Child } from './dom';
import { bytes, count, moment, several } from './format';
import { code, jobLink, mark, section, verdictWord, when, words } from './parts';
import type { View } from './router';

const ranges = [
  ['1 h', 3600],
  ['24 h', 86400],
  ['7 d', 7 * 86400],
  ['30 d', 30 * 86400],
] as const;

let seconds: number = 86400;

const jobsOf = (category: string): string => query('#/jobs', { category });

function tiles(summary: Summary): HTMLElement {
  const totals = new Map(['complete', 'filed', 'incomplete', 'undecided'].map((word) => [word, 0]));
  for (const one of summary.categories) {
    const word = verdictWord(one.status_category);
    totals.set(word, (totals.get(word) ?? 0) + one.jobs);
  }
  const tile = (href: string, word: string, value: number): HTMLElement =>
    h('a', { class: 'tile', attributes: { href } }, h('strong', null, count(value)), mark(word));
  return h(
    'div',
    'tiles',
    [...totals].map(([word, jobs]) => tile(jobsOf(word), word, jobs)),
    ['delivered', 'pending', 'dead'].map((state) =>
      tile(query('#/deliveries', { state }), state, summary.deliveries[state] ?? 0),
    ),
  );
}

// Beside its number, so it needs no name.
function bar(share: number): HTMLElement {
  const filled = h('span');
  filled.style.width = `${Math.max(1, Math.round(share * 100))}%`;
  return h('div', { class: 'bar', attributes: { 'aria-hidden': 'true' } }, filled);
}

function problems(summary: Summary): HTMLElement {
  const found = summary.categories
    .filter((one) => one.problem_type)
    .sort((a, b) => b.jobs - a.jobs);
  const all = Math.max(1, ...found.map((one) => one.jobs));
  return section(
    'Problems',
    found.length === 0 && h('p', 'none', 'No job has a problem.'),
    h(
      'ul',
      'bars',
      found.map((one) => {
        const problem = one.problem_type ?? '';
        return h(
          'li',
          null,
          link(query('#/jobs', { problem }), words(problem)),
          bar(one.jobs / all),
          h('span', 'number', count(one.jobs)),
        );
      }),
    ),
  );
}

function failures(analysis: FailedAnalysis): HTMLElement {
  return section(
    'Common failures',
    analysis.common_failures.length === 0
      ? h('p', 'none', 'No failure was classified yet.')
      : h(
          'p',
          'quiet',
          `Among the newest ${count(analysis.looked_at)} failures. `,
          `Failed now: ${several(analysis.failed_jobs, 'job')}.`,
        ),
    h(
      'ol',
      'failures',
      analysis.common_failures
        .slice(0, 6)
        .map((one) =>
          h(
            'li',
            null,
            h(
              'div',
              null,
              h('strong', null, words(one.failure_reason)),
              ' ',
              h('span', 'quiet', words(one.failure_type)),
            ),
            one.example.error_message && code(one.example.error_message),
            h(
              'div',
              'quiet',
              `${several(one.jobs, 'job')}, ${count(one.recovered)} recovered, last `,
              when(one.last_failed_at, true),
              one.example.id !== null && [': ', jobLink(one.example.id)],
            ),
          ),
        ),
    ),
  );
}

function charts(data: Series): Child {
  return [
    chart(
      'Jobs by verdict',
      data,
      [
        { name: 'complete', label: 'complete', colour: '--good' },
        { name: 'incomplete', label: 'incomplete', colour: '--bad', dash: [6, 3] },
        { name: 'filed', label: 'filed', colour: '--warn', dash: [2, 3] },
        { name: 'undecided', label: 'undecided', colour: '--calm', dash: [10, 4] },
      ],
      count,
    ),
    chart(
      'Bytes removed',
      data,
      [{ name: 'bytes_removed', label: 'removed', colour: '--accent' }],
      bytes,
    ),
    chart(
      'Deliveries',
      data,
      [
        { name: 'delivered', label: 'delivered', colour: '--good' },
        { name: 'dead', label: 'dead', colour: '--bad', dash: [6, 3] },
        { name: 'pending', label: 'pending', colour: '--calm', dash: [10, 4] },
      ],
      count,
    ),
  ];
}

export const overview: View = async (place, _, signal, refresh) => {
  const to = Math.floor(Date.now() / 1000) + 1;
  const [summary, data, analysis] = await Promise.all([
    get<Summary>('/api/summary', signal),
    get<Series>(query('/api/series', { from: to - seconds, to, points: 200 }), signal),
    get<FailedAnalysis>('/api/jobs/failed-analysis?limit=1000', signal),
  ]);
  const chooser = h(
    'div',
    { class: 'ranges', attributes: { role: 'group', 'aria-label': 'Time of the charts' } },
    ranges.map(([label, length]) => {
      const one = button(label, () => {
        seconds = length;
        refresh();
      });
      one.setAttribute('aria-pressed', String(length === seconds));
      return one;
    }),
  );
  replace(
    place,
    h(
      'div',
      'title',
      h('h1', null, 'Overview'),
      h('span', 'quiet', `as of ${moment(summary.now)}`),
      chooser,
    ),
    tiles(summary),
    h('div', 'charts', charts(data)),
    h('div', 'halves', problems(summary), failures(analysis)),
  );
};
