// Everything can be done from the keyboard.
import { button, h } from './dom';
import { go } from './router';

const help: readonly (readonly [string, string])[] = [
  ['/', 'find a job by its id'],
  ['j, k', 'next and previous job'],
  ['Enter', 'open it'],
  ['Esc', 'close, or back'],
  ['g then o, j, d', 'overview, jobs, deliveries'],
  ['r', 'refresh'],
  ['t', 'light or dark'],
  ['?', 'these keys'],
];

export function showHelp(): void {
  const dialog = h(
    'dialog',
    { attributes: { 'aria-label': 'Keys' }, on: { close: () => dialog.remove() } },
    h('h2', null, 'Keys'),
    h(
      'dl',
      'facts',
      help.map(([key, text]) =>
        h('div', null, h('dt', null, h('kbd', null, key)), h('dd', null, text)),
      ),
    ),
    button('Close', () => dialog.close(), 'primary'),
  );
  document.body.append(dialog);
  dialog.showModal();
}

function move(step: number): void {
  const all = [...document.querySelectorAll<HTMLElement>('.jobs a.row')];
  if (all.length === 0) return;
  const at = all.indexOf(document.activeElement as HTMLElement);
  const next =
    all[
      at === -1 ? (step > 0 ? 0 : all.length - 1) : Math.min(Math.max(at + step, 0), all.length - 1)
    ];
  next?.focus();
  next?.scrollIntoView({ block: 'nearest' });
}

const isTyping = (target: EventTarget | null): boolean =>
  target instanceof Element && target.matches('input, select, textarea');

export function listenToKeys(
  search: HTMLElement,
  back: () => void,
  refresh: () => void,
  toggleTheme: () => void,
): void {
  let afterG = false;
  document.addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector('dialog[open]'))
      return;
    if (event.key === 'Escape') {
      const close = document.querySelector<HTMLElement>('.payload .name button');
      if (isTyping(event.target)) (event.target as HTMLElement).blur();
      else if (close) close.click();
      else back();
      return;
    }
    if (isTyping(event.target)) return;
    const wasAfterG = afterG;
    afterG = event.key === 'g';
    const places: Readonly<Record<string, string>> = { o: '#/', j: '#/jobs', d: '#/deliveries' };
    const place = places[event.key];
    if (wasAfterG && place !== undefined) {
      event.preventDefault();
      go(place);
      return;
    }
    const actions: Readonly<Record<string, () => void>> = {
      '/': () => search.focus(),
      j: () => move(1),
      k: () => move(-1),
      r: refresh,
      t: toggleTheme,
      '?': showHelp,
    };
    const run = actions[event.key];
    if (!run) return;
    event.preventDefault();
    run();
  });
}
