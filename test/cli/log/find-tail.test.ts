import { writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { findTail } from '../../../cli/log/find-tail.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

const directory = temporaryDirectory();
const path = join(directory, 'log');
const T = '2026-03-01T12:00:00.123456789+01:00';

async function tail(text: string, count: number): Promise<string> {
  writeFileSync(path, text);
  const file = await open(path);
  try {
    const bytes = Buffer.from(text);
    return bytes.subarray(await findTail(file, bytes.length, count)).toString();
  } finally {
    await file.close();
  }
}

const line = (text: string, tag = 'F'): string => `${T} stdout ${tag} ${text}\n`;

test('the last lines, and all when there are fewer', async () => {
  const log = line('a') + line('b') + line('c');
  assert.is(await tail(log, 0), '');
  assert.is(await tail(log, 1), line('c'));
  assert.is(await tail(log, 2), line('b') + line('c'));
  assert.is(await tail(log, 3), log);
  assert.is(await tail(log, 9), log);
  assert.is(await tail('', 5), '');
});

test('the pieces of a line count as one', async () => {
  const log = line('a') + line('b1', 'P') + line('b2', 'P') + line('b3') + line('c');
  assert.is(await tail(log, 2), line('b1', 'P') + line('b2', 'P') + line('b3') + line('c'));
});

test('a line that is being written is kept', async () => {
  assert.is(await tail(`${line('a')}${line('b')}half`, 2), `${line('b')}half`);
});

test('any log, larger than a chunk: as counting from the front says', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.record({ length: fc.integer({ min: 0, max: 40_000 }), partial: fc.boolean() }), {
        maxLength: 12,
      }),
      fc.integer({ min: 0, max: 14 }),
      async (pieces, count) => {
        const lines = pieces.map(({ length, partial }, i) =>
          line(String(i % 10).repeat(length), partial ? 'P' : 'F'),
        );
        // A group is pieces up to and with one that ends; pieces at the end that have not ended belong to the last shown.
        const groups: string[] = [''];
        pieces.forEach(({ partial }, i) => {
          groups[groups.length - 1] = (groups.at(-1) ?? '') + (lines[i] ?? '');
          if (!partial) groups.push('');
        });
        const open_ = groups.pop() ?? '';
        const shown = count === 0 ? '' : groups.slice(-count).join('') + open_;
        assert.is(await tail(lines.join(''), count), shown);
      },
    ),
    { numRuns: 60 },
  );
});

test.run();
