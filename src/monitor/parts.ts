// What several views show: verdicts, states, times, problems, and actions that are confirmed.
import { button, h, link, replace, type Child } from './dom';
import { ago, moment } from './format';

// Each has a shape, so that no colour is needed to tell them apart.
const shapes: Readonly<Record<string, readonly [string, string]>> = {
  complete: ['good', '\u25CF'],
  completed: ['good', '\u25CF'],
  delivered: ['good', '\u25CF'],
  incomplete: ['bad', '\u25B2'],
  failed: ['bad', '\u25B2'],
  timeout: ['bad', '\u25B2'],
  timed_out: ['bad', '\u25B2'],
  dead: ['bad', '\u25B2'],
  filed: ['warn', '\u25A0'],
  true: ['good', '\u2713'],
  false: ['calm', '\u2717'],
  unknown: ['warn', '?'],
};
const otherShape = ['calm', '\u25CB'] as const;

export function mark(word: string): HTMLElement {
  const key = word.toLowerCase();
  // The word may be anybody's, "constructor" too.
  const [tone, shape] = (Object.hasOwn(shapes, key) && shapes[key]) || otherShape;
  return h(
    'span',
    `mark ${tone}`,
    h('span', { attributes: { 'aria-hidden': 'true' } }, shape),
    ` ${word}`,
  );
}

export const verdictWord = (category: string | null): string => category ?? 'undecided';

export const words = (name: string): string => name.replaceAll('_', ' ');

export function when(time: string | null | undefined, isRelative = false): Child {
  if (!time) return h('span', 'none', '\u2013');
  return h(
    'time',
    { attributes: { datetime: time, title: time } },
    isRelative ? ago(time) : moment(time),
  );
}

export const code = (text: string): HTMLElement => h('code', null, text);

export const jobAddress = (id: string): string => `#/job/${encodeURIComponent(id)}`;
export const jobLink = (id: string): HTMLElement => link(jobAddress(id), id);

export function facts(pairs: readonly (readonly [string, Child])[]): HTMLElement {
  const given = pairs.filter(([, value]) => value !== null && value !== undefined && value !== '');
  return h(
    'dl',
    'facts',
    given.map(([name, value]) => h('div', null, h('dt', null, name), h('dd', null, value))),
  );
}

export function section(title: string, ...children: Child[]): HTMLElement {
  const heading = h('h2', null, title);
  return h('section', { attributes: { 'aria-label': title } }, heading, ...children);
}

export function problemText(problem: unknown): string {
  return problem instanceof Error ? problem.message : String(problem);
}

export const problemLine = (problem: unknown): HTMLElement =>
  h('span', { class: 'said bad', attributes: { role: 'alert' } }, problemText(problem));

export function showProblem(place: Element, problem: unknown, again: () => void): void {
  replace(
    place,
    h(
      'div',
      { class: 'problem', attributes: { role: 'alert' } },
      problemText(problem),
      button('Try again', again),
    ),
  );
}

/** A button that asks first; what came of it stands beside it. */
export function action(label: string, question: string, run: () => Promise<string>): HTMLElement {
  const place = h('span', { class: 'action', attributes: { 'aria-live': 'polite' } });
  const offer = (): HTMLButtonElement => button(label, ask);
  const show = (tone: string, text: string, more: Child = null): void => {
    replace(place, h('span', tone, text), more);
  };
  const act = async (): Promise<void> => {
    show('', `${label}...`);
    try {
      show('said good', await run());
    } catch (problem) {
      show('said bad', problemText(problem), offer());
    }
  };
  const ask = (): void => {
    const yes = button(label, () => void act(), 'primary');
    const no = button('Cancel', () => {
      const again = offer();
      replace(place, again);
      again.focus();
    });
    show('', question, [yes, no]);
    yes.focus();
  };
  replace(place, offer());
  return place;
}

/** A table that scrolls by itself where it is too wide; `body` are its rows. */
export function table(names: readonly string[], body: Child, style = ''): HTMLElement {
  const head = names.map((name) => h('th', { attributes: { scope: 'col' } }, name));
  return h(
    'div',
    { class: 'scroll', attributes: { tabindex: 0 } },
    h('table', style, h('thead', null, h('tr', null, head)), h('tbody', null, body)),
  );
}

/** Rows of any columns, those without a value left out. */
export function rows(
  all: readonly Record<string, unknown>[],
  hidden: readonly string[] = [],
): HTMLElement {
  const names = [...new Set(all.flatMap((row) => Object.keys(row)))].filter(
    (name) =>
      !hidden.includes(name) && all.some((row) => row[name] !== null && row[name] !== undefined),
  );
  const cell = (value: unknown): Child => {
    if (value === null || value === undefined) return '';
    if (typeof value === 'object') return code(JSON.stringify(value));
    const text = String(value);
    return /^\d{4}-\d\d-\d\dT[\d:.]+Z$/.test(text) ? when(text) : text;
  };
  const body = all.map((row) =>
    h(
      'tr',
      null,
      names.map((name) => h('td', null, cell(row[name]))),
    ),
  );
  return table(names.map(words), body);
}
