// Which view is shown: #/jobs?status=failed.

/** Fills `place`; `refresh` shows the same again. */
export type View = (
  place: HTMLElement,
  parameters: URLSearchParams,
  signal: AbortSignal,
  refresh: () => void,
) => Promise<void>;

export interface Route {
  path: string; // "jobs"; what follows a slash is the parameter `id`
  view: View;
}

export const go = (hash: string): void => {
  if (location.hash === hash) {
    window.dispatchEvent(new HashChangeEvent('hashchange'));
  } else {
    location.hash = hash;
  }
};

export function route(routes: readonly Route[]): {
  path: string;
  view: View;
  parameters: URLSearchParams;
} {
  const [where = '', search = ''] = location.hash.replace(/^#\/?/, '').split(/\?(.*)/s);
  const [path = '', id] = where.split(/\/(.*)/s);
  const parameters = new URLSearchParams(search);
  if (id !== undefined) {
    let decoded = id;
    try {
      decoded = decodeURIComponent(id);
    } catch {
      // A hash that a person has typed: then it is the id itself.
    }
    parameters.set('id', decoded);
  }
  const found = routes.find((one) => one.path === path) ?? routes[0];
  if (!found) throw new Error('there are no views');
  return { path: found.path, view: found.view, parameters };
}
