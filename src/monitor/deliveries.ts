// Webhooks that go out: to whom, and what became of each.
import { get, post, query, type Delivery, type DeliveryAttempt, type Endpoint } from './api';
import { button, choice, h, replace, type Child } from './dom';
import { count } from './format';
import { action, code, jobLink, mark, problemLine, rows, section, table, when } from './parts';
import { go, type View } from './router';

const states = ['pending', 'delivered', 'dead'];

async function showAttempts(id: string, place: HTMLElement): Promise<void> {
  try {
    const found = await get<{ attempts: DeliveryAttempt[] }>(
      `/api/deliveries/${encodeURIComponent(id)}/attempts`,
    );
    replace(
      place,
      found.attempts.length === 0
        ? h('p', 'none', 'It was not tried yet.')
        : rows(found.attempts as unknown as Record<string, unknown>[], ['delivery_id']),
    );
  } catch (problem) {
    replace(place, problemLine(problem));
  }
}

function outcome(one: Delivery): Child {
  if (one.last_error !== null) return one.last_error;
  return one.response_status === null ? '' : `HTTP ${one.response_status}`;
}

function row(one: Delivery): HTMLElement[] {
  const more = h('td', { attributes: { colspan: 6 } });
  const below = h('tr', { class: 'more', attributes: { hidden: true } }, more);
  const toggle = button('Tries', () => {
    below.hidden = !below.hidden;
    toggle.setAttribute('aria-expanded', String(!below.hidden));
    if (!below.hidden) void showAttempts(one.id, more);
  });
  toggle.setAttribute('aria-expanded', 'false');
  const redrive = async (): Promise<string> => {
    await post(`/api/deliveries/${encodeURIComponent(one.id)}/redrive`);
    return 'It is sent again.';
  };
  const next =
    one.state === 'pending' ? one.next_attempt_at : (one.delivered_at ?? one.last_attempt_at);
  return [
    h(
      'tr',
      null,
      h('td', null, mark(one.state)),
      h(
        'td',
        null,
        one.event_type,
        one.workflow_id !== null && h('div', null, jobLink(one.workflow_id)),
      ),
      h('td', null, code(one.url ?? one.endpoint_id)),
      h('td', 'number', count(one.attempts)),
      h(
        'td',
        null,
        one.state === 'pending' && 'next ',
        when(next, true),
        h('div', 'quiet', outcome(one)),
      ),
      h(
        'td',
        null,
        h(
          'div',
          'actions',
          toggle,
          one.state === 'dead' && action('Redrive', 'Send it again?', redrive),
        ),
      ),
    ),
    below,
  ];
}

export const deliveryTable = (all: readonly Delivery[]): HTMLElement =>
  table(['state', 'event', 'to', 'tries', 'when', 'actions'], all.map(row));

function endpoint(one: Endpoint): HTMLElement {
  const path = `/api/webhooks/${encodeURIComponent(one.id)}`;
  const test = async (): Promise<string> => {
    await post(`${path}/test`);
    return 'A test is on its way.';
  };
  const enable = async (): Promise<string> => {
    await post(`${path}/enable`);
    return 'It is told again.';
  };
  const isLeftAlone = one.disabled_until !== null && Date.parse(one.disabled_until) > Date.now();
  return h(
    'li',
    'card',
    h('h3', null, code(one.url)),
    mark(!one.is_active ? 'disabled' : isLeftAlone ? 'left alone' : 'active'),
    one.disabled_reason !== null && h('p', 'message', one.disabled_reason),
    isLeftAlone && h('p', 'quiet', 'until ', when(one.disabled_until)),
    h('p', 'quiet', one.event_types?.join(', ') ?? 'all events', `; scheme ${one.scheme}`),
    one.description !== null && h('p', null, one.description),
    h(
      'div',
      'actions',
      action('Test', 'Send a test event?', test),
      (!one.is_active || isLeftAlone) && action('Enable', 'Tell it again?', enable),
    ),
  );
}

export const deliveries: View = async (place, parameters, signal, refresh) => {
  const state = parameters.get('state') ?? '';
  const after = parameters.get('after') ?? '';
  const [found, endpoints] = await Promise.all([
    get<{ deliveries: Delivery[]; cursor: string | null }>(
      query('/api/deliveries', { state, after, limit: 100 }),
      signal,
    ),
    get<{ webhooks: Endpoint[] }>('/api/webhooks', signal),
  ]);
  const options = [['', 'any'] as const, ...states.map((one) => [one, one] as const)];
  const cursor = found.cursor;
  replace(
    place,
    h('div', 'title', h('h1', null, 'Deliveries'), button('Refresh', refresh)),
    section(
      'Endpoints',
      endpoints.webhooks.length === 0 &&
        h('p', 'none', 'Nobody is told of anything yet: ', code('jobqueue webhook add URL'), '.'),
      h('ul', { class: 'cards', attributes: { role: 'list' } }, endpoints.webhooks.map(endpoint)),
    ),
    section(
      'What was sent',
      h(
        'form',
        { class: 'filters', attributes: { 'aria-label': 'Filters' } },
        choice('State', options, state, (value) => go(query('#/deliveries', { state: value }))),
      ),
      found.deliveries.length === 0
        ? h('p', 'none', 'No delivery is like that.')
        : deliveryTable(found.deliveries),
      h(
        'div',
        'foot',
        cursor !== null &&
          button('Older', () => go(query('#/deliveries', { state, after: cursor }))),
      ),
    ),
  );
};
