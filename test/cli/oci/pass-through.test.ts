import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { TSCTR_OCI } from '../../support/tsctr-oci.ts';

const directory = mkdtempSync(path.join(process.env['TSCTR_TEST_DIR'] ?? tmpdir(), 'oci-'));
/** Runtimes that say how they were called, and a node that does. */
for (const name of ['runc', 'crun', 'youki', 'node']) {
  const script = `#!/bin/sh\nprintf '%s\\n' ${name} "$@"\nexit 3\n`;
  writeFileSync(path.join(directory, name), script, { mode: 0o755 });
}

function call(args: readonly string[], program = TSCTR_OCI): string[] {
  const { stdout, status } = spawnSync(program, args, { env: { PATH: directory }, encoding: 'utf8' });
  assert.is(status, 3, 'the exit code is that of the program in its place');
  return stdout.replace(/\n$/, '').split('\n');
}

for (const args of [
  ['--version'],
  ['create', '--bundle', '/b', 'id'],
  ['--root', 'checkpoint', 'state', 'restore'],
  ['--log', '/l', '--log-format=json', '--debug', 'exec', 'id', 'restore', 'a b', ''],
  ['kill', 'checkpoint', 'KILL'],
  ['checkpoint', '--help'],
  ['restore', '-h'],
  [],
]) {
  test(`runc takes the place of tsctr-oci for \`${args.join(' ')}\``, () => {
    const [program, ...given] = call(args);
    assert.is(program, 'runc');
    assert.equal(given.join('|'), args.join('|'));
  });
}

for (const args of [
  ['checkpoint', '--image-path', '/i', 'id'],
  ['--root', '/r', '-log', '/l', '--systemd-cgroup', 'restore', '--bundle', '/b', 'create'],
]) {
  test(`tsctr does \`${args.join(' ')}\` itself`, () => {
    const [program, script, runtime, ...given] = call(args);
    assert.is(program, 'node');
    assert.is(script, path.join(path.dirname(path.dirname(TSCTR_OCI)), 'dist/oci.js'));
    assert.is(runtime, path.join(directory, 'runc'));
    assert.equal(given, args);
  });
}

test('the name of a link says which runtime is meant', () => {
  for (const name of ['crun', 'youki']) {
    const link = path.join(directory, `tsctr-oci-${name}`);
    symlinkSync(TSCTR_OCI, link);
    assert.is(call(['list'], link)[0], name);
    assert.is(call(['checkpoint', 'id'], link)[2], path.join(directory, name));
  }
  const link = path.join(directory, 'tsctr-oci-nothing');
  symlinkSync(TSCTR_OCI, link);
  const { stderr, status } = spawnSync(link, ['list'], { env: { PATH: directory }, encoding: 'utf8' });
  assert.is(status, 1);
  assert.match(stderr, /expected one of these programs, found none: nothing/);
});

test.after(() => {
  rmSync(directory, { recursive: true });
});
test.run();
