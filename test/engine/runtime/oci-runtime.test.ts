import { mkdirSync, readlinkSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Command, CommandResult } from '../../../engine/process/run-command.ts';
import { monitorEnvironment } from '../../../engine/runtime/conmon.ts';
import { createOciRuntime, runtimeError } from '../../../engine/runtime/oci-runtime.ts';
import { rejectionOf } from '../../support/rejection.ts';
import { withDirectory } from '../../support/scratch-directory.ts';

const WORDS: [code: string, message: string][] = [
  [
    'COMMAND_NOT_FOUND',
    'runc create failed: unable to start container process: exec: "nope": executable file not found in $PATH',
  ],
  [
    'COMMAND_NOT_FOUND',
    'runc create failed: unable to start container process: exec: "/x": stat /x: no such file or directory',
  ],
  [
    'COMMAND_NOT_FOUND',
    'executable file `nope` not found in $PATH: open executable: No such file or directory',
  ],
  ['COMMAND_NOT_EXECUTABLE', 'unable to start container process: exec: "/etc/passwd": permission denied'],
  ['COMMAND_NOT_EXECUTABLE', 'exec failed: fork/exec /x: operation not permitted'],
  ['RUNTIME_FAILED', 'container with given ID already exists'],
  ['RUNTIME_FAILED', 'error mounting "/none" to rootfs at "/data": stat /none: no such file or directory'],
];

for (const [code, message] of WORDS) {
  test(`${code}: ${message.slice(0, 60)}`, () => {
    const error = runtimeError('create container/web', message);
    assert.is(error.code, code);
    assert.is(error.message, `create container/web: ${message}`);
  });
}

test('the words are taken out of a line of the log', () => {
  const line =
    'time="2026-01-01T00:00:00Z" level=error msg="exec: \\"nope\\": executable file not found in $PATH"';
  assert.is(
    runtimeError('create container/web', line).message,
    'create container/web: exec: "nope": executable file not found in $PATH',
  );
});

test('a runtime that says nothing is an error that says so', () => {
  assert.is(runtimeError('start abc', ' \n').message, 'start abc: the runtime failed without a word');
});

function runtimeIn(root: string, result: Partial<CommandResult> = {}, systemdCgroup = false) {
  const commands: Command[] = [];
  const runtime = createOciRuntime({
    path: '/usr/sbin/runc',
    root,
    programLink: (id) => path.join(root, `${id}.program`),
    systemdCgroup,
    runCommand: (command) => {
      commands.push(command);
      return Promise.resolve({ exitCode: 0, signal: null, stdout: Buffer.alloc(0), stderr: '', ...result });
    },
  });
  return { runtime, commands };
}

test('every verb has the root of the instance before it, and the cgroup manager', async () => {
  const { runtime, commands } = runtimeIn('/r', {}, true);
  await runtime.start('abc');
  assert.equal(commands[0]?.args, ['--root', '/r', '--systemd-cgroup', 'start', 'abc']);
});

test('resources go in by standard input', async () => {
  const { runtime, commands } = runtimeIn('/r');
  await runtime.update('abc', { memory: { limit: 1 } });
  assert.equal(commands[0]?.args, ['--root', '/r', 'update', '--resources', '-', 'abc']);
  assert.is(commands[0]?.input, '{"memory":{"limit":1}}');
});

test('the last line of what it wrote is the error', async () => {
  const { runtime } = runtimeIn('/r', {
    exitCode: 1,
    stderr:
      'time="x" level=warning msg="lo"\ntime="x" level=error msg="cannot start an already running container"\n',
  });
  const error = await rejectionOf(runtime.start('0123456789abcdef'));
  assert.is(error.message, 'start 0123456789ab: cannot start an already running container');
});

test('what the runtime has no state of is not asked to be deleted', async () => {
  await withDirectory(async (directory) => {
    const { runtime, commands } = runtimeIn(directory);
    await runtime.delete('abc');
    assert.equal(commands, []);
    assert.not(runtime.exists('abc'));
    mkdirSync(path.join(directory, 'abc'));
    await runtime.delete('abc');
    assert.equal(commands[0]?.args.slice(2), ['delete', '--force', 'abc']);
  });
});

test('a container is created and not started as long as its FIFO exists', async () => {
  await withDirectory(async (directory) => {
    const { runtime } = runtimeIn(directory);
    mkdirSync(path.join(directory, 'abc'));
    assert.not(runtime.isCreated('abc'));
    assert.ok(runtime.exists('abc'));
    writeFileSync(path.join(directory, 'abc/exec.fifo'), '');
    assert.ok(runtime.isCreated('abc'));
    assert.equal(await runtime.list(), ['abc']);
  });
});

test('a container stays with the program that was claimed for it, as long as that is there', async () => {
  await withDirectory(async (directory) => {
    const { runtime, commands } = runtimeIn(directory);
    assert.is(runtime.programOf('abc'), '/usr/sbin/runc');
    symlinkSync('/bin/sh', path.join(directory, 'abc.program'));
    await runtime.update('abc', {});
    await runtime.update('other', {});
    assert.equal(
      commands.map(({ file }) => file),
      ['/bin/sh', '/usr/sbin/runc'],
    );
    runtime.claim('abc');
    assert.is(readlinkSync(path.join(directory, 'abc.program')), '/usr/sbin/runc');
    symlinkSync('/no/such/crun', path.join(directory, 'moved.program'));
    assert.is(runtime.programOf('moved'), '/usr/sbin/runc');
  });
});

test('a root that is not there has no containers', async () => {
  assert.equal(await runtimeIn('/no/such/root').runtime.list(), []);
});

test('[spec.hooks] what the monitor runs gets its directory for temporary files with a terminal only', () => {
  const namesOf = (terminal: boolean): string[] =>
    monitorEnvironment({ terminal }, { _OCI_SYNCPIPE: '3' }).map((entry) => entry.split('=')[0] ?? '');
  assert.equal(namesOf(false), ['PATH', 'HOME', '_OCI_SYNCPIPE']);
  assert.equal(namesOf(true), ['PATH', 'HOME', 'TMPDIR', '_OCI_SYNCPIPE']);
});

test.run();
