// Walks a value in the engine: only strings that may hold a blob cross into native code.
import native from '../../native.cjs';

const { JobqueueError } = native;
const minCutSize = native.addon.minCutSize;

const maxContainers = 10_000; // one in another
const maxNeighbours = 32; // each way, as the C ABI says
const maxNeighbourValue = 256;
const neighbourWindow = 4096; // characters, each way, as in text

type Container = Record<string, unknown> | unknown[];

interface Frame {
  container: Container;
  keys: string[] | undefined; // of an object
  length: number;
  position: number;
  copy: Container | undefined;
}

function isWalked(value: object): boolean {
  if (Array.isArray(value)) return true;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

function plain(text: string): string {
  return text.includes('\0') ? '' : text;
}

/** Also in the place of an accessor, and under the name `__proto__`. */
function setOwn(container: Container, key: string, value: unknown): void {
  Object.defineProperty(container, key, {
    value, writable: true, enumerable: true, configurable: true,
  });
}

/** The same members, accessors and symbols among them, and the same prototype; never frozen. */
function shallowCopy(container: Container): Container {
  const copy = (Array.isArray(container) ? [] : Object.create(Object.getPrototypeOf(container))) as
    Container;
  for (const key of Reflect.ownKeys(container)) {
    const property = Object.getOwnPropertyDescriptor(container, key) as PropertyDescriptor;
    if (Array.isArray(container) && key === 'length') {
      (copy as unknown[]).length = container.length;
      continue;
    }
    if ('value' in property) property.writable = true;
    property.configurable = true;
    Object.defineProperty(copy, key, property);
  }
  return copy;
}

type Wanted = (text: string, name: string) => boolean;

const looksDeep = 64; // containers in one another; of what is deeper nothing is said

/**
 * Whether a string in the value may be wanted. Most payloads have none, and this asks in a third of
 * the time of a walk, because it remembers nothing.
 */
export function mayHold(value: object, wanted: Wanted, depth = 0): boolean {
  if (!isWalked(value)) return false;
  if (depth === looksDeep) return true;
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i += 1) {
      if (mayBe(value[i], '', wanted, depth)) return true;
    }
    return false;
  }
  // `in` lists what Object.keys does and more, without a list of the names.
  for (const name in value) {
    if (mayBe((value as Record<string, unknown>)[name], name, wanted, depth)) return true;
  }
  return false;
}

function mayBe(child: unknown, name: string, wanted: Wanted, depth: number): boolean {
  if (typeof child === 'string') return child.length >= minCutSize && wanted(child, name);
  return typeof child === 'object' && child !== null && mayHold(child, wanted, depth + 1);
}

/**
 * One walk. It stops at every string that is wanted; then it can be asked what is around it, and be
 * given another in its place.
 */
export class Walk {
  readonly #wanted: Wanted;
  readonly #stack: Frame[] = []; // those above #depth are there to be used again
  #depth = 0;
  #result: unknown;

  constructor(root: Container, wanted: Wanted) {
    this.#wanted = wanted;
    this.#result = root;
    this.#push(root);
  }

  /** The value as it is now. */
  get result(): unknown {
    return this.#result;
  }

  /** The next string that is wanted; undefined if `steps` values were passed, or at the end. */
  next(steps = Infinity): string | undefined {
    const stack = this.#stack;
    const wanted = this.#wanted;
    let here = stack[this.#depth - 1];
    while (here !== undefined && steps-- > 0) {
      if (++here.position >= here.length) {
        const copy = here.copy;
        here = --this.#depth === 0 ? undefined : stack[this.#depth - 1];
        if (copy === undefined) continue;
        if (here === undefined) this.#result = copy;
        else this.replace(copy);
        continue;
      }
      const key = here.keys === undefined ? '' : here.keys[here.position] as string;
      const child = here.keys === undefined
        ? (here.container as unknown[])[here.position]
        : (here.container as Record<string, unknown>)[key];
      if (typeof child === 'string') {
        if (child.length >= minCutSize && wanted(child, key)) return child;
      } else if (typeof child === 'object' && child !== null && isWalked(child)) {
        here = this.#push(child as Container);
      }
    }
    return undefined;
  }

  get done(): boolean {
    return this.#depth === 0;
  }

  /** Puts a value in the place of the string at which the walk stopped. */
  replace(value: unknown): void {
    const here = this.#stack[this.#depth - 1] as Frame;
    here.copy ??= shallowCopy(here.container);
    const key = here.keys?.[here.position];
    if (key === undefined) (here.copy as unknown[])[here.position] = value;
    else setOwn(here.copy, key, value);
  }

  /** RFC 6901. */
  get pointer(): string {
    return this.#stack.slice(0, this.#depth).map(({ keys, position }) => {
      const token = keys === undefined ? String(position) : (keys[position] as string);
      return `/${token.replaceAll('~', '~0').replaceAll('/', '~1')}`;
    }).join('');
  }

  /**
   * What is around the string, as one string, because each that crosses into native code costs: the
   * name of its member, that of the member which its container is, and the members nearest to it.
   * Each field ends with a NUL; a neighbour is a digit (1: child, 2: after) with its name, and its
   * value. A name with a NUL in it says nothing to anybody, and is left out.
   */
  context(): string {
    const here = this.#stack[this.#depth - 1] as Frame;
    const depth = this.#depth;
    let out = `${plain(this.#keyOf(depth - 1))}\0${plain(this.#keyOf(depth - 2))}\0`;
    if (here.keys === undefined) return out;
    for (const step of [-1, 1]) {
      const after = step === 1 ? 2 : 0;
      let taken = 0;
      let size = 0;
      const add = (name: string, value: unknown, child: number): void => {
        const text = typeof value === 'string' ? value : '';
        size += name.length + text.length + 6; // quotes, colon, comma
        taken += 1;
        out += `${child + after}${plain(name)}\0`;
        out += text.length <= maxNeighbourValue ? `${plain(text)}\0` : '\0';
      };
      for (let i = here.position + step; i >= 0 && i < here.length; i += step) {
        if (taken >= maxNeighbours || size >= neighbourWindow) break;
        const key = here.keys[i] as string;
        const value = (here.container as Record<string, unknown>)[key];
        add(key, value, 0);
        if (typeof value !== 'object' || value === null || Array.isArray(value)) continue;
        if (!isWalked(value)) continue;
        for (const inner of Object.keys(value)) {
          if (taken >= maxNeighbours || size >= neighbourWindow) break;
          add(inner, (value as Record<string, unknown>)[inner], 1);
        }
      }
    }
    return out;
  }

  #keyOf(index: number): string {
    const frame = this.#stack[index];
    return frame?.keys?.[frame.position] ?? '';
  }

  #push(container: Container): Frame {
    if (this.#depth === maxContainers) {
      if (this.#stack.some((one) => one.container === container)) {
        const message = 'the object has a cycle: a container is in itself';
        throw new JobqueueError(message, 'INVALID_ARGUMENT', 1);
      }
      const message = `the object has more than ${maxContainers} containers in one another`;
      throw new JobqueueError(message, 'DEPTH_EXCEEDED', 14);
    }
    const keys = Array.isArray(container) ? undefined : Object.keys(container);
    const length = keys === undefined ? (container as unknown[]).length : keys.length;
    const old = this.#stack[this.#depth];
    const frame = old ?? { container, keys, length, position: -1, copy: undefined };
    if (old === undefined) {
      this.#stack.push(frame);
    } else {
      old.container = container;
      old.keys = keys;
      old.length = length;
      old.position = -1;
      old.copy = undefined;
    }
    this.#depth += 1;
    return frame;
  }
}
