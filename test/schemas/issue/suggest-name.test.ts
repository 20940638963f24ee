import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { suggestName } from '../../../schemas/index.ts';

const FIELDS = [
  'image',
  'command',
  'args',
  'env',
  'envFrom',
  'volumeMounts',
  'volumes',
  'tty',
  'stdin',
  'user',
];

test('a name with a letter missing, added, wrong or swapped, or in another case, is recognised', () => {
  const table: [string, string | null][] = [
    ['comand', 'command'],
    ['commmand', 'command'],
    ['commend', 'command'],
    ['comamnd', 'command'],
    ['COMMAND', 'command'],
    ['volumemount', 'volumeMounts'],
    ['volume', 'volumes'],
    ['evn', 'env'],
    ['arg', 'args'],
    ['zzz', null],
    ['x', null],
    ['', null],
    ['containers', null],
    ['c'.repeat(1000), null],
  ];
  for (const [name, wanted] of table) assert.is(suggestName(name, FIELDS), wanted, name);
});

test('a known name is its own best suggestion, and suggestions are always candidates', () => {
  fc.assert(
    fc.property(
      fc.array(fc.string({ minLength: 3, maxLength: 12 }), { minLength: 1 }),
      fc.string(),
      (candidates, name) => {
        const found = suggestName(name, candidates);
        assert.ok(found === null || candidates.includes(found));
        const known = candidates[0] ?? '';
        assert.is(suggestName(known, candidates)?.toLowerCase(), known.toLowerCase());
      },
    ),
  );
});

test.run();
