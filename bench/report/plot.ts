import type { Row } from '../row.ts';
import { summarize } from '../statistics.ts';
import { format } from './table.ts';

const WIDTH = 860;
const LABEL_WIDTH = 290;
const BAR_WIDTH = 420;
const BAR_HEIGHT = 16;
const COLOURS = ['#1f6feb', '#8b949e', '#b8bec5', '#d0d7de'];

/**
 * An SVG with one group of bars for each row: medians, with a line from minimum to maximum. Bars are relative to the longest of their
 * row, since rows differ by orders of magnitude.
 */
export function drawPlot(rows: readonly Row[]): string {
  const shapes: string[] = [];
  let y = 30;
  for (const row of rows) {
    shapes.push(text({ x: 10, y, weight: 'bold' }, `${row.name}: ${row.what}`));
    y += 8;
    const longest = Math.max(...row.figures.map(({ samples }) => summarize(samples).max));
    for (const [i, { contender, samples }] of row.figures.entries()) {
      const { median, min, max } = summarize(samples);
      const scale = (value: number) => LABEL_WIDTH + (value / longest) * BAR_WIDTH;
      const middle = y + BAR_HEIGHT / 2;
      shapes.push(
        text({ x: LABEL_WIDTH - 8, y: middle + 4, anchor: 'end' }, contender),
        `<rect x="${LABEL_WIDTH}" y="${y}" width="${(scale(median) - LABEL_WIDTH).toFixed(1)}" height="${BAR_HEIGHT - 3}" fill="${COLOURS[Math.min(i, COLOURS.length - 1)] ?? 'grey'}"/>`,
        `<line x1="${scale(min).toFixed(1)}" x2="${scale(max).toFixed(1)}" y1="${middle - 1.5}" y2="${middle - 1.5}" stroke="#24292f"/>`,
        text({ x: scale(max) + 6, y: middle + 4 }, `${format(median)} ${row.unit}`),
      );
      y += BAR_HEIGHT;
    }
    y += 28;
  }
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${y}" viewBox="0 0 ${WIDTH} ${y}" font-family="sans-serif" font-size="12">`,
    `<rect width="${WIDTH}" height="${y}" fill="white"/>`,
    ...shapes,
    '</svg>',
    '',
  ].join('\n');
}

interface TextPlace {
  x: number;
  y: number;
  anchor?: 'start' | 'end';
  weight?: 'normal' | 'bold';
}

function text({ x, y, anchor = 'start', weight = 'normal' }: TextPlace, content: string): string {
  return `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" text-anchor="${anchor}" font-weight="${weight}">${escape(content)}</text>`;
}

function escape(content: string): string {
  return content.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
