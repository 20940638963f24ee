import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';

const RUNNER = path.resolve(import.meta.dirname, '../../scripts/run-tests.mjs');
const SKIP = path.resolve(import.meta.dirname, '../support/skip.ts');
const UVU = `import { test } from 'uvu'; import * as assert from 'uvu/assert'; import { skip } from '${SKIP}';\n`;

/** Runs one test file of that text, and returns the exit code and all lines. */
function runProbe(
  text: string,
  ...args: string[]
): { exitCode: number | null; lines: string[]; last: string } {
  const directory = mkdtempSync(path.join(tmpdir(), 'probe-'));
  try {
    writeFileSync(path.join(directory, 'a.test.ts'), UVU + text);
    const { status, stdout } = spawnSync(process.execPath, [RUNNER, directory, ...args], {
      encoding: 'utf8',
    });
    const lines = stdout.trimEnd().split('\n');
    return { exitCode: status, lines, last: lines.at(-1) ?? '' };
  } finally {
    rmSync(directory, { recursive: true });
  }
}

const PASSING = `test('fine', () => {});`;
const cases: [title: string, text: string, exitCode: number, last: string, said: RegExp][] = [
  ['a pass', `${PASSING} test.run();`, 0, '1 passed, 0 failed, 0 skipped', /^ok /m],
  [
    'a failed assertion',
    `${PASSING} test('bad', () => assert.is(1, 2)); test.run();`,
    1,
    '1 passed, 1 failed, 0 skipped',
    /FAIL .*1 passed, 1 failed/,
  ],
  [
    'a skip with its reason',
    `${PASSING} skip(test, '[some-slug] later', 'no kernel'); test.run();`,
    0,
    '1 passed, 0 failed, 1 skipped',
    /skipped: \[some-slug\] later: no kernel/,
  ],
  [
    'a skip without one',
    `${PASSING} test.skip('later', () => {}); test.run();`,
    1,
    '1 passed, 1 failed, 1 skipped',
    /forgotten \.only/,
  ],
  [
    'a forgotten .only',
    `${PASSING} (test as { only: typeof test })['only']('alone', () => {}); test.run();`,
    1,
    '1 passed, 1 failed, 1 skipped',
    /forgotten \.only/,
  ],
  ['a forgotten run()', PASSING, 1, '0 passed, 1 failed, 0 skipped', /forgotten \.run\(\)/],
  [
    'a before hook that throws',
    `test.before(() => { throw new Error('no disk'); }); ${PASSING} test.run();`,
    1,
    '0 passed, 1 failed, 0 skipped',
    /before hook has thrown: Error: no disk/,
  ],
  [
    'an after.each hook that throws',
    `test.after.each(() => { throw new Error('no disk'); }); ${PASSING} test.run();`,
    1,
    '0 passed, 1 failed, 0 skipped',
    /after\.each hook has thrown: Error: no disk/,
  ],
  [
    'a thrown value that is no Error',
    `test('odd', () => { throw 'x'; }); ${PASSING} test.run();`,
    1,
    '0 passed, 2 failed, 0 skipped',
    /FAIL/,
  ],
  [
    'an exit on the way',
    `process.exit(0); ${PASSING} test.run();`,
    1,
    '0 passed, 1 failed, 0 skipped',
    /ended early/,
  ],
  [
    'an import that is not there',
    `import './nowhere.ts'; ${PASSING} test.run();`,
    1,
    '0 passed, 1 failed, 0 skipped',
    /could not be bundled/,
  ],
  ['no test file at all', `// nothing`, 1, '0 passed, 1 failed, 0 skipped', /FAIL/],
];

for (const [title, text, exitCode, last, said] of cases) {
  test(`run-tests counts ${title}`, () => {
    const result = runProbe(text);
    assert.is(result.last, last, result.lines.join('\n'));
    assert.is(result.exitCode, exitCode);
    assert.match(result.lines.join('\n'), said);
  });
}

test('run-tests kills what does not end, with its children', () => {
  const marker = `sleep 98.${process.pid}`;
  const text = `import { spawn } from 'node:child_process';
    spawn('sleep', ['${marker.split(' ')[1] ?? ''}']); test('hangs', () => new Promise(() => setInterval(() => {}, 1000))); test.run();`;
  const result = runProbe(text, '--timeout', '1');
  assert.is(result.last, '0 passed, 1 failed, 0 skipped', result.lines.join('\n'));
  assert.match(result.lines.join('\n'), /did not end within 1 s/);
  assert.is(spawnSync('pgrep', ['-f', `^${marker}`], { encoding: 'utf8' }).stdout, '');
});

test('run-tests finds files by a word in their text, and fails when none is left', () => {
  assert.is(
    runProbe(`${PASSING} test.run(); // [a-slug]`, '--grep', '\\[a-slug\\]').last,
    '1 passed, 0 failed, 0 skipped',
  );
  const none = runProbe(`${PASSING} test.run();`, '--grep', 'no such text');
  assert.is(none.last, '0 passed, 0 failed, 0 skipped');
  assert.is(none.exitCode, 1);
});

test.run();
