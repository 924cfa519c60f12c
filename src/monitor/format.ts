// How figures, sizes and times are written.

const counts = new Intl.NumberFormat('en');
const dates = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'medium' });

export const count = (value: number): string => counts.format(value);

export const several = (value: number, noun: string): string =>
  `${count(value)} ${noun}${value === 1 ? '' : 's'}`;

export function bytes(value: number): string {
  if (value < 1000) return `${value} B`;
  let scaled = value;
  let unit = '';
  for (const next of ['kB', 'MB', 'GB', 'TB']) {
    scaled /= 1000;
    unit = next;
    if (scaled < 999.5) break;
  }
  return `${scaled < 10 ? scaled.toFixed(1) : Math.round(scaled)} ${unit}`;
}

export function duration(seconds: number): string {
  const size = Math.abs(seconds);
  if (size < 1) return `${Math.round(size * 1000)} ms`;
  if (size < 60) return `${Math.round(size)} s`;
  if (size < 3600) return `${Math.round(size / 60)} min`;
  if (size < 2 * 86400) return `${Math.round(size / 3600)} h`;
  return `${Math.round(size / 86400)} d`;
}

export const moment = (time: string): string => {
  const at = new Date(time);
  return Number.isNaN(at.getTime()) ? time : dates.format(at);
};

export function ago(time: string, now = Date.now()): string {
  const seconds = (now - Date.parse(time)) / 1000;
  if (Number.isNaN(seconds)) return time;
  return seconds >= 0 ? `${duration(seconds)} ago` : `in ${duration(seconds)}`;
}

/** JSON with line breaks. Lexical: numbers, escapes and the order of members stay as they are. */
export function indent(json: string): string {
  let text = '';
  let depth = 0;
  const line = (): string => `\n${'  '.repeat(depth)}`;
  for (const [token] of json.matchAll(
    /"(?:[^"\\]|\\.)*"?|[{[]\s*[}\]]|[{}[\],:]|[^\s{}[\],:"]+/gs,
  )) {
    if (token === '{' || token === '[') {
      depth = Math.min(depth + 1, 100);
      text += token + line();
    } else if (token === '}' || token === ']') {
      depth = Math.max(depth - 1, 0);
      text += line() + token;
    } else if (token === ',') {
      text += token + line();
    } else {
      text += token === ':' ? ': ' : token;
    }
  }
  return text;
}
