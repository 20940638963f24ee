import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { compareSpecs, strongestEffect } from '../../../reconciler/plan/spec-change.ts';
import { specOf } from '../../support/situations.ts';

const changesOf = (before: Record<string, unknown>, after: Record<string, unknown>): string[] =>
  compareSpecs(specOf(before), specOf(after)).map(
    ({ path, from, to, effect }) => `${path}: ${from} → ${to} (${effect})`,
  );

const cases: [string, Record<string, unknown>, Record<string, unknown>, string[]][] = [
  ['a new variable', {}, { env: [{ name: 'path', value: '' }] }, ["spec.env[path]: (unset) → '' (restart)"]],
  ['nothing that counts', {}, { env: [], securityContext: {} }, []],
  [
    'a variable beside another one',
    { env: [{ name: 'A', value: '1' }] },
    {
      env: [
        { name: 'A', value: '1' },
        { name: 'b', value: '2' },
      ],
    },
    ['spec.env[b]: (unset) → 2 (restart)'],
  ],
  [
    'a variable that comes from elsewhere now',
    { env: [{ name: 'A', valueFrom: { secretKeyRef: { name: 's', key: 'old' } } }] },
    { env: [{ name: 'A', valueFrom: { secretKeyRef: { name: 's', key: 'new' } } }] },
    ['spec.env[A].valueFrom.secretKeyRef.key: old → new (restart)'],
  ],
  [
    'the order of variables that refer to each other',
    {
      env: [
        { name: 'A', value: '$(B)' },
        { name: 'B', value: '1' },
      ],
    },
    {
      env: [
        { name: 'B', value: '1' },
        { name: 'A', value: '$(B)' },
      ],
    },
    ['spec.env: (hidden) → (hidden) (restart)'],
  ],
  [
    'a command',
    { command: ['sh'] },
    { command: ['sh', '-c', 'id'] },
    ['spec.command: ["sh"] → ["sh","-c","id"] (restart)'],
  ],
  [
    'a command with what looks like a secret',
    { args: ['--port=1'] },
    { args: ['--password=hunter2'] },
    ['spec.args: (hidden) → (hidden) (restart)'],
  ],
  [
    'a mount',
    { volumeMounts: [{ name: 'data', mountPath: '/data' }] },
    { volumeMounts: [{ name: 'data', mountPath: '/data', readOnly: true }] },
    ['spec.volumeMounts[/data].readOnly: (unset) → true (restart)'],
  ],
  [
    'a kernel setting',
    { sysctls: { 'net.core.somaxconn': '1' } },
    { sysctls: { 'net.core.somaxconn': '2' } },
    ['spec.sysctls[net.core.somaxconn]: 1 → 2 (restart)'],
  ],
  [
    'one of several arguments',
    { args: ['--port', '80', '--verbose'] },
    { args: ['--port', '81', '--verbose'] },
    ['spec.args[1]: 80 → 81 (restart)'],
  ],
  [
    'a few characters within a long argument',
    { args: ['-c', `${'echo start; '.repeat(20)}sleep 1; ${'echo end; '.repeat(20)}`] },
    { args: ['-c', `${'echo start; '.repeat(20)}sleep 20; ${'echo end; '.repeat(20)}`] },
    ['spec.args[1]: …tart; sleep 1; echo end; … → …tart; sleep 20; echo end; … (restart)'],
  ],
  ['an argument more', { args: ['a'] }, { args: ['a', 'b'] }, ['spec.args: ["a"] → ["a","b"] (restart)']],
  [
    'an argument beside one that names a secret',
    { args: ['--password', 'hunter2'] },
    { args: ['--password', 'hunter3'] },
    ['spec.args: (hidden) → (hidden) (restart)'],
  ],
  [
    'a root filesystem in place of an image',
    { image: 'a' },
    { image: undefined, rootfs: '/r' },
    ['spec.image: a → (unset) (recreate)', 'spec.rootfs: (unset) → /r (recreate)'],
  ],
];

for (const [what, before, after, expected] of cases) {
  test(`what has changed is said exactly: ${what}`, () => {
    assert.equal(changesOf(before, after), expected);
  });
}

test('the strongest effect counts', () => {
  const effect = (after: Record<string, unknown>) => strongestEffect(compareSpecs(specOf({}), specOf(after)));
  assert.is(effect({}), 'none');
  assert.is(effect({ restartPolicy: 'Never' }), 'none');
  assert.is(effect({ restartPolicy: 'Never', resources: { limits: { cpu: '1' } } }), 'in place');
  assert.is(effect({ resources: { limits: { cpu: '1' } }, user: 'nobody' }), 'restart');
  assert.is(effect({ user: 'nobody', image: 'other' }), 'recreate');
});

test('no value of a variable with a name like a secret is ever shown', () => {
  const name = fc.constantFrom(
    'DB_PASSWORD',
    'GITHUB_TOKEN',
    'apiKey',
    'AWS_SECRET_ACCESS_KEY',
    'MY_PASSPHRASE',
  );
  const value = fc.string({ minLength: 8 }).map((text) => `hunter2${text}`);
  fc.assert(
    fc.property(name, value, fc.option(value), (variable, before, after) => {
      const list = (text: string | null) => ({
        env: [{ name: 'A', value: '1' }, ...(text === null ? [] : [{ name: variable, value: text }])],
      });
      assert.not(changesOf(list(before), list(after)).join().includes('hunter2'));
    }),
  );
});

test.run();
