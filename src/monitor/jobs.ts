// The list of jobs, filtered, in pages.
import { get, query, type Job, type Summary } from './api';
import { button, choice, h, replace } from './dom';
import { several } from './format';
import { jobAddress, mark, problemLine, verdictWord, when, words } from './parts';
import { go, type View } from './router';

const pageSize = 200;

const categories = ['complete', 'filed', 'incomplete', 'undecided'];
const statuses = ['pending', 'processing', 'completed', 'failed', 'canceled'];

const options = (values: readonly string[]): (readonly [string, string])[] => [
  ['', 'any'],
  ...values.map((value) => [value, words(value)] as const),
];

function row(job: Job): HTMLElement {
  const retries = job.retry_count ? `${job.retry_count}/${job.max_retries ?? '?'}` : '';
  return h(
    'li',
    null,
    h(
      'a',
      { class: 'row', attributes: { href: jobAddress(job.id) } },
      h('span', 'id', String(job.id)),
      h('span', 'status', mark(job.status)),
      h(
        'span',
        'verdict',
        mark(verdictWord(job.status_category)),
        job.problem_type && h('span', 'quiet', ` ${words(job.problem_type)}`),
      ),
      h('span', 'type quiet', job.job_type),
      h(
        'span',
        { class: 'retries quiet number', attributes: { title: retries && `${retries} retries` } },
        retries,
      ),
      h('span', 'created quiet', when(job.created_at, true)),
      h('span', 'message', job.error_message ?? job.name),
    ),
  );
}

export const jobs: View = async (place, parameters, signal) => {
  const given = (name: string): string => parameters.get(name) ?? '';
  const filter = {
    category: given('category'),
    problem: given('problem'),
    status: given('status'),
    type: given('type'),
    q: given('q'),
  };
  const narrow = (name: keyof typeof filter, value: string): void =>
    go(query('#/jobs', { ...filter, [name]: value }));
  const kind = h('input', {
    attributes: {
      type: 'search',
      value: filter.type,
      placeholder: 'any',
      autocomplete: 'off',
      maxlength: 200,
    },
    on: { change: (event) => narrow('type', (event.target as HTMLInputElement).value.trim()) },
  });
  const list = h('ul', { attributes: { role: 'list' } });
  // For the eye: each row says what it is by its own words.
  const names = h(
    'div',
    { class: 'row names', attributes: { 'aria-hidden': 'true' } },
    ['id', 'status', 'verdict', 'type', 'retries', 'created', 'message'].map((name) =>
      h('span', null, name),
    ),
  );
  const shown = h('p', { class: 'quiet', attributes: { role: 'status' } });
  const foot = h('div', 'foot');
  let all = 0;

  const load = async (after: string): Promise<void> => {
    const page = await get<{ jobs: Job[]; cursor: string | null }>(
      query('/api/jobs', { ...filter, after, limit: pageSize }),
      signal,
    );
    all += page.jobs.length;
    list.append(...page.jobs.map(row));
    shown.textContent =
      all === 0
        ? 'No job is like that.'
        : `${several(all, 'job')}${page.cursor === null ? '' : ' so far'}`;
    names.hidden = all === 0;
    const cursor = page.cursor;
    replace(foot, cursor !== null && button('More jobs', () => void more(cursor)));
  };
  const more = async (after: string): Promise<void> => {
    const last = list.lastElementChild;
    replace(foot, h('span', 'quiet', 'Loading...'));
    try {
      await load(after);
      last?.nextElementSibling?.querySelector('a')?.focus();
    } catch (problem) {
      replace(
        foot,
        problemLine(problem),
        button('Try again', () => void more(after)),
      );
    }
  };

  // Problems are those that there are: the rules may be the operator's own.
  const [summary] = await Promise.all([get<Summary>('/api/summary', signal), load('')]);
  const found = new Set(summary.categories.flatMap((one) => one.problem_type ?? []));
  replace(
    place,
    h(
      'div',
      'title',
      h('h1', null, 'Jobs'),
      filter.q !== '' && h('span', null, 'with an id that begins with ', h('code', null, filter.q)),
    ),
    h(
      'form',
      {
        class: 'filters',
        attributes: { 'aria-label': 'Filters' },
        on: { submit: (event) => event.preventDefault() },
      },
      choice('Verdict', options(categories), filter.category, (value) => narrow('category', value)),
      choice('Problem', options([...found].sort()), filter.problem, (value) =>
        narrow('problem', value),
      ),
      choice('Status', options(statuses), filter.status, (value) => narrow('status', value)),
      h('label', 'field', h('span', null, 'Type'), kind),
      Object.values(filter).some((value) => value !== '') && button('Clear', () => go('#/jobs')),
    ),
    shown,
    h('div', 'jobs', names, list),
    foot,
  );
};
