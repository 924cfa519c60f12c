// The page of jobqueue serve.
import { forgetToken, hasToken, onTokenNeeded, query } from './api';
import { deliveries } from './deliveries';
import { button, h, link } from './dom';
import { job } from './job';
import { jobs } from './jobs';
import { listenToKeys, showHelp } from './keys';
import './monitor.css';
import { overview } from './overview';
import { showProblem } from './parts';
import { go, route, type Route } from './router';
import './views.css';

const routes: readonly Route[] = [
  { path: '', view: overview },
  { path: 'jobs', view: jobs },
  { path: 'job', view: job },
  { path: 'deliveries', view: deliveries },
];
const titles: Readonly<Record<string, string>> = {
  '': 'Overview',
  jobs: 'Jobs',
  job: 'Job',
  deliveries: 'Deliveries',
};

const themeKey = 'jobqueue.theme';
const isDark = (): boolean => {
  const chosen = localStorage.getItem(themeKey);
  return chosen ? chosen === 'dark' : matchMedia('(prefers-color-scheme: dark)').matches;
};
const applyTheme = (): void => {
  document.documentElement.dataset['theme'] = isDark() ? 'dark' : 'light';
};

function askForToken(wasRefused: boolean): Promise<string> {
  return new Promise((resolve) => {
    const input = h('input', {
      attributes: {
        type: 'password',
        name: 'token',
        autocomplete: 'current-password',
        required: true,
        // A header has no others.
        pattern: '\\s*[!-~]+\\s*',
        title: 'ASCII characters without spaces',
        'aria-label': 'Token',
      },
    });
    const dialog = h(
      'dialog',
      { attributes: { 'aria-label': 'Token' }, on: { cancel: (event) => event.preventDefault() } },
      h(
        'form',
        {
          attributes: { method: 'dialog' },
          on: {
            submit: () => {
              dialog.remove();
              resolve(input.value.trim());
            },
          },
        },
        h('h2', null, 'This server needs a token'),
        h('p', null, 'It is the one of JOBQUEUE_TOKEN, and is kept until this tab is closed.'),
        wasRefused &&
          h(
            'p',
            { class: 'said bad', attributes: { role: 'alert' } },
            'The server has refused that token.',
          ),
        h(
          'div',
          'actions',
          input,
          h('button', { class: 'primary', attributes: { type: 'submit' } }, 'Let me in'),
        ),
      ),
    );
    document.body.append(dialog);
    dialog.showModal();
    input.focus();
  });
}

const main = h('main', { attributes: { tabindex: -1 } });
const navigation = h(
  'nav',
  { attributes: { 'aria-label': 'Views' } },
  link('#/', 'Overview'),
  link('#/jobs', 'Jobs'),
  link('#/deliveries', 'Deliveries'),
);
const search = h('input', {
  attributes: {
    type: 'search',
    name: 'q',
    placeholder: 'Job id',
    'aria-label': 'Find a job by its id',
    autocomplete: 'off',
    maxlength: 500,
  },
});

let current = new AbortController();
let shown = '';
let shownPath = '';
let views = 0; // that were shown one after the other in this tab

const nameOf = (element: Element): string => {
  const label = (element as HTMLInputElement).labels?.[0] ?? element;
  const name = element.getAttribute('href') ?? element.getAttribute('aria-label');
  return `${element.tagName} ${name ?? label.textContent}`;
};

/** Gives what focuses the same as before, once the view was made anew; false if it is gone. */
function keepFocus(): () => boolean {
  const { activeElement } = document;
  if (!activeElement || activeElement === main || !main.contains(activeElement)) return () => false;
  const name = nameOf(activeElement);
  const alike = (): HTMLElement[] =>
    [...main.querySelectorAll<HTMLElement>(activeElement.tagName)].filter(
      (one) => nameOf(one) === name,
    );
  const index = alike().indexOf(activeElement as HTMLElement);
  return () => {
    const found = alike()[index];
    found?.focus({ preventScroll: true });
    return found !== undefined;
  };
}

async function show(): Promise<void> {
  current.abort();
  const controller = (current = new AbortController());
  const { path, view, parameters } = route(routes);
  const isNew = shown !== location.hash;
  shown = location.hash;
  const title = titles[path] ?? '';
  document.title = `${path === 'job' ? (parameters.get('id') ?? title) : title} - jobqueue`;
  for (const one of navigation.children) {
    const isHere = one.textContent === (path === 'job' ? 'Jobs' : title);
    if (isHere) one.setAttribute('aria-current', 'page');
    else one.removeAttribute('aria-current');
  }
  search.value = path === 'jobs' ? (parameters.get('q') ?? '') : '';
  main.setAttribute('aria-busy', 'true');
  // What came too late is not shown.
  const place = h('div', 'view');
  try {
    await view(place, parameters, controller.signal, () => void show());
  } catch (problem) {
    if (controller.signal.aborted) return;
    showProblem(place, problem, () => void show());
  }
  if (controller.signal.aborted) return;
  const focusAgain = path === shownPath ? keepFocus() : () => false;
  shownPath = path;
  main.replaceChildren(place);
  main.setAttribute('aria-busy', 'false');
  signOut.hidden = !hasToken();
  if (isNew) {
    ++views;
    scrollTo(0, 0);
  }
  if (!focusAgain() && isNew) main.focus({ preventScroll: true });
}

const signOut = button('Forget token', () => {
  forgetToken();
  location.reload();
});
signOut.hidden = true;

function toggleTheme(): void {
  localStorage.setItem(themeKey, isDark() ? 'light' : 'dark');
  applyTheme();
  void show(); // charts have their colours from the style
}

applyTheme();
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => {
  applyTheme();
  void show();
});
document.body.append(
  h(
    'a',
    {
      class: 'skip',
      attributes: { href: '#main' },
      on: { click: (event) => (event.preventDefault(), main.focus()) },
    },
    'To the content',
  ),
  h(
    'header',
    null,
    h('a', { class: 'brand', attributes: { href: '#/' } }, 'jobqueue'),
    navigation,
    h(
      'form',
      {
        attributes: { role: 'search' },
        on: {
          submit: (event) => {
            event.preventDefault();
            go(query('#/jobs', { q: search.value.trim() }));
          },
        },
      },
      search,
    ),
    h('div', 'tools', button('Theme', toggleTheme), button('Keys', showHelp), signOut),
  ),
  main,
);
onTokenNeeded(askForToken);
// Not out of the page.
const back = (): void => (views > 1 ? history.back() : go('#/'));
listenToKeys(search, back, () => void show(), toggleTheme);
window.addEventListener('hashchange', () => void show());
void show();

// Figures go on while the page is looked at.
const refreshSeconds = 30;
setInterval(() => {
  const isIdle = document.visibilityState === 'visible' && !document.querySelector('dialog[open]');
  if (isIdle && route(routes).path === '') void show();
}, refreshSeconds * 1000);
