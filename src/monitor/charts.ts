// Lines over time. The colours are those of the style.
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import type { Series } from './api';
import { h } from './dom';
import { moment } from './format';

export interface Line {
  name: string;
  label: string;
  colour: string; // of the style: --good
  dash?: number[];
}

const fewPoints = 20;
const shortDash = 3;

const styleOf = (dash: readonly number[] | undefined): string =>
  dash === undefined ? 'solid' : (dash[0] ?? 0) < shortDash ? 'dotted' : 'dashed';

const colourOf = (name: string): string =>
  getComputedStyle(document.documentElement).getPropertyValue(name).trim();

const lastOf = (values: readonly (number | null)[]): number | null =>
  values.findLast((one) => one !== null) ?? null;

/** A chart as wide as its place; `write` says a value. */
export function chart(
  title: string,
  data: Series,
  lines: readonly Line[],
  write: (value: number) => string,
): HTMLElement {
  const known = lines
    .map((line) => ({ ...line, values: data.series[line.name] ?? [] }))
    .filter((line) => lastOf(line.values) !== null);
  const said = (value: number | null | undefined): string =>
    typeof value === 'number' ? write(value) : '\u2013';
  const latest = known.map((line) => `${line.label} ${said(lastOf(line.values))}`).join(', ');
  const place = h('div', 'plot');
  const name = `${title}: ${latest || 'no sample'}`;
  const figure = h('figure', null, h('figcaption', null, title), place);
  if (known.length === 0) {
    place.append(h('p', 'none', 'No sample in this time. One is taken at each evaluation.'));
    return figure;
  }
  place.setAttribute('role', 'img');
  place.setAttribute('aria-label', name);

  // The legend tells what is under the pointer, else what was last.
  const at = h('time');
  const figures = known.map(() => h('strong', 'number'));
  const legend = h(
    'ul',
    'legend',
    known.map((line, i) => {
      const sample = h('hr');
      sample.style.borderTopColor = colourOf(line.colour);
      sample.style.borderTopStyle = styleOf(line.dash);
      return h('li', null, sample, line.label, figures[i]);
    }),
    h('li', null, at),
  );
  const tell = (index: number | null | undefined): void => {
    const isPointed = typeof index === 'number';
    at.textContent = isPointed
      ? moment(new Date((data.times[index] ?? 0) * 1000).toISOString())
      : '';
    known.forEach((line, i) => {
      const figure = figures[i];
      if (figure) figure.textContent = said(isPointed ? line.values[index] : lastOf(line.values));
    });
  };
  tell(null);

  const axis: uPlot.Axis = {
    stroke: colourOf('--quiet'),
    grid: { stroke: colourOf('--line'), width: 1 },
    ticks: { stroke: colourOf('--line'), width: 1 },
    font: '11px system-ui, sans-serif',
  };
  const height = 170;
  const plot = new uPlot(
    {
      width: 300,
      height,
      cursor: { y: false },
      legend: { show: false },
      hooks: { setCursor: [(self) => tell(self.cursor.idx)] },
      scales: { y: { range: (_, low, high) => [Math.min(0, low), high <= 0 ? 1 : high * 1.08] } },
      axes: [axis, { ...axis, size: 60, values: (_, ticks) => ticks.map((tick) => write(tick)) }],
      series: [
        {},
        ...known.map((line): uPlot.Series => ({
          label: line.label,
          stroke: colourOf(line.colour),
          width: 2,
          ...(line.dash && { dash: line.dash }),
          spanGaps: true,
          // One value alone is no line.
          points: { show: line.values.filter((value) => value !== null).length < fewPoints },
        })),
      ],
    },
    [data.times, ...known.map((line) => line.values)],
    place,
  );
  // It is told of its removal too. uPlot keeps each chart until it is destroyed.
  new ResizeObserver((_, observer) => {
    if (place.isConnected) {
      plot.setSize({ width: Math.max(place.clientWidth, 200), height });
    } else {
      observer.disconnect();
      plot.destroy();
    }
  }).observe(place);
  figure.append(legend);
  return figure;
}
