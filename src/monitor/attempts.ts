// The attempts of a job beside each other, and what changed from one to the next.
import type { Attempt, Forensics } from './api';
import { button, h } from './dom';
import { bytes, duration, several } from './format';
import { code, facts, mark, section, table, when, words } from './parts';

function took(one: Attempt): string | null {
  if (one.started_at === null || one.finished_at === null) return null;
  const seconds = (Date.parse(one.finished_at) - Date.parse(one.started_at)) / 1000;
  return seconds >= 0 ? duration(seconds) : null;
}

function card(one: Attempt, open: (ref: string) => void): HTMLElement {
  return h(
    'li',
    'card',
    h('h3', null, one.attempt === null ? 'Attempt of unknown number' : `Attempt ${one.attempt}`),
    mark(one.status),
    one.error_message !== null && h('p', 'message', one.error_message),
    one.failure && h('p', 'quiet', `${words(one.failure.type)}: ${one.failure.description}`),
    facts([
      ['worker', one.worker_id && code(one.worker_id)],
      ['ended', when(one.finished_at)],
      ['took', took(one)],
    ]),
    one.payloads.map((payload) =>
      button(`Record${payload.bytes === null ? '' : `, ${bytes(payload.bytes)}`}`, () =>
        open(payload.ref),
      ),
    ),
    h(
      'details',
      null,
      h('summary', null, several(one.keys.length, 'key')),
      h(
        'ul',
        'keys',
        one.keys.map((key) => h('li', null, code(key))),
      ),
    ),
  );
}

const write = (value: unknown): string =>
  value === null ? '' : typeof value === 'string' ? value : JSON.stringify(value);

function changes(one: Forensics['differences'][number], isOpen: boolean): HTMLElement {
  const found = several(one.changes.length, 'change');
  const title = `Attempt ${one.from} to ${one.to}: ${found}${one.is_cut ? ' and more' : ''}`;
  return h(
    'details',
    { attributes: { open: isOpen } },
    h('summary', null, title),
    table(
      ['what', `attempt ${one.from}`, `attempt ${one.to}`],
      one.changes.map((change) =>
        h(
          'tr',
          null,
          h('td', null, code(change.pointer)),
          h('td', 'before', write(change.before)),
          h('td', 'after', write(change.after)),
        ),
      ),
      'changes',
    ),
  );
}

export function attempts(found: Forensics, open: (ref: string) => void): HTMLElement {
  if (found.attempts.length === 0)
    return section('Attempts', h('p', 'none', 'No attempt was attested.'));
  return section(
    'Attempts',
    h(
      'ol',
      { class: 'cards', attributes: { tabindex: 0, 'aria-label': 'Attempts, the first first' } },
      found.attempts.map((one) => card(one, open)),
    ),
    found.differences.map((one, i) => changes(one, i === found.differences.length - 1)),
  );
}
