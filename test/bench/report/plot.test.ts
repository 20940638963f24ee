import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { drawPlot } from '../../../bench/report/plot.ts';
import { ROW } from './fixtures.ts';

const plot = drawPlot([ROW]);

test('there is a bar for each contender, as long as its median', () => {
  const widths = [...plot.matchAll(/<rect x="290" [^>]*width="([\d.]+)"/g)].map((match) => Number(match[1]));
  // The longest line of the row, podman's 260 ms, has 420 pixels.
  assert.equal(widths, [161.5, 323.1, 80.8]);
});

test('a line reaches from the minimum to the maximum', () => {
  const [first] = plot.matchAll(/<line x1="([\d.]+)" x2="([\d.]+)"/g);
  assert.equal(first?.slice(1).map(Number), [435.4, 500]);
});

test('what has a meaning in SVG is escaped', () => {
  assert.match(plot, 'start-one: one &lt;container&gt;');
  assert.not.match(plot, '<container>');
});

test('without rows there is an empty plot', () => {
  assert.match(drawPlot([]), /^<svg [^]*<\/svg>\n$/);
});

test.run();
