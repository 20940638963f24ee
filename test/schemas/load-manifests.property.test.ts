import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { checkSet, loadManifests } from '../../schemas/index.ts';
import { INVALID_MANIFESTS, container, pod } from './invalid-manifests.ts';

const GOOD = [
  container(
    'image: a',
    'command: [sh, -c, "true"]',
    'env:',
    '  - { name: A, value: b }',
    'volumes:',
    '  - { name: v, emptyDir: {} }',
  ),
  pod('containers:', '  - name: a', '    image: b', '    resources: { limits: { cpu: 500m } }'),
];

/** Texts that are nearly manifests: known ones, with a piece cut out, put in or written twice. */
const mutated = fc
  .tuple(
    fc.constantFrom(...GOOD, ...INVALID_MANIFESTS.map(({ text }) => text)),
    fc.array(
      fc.record({
        at: fc.double({ min: 0, max: 1, noNaN: true }),
        length: fc.nat({ max: 12 }),
        put: fc.oneof(
          fc.constantFrom(
            '\t',
            '\n',
            ' ',
            ': ',
            '- ',
            '*a',
            '&a ',
            '<<: ',
            '[',
            '}',
            '"',
            "'",
            '|\n',
            '---\n',
            '%',
            '!',
            '#',
            '\0',
            '\r',
          ),
          fc.string({ unit: 'binary', maxLength: 5 }),
        ),
      }),
      { maxLength: 4 },
    ),
  )
  .map(([text, edits]) =>
    edits.reduce((t, { at, length, put }) => {
      const i = Math.floor(at * t.length);
      return t.slice(0, i) + put + t.slice(i + length);
    }, text),
  );

const anyText = fc.oneof({ weight: 3, arbitrary: mutated }, fc.string({ unit: 'binary' }), fc.json());

test('whatever the text is, loading does not throw, and every place is within the text', () => {
  fc.assert(
    fc.property(anyText, (text) => {
      const lines = text.split('\n');
      const { manifests, problems } = loadManifests(text, 'a.yaml');
      for (const { line, column } of [...manifests, ...problems]) {
        assert.ok(line >= 1 && line <= lines.length, `line ${String(line)} of ${String(lines.length)}`);
        // One behind the last character is where something is missing.
        assert.ok(column >= 1 && column <= (lines[line - 1]?.length ?? 0) + 1, `column ${String(column)}`);
      }
      for (const { length, message, column, line, excerpt } of problems) {
        assert.ok(length >= 1 && column - 1 + length <= Math.max(lines[line - 1]?.length ?? 0, column));
        assert.ok(message.length > 0 && !message.includes('\n'), message);
        assert.ok(excerpt === null || excerpt.split('\n').length <= 3);
      }
      checkSet(manifests);
    }),
    { numRuns: 1500 },
  );
});

test('a manifest that was loaded is the same after it was written as JSON and loaded again', () => {
  fc.assert(
    fc.property(mutated, (text) => {
      for (const { manifest } of loadManifests(text, 'a.yaml').manifests) {
        const again = loadManifests(JSON.stringify(manifest), 'b.json');
        assert.equal(again.problems, []);
        assert.equal(again.manifests[0]?.manifest, manifest);
      }
    }),
    { numRuns: 500 },
  );
});

test.run();
