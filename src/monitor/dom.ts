// Elements are made of text that may be anybody's: it becomes text nodes and nothing else.

export type Child = Node | string | number | null | undefined | false | readonly Child[];

type Attributes = Readonly<Record<string, string | number | boolean | undefined>>;
type Listener = (event: Event) => void;

export interface Properties {
  class?: string | undefined;
  attributes?: Attributes;
  on?: Readonly<Record<string, Listener>>;
}

function append(parent: Node, child: Child): void {
  if (child === null || child === undefined || child === false) return;
  if (Array.isArray(child)) {
    for (const one of child as readonly Child[]) append(parent, one);
  } else {
    parent.appendChild(child instanceof Node ? child : document.createTextNode(String(child)));
  }
}

/** An attribute that is true has no value; one that is false or undefined is left out. */
export function h<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  properties: Properties | string | null = null,
  ...children: Child[]
): HTMLElementTagNameMap[Tag] {
  const element = document.createElement(tag);
  const given = typeof properties === 'string' ? { class: properties } : (properties ?? {});
  if (given.class) element.className = given.class;
  for (const [name, value] of Object.entries(given.attributes ?? {})) {
    if (value === false || value === undefined) continue;
    element.setAttribute(name, value === true ? '' : String(value));
  }
  for (const [name, listener] of Object.entries(given.on ?? {})) {
    element.addEventListener(name, listener);
  }
  append(element, children);
  return element;
}

export function replace(parent: Element, ...children: Child[]): void {
  parent.replaceChildren();
  append(parent, children);
}

export function link(href: string, ...children: Child[]): HTMLAnchorElement {
  return h('a', { attributes: { href } }, ...children);
}

export function button(label: string, press: () => void, style = ''): HTMLButtonElement {
  return h('button', { class: style, attributes: { type: 'button' }, on: { click: press } }, label);
}

/** A choice; the first of each pair is its value. */
export function choice(
  label: string,
  options: readonly (readonly [string, string])[],
  chosen: string,
  change: (value: string) => void,
): HTMLLabelElement {
  const known = options.some(([value]) => value === chosen)
    ? options
    : [...options, [chosen, chosen] as const];
  const select = h(
    'select',
    { on: { change: (event) => change((event.target as HTMLSelectElement).value) } },
    known.map(([value, text]) =>
      h('option', { attributes: { value, selected: value === chosen } }, text),
    ),
  );
  return h('label', 'field', h('span', null, label), select);
}
