import { execFile } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { mkdir, readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { cgroupDirectories, readCgroupLayout } from '../../engine/cgroup/cgroup-layout.ts';
import type { CgroupLayout } from '../../engine/cgroup/cgroup-layout.ts';
import { makeBusyboxRoot } from '../support/test-engine.ts';
import { createTestRoot } from '../support/test-root.ts';
import type { TestRoot } from '../support/test-root.ts';
import { until } from '../support/until.ts';

const run = promisify(execFile);

/** Gives `body` an instance in which container/web echoes its input. */
async function withWeb(body: (root: TestRoot) => Promise<void>): Promise<void> {
  const root = await createTestRoot();
  try {
    const rootfs = path.join(root.directory, 'rootfs');
    await mkdir(rootfs);
    await makeBusyboxRoot(rootfs);
    const manifest = {
      apiVersion: 'tsctr.dev/v1',
      kind: 'Container',
      metadata: { name: 'web' },
      spec: {
        rootfs,
        stdin: true,
        terminationGracePeriodSeconds: 0,
        command: ['/bin/sh', '-c', 'while read line; do echo "got $line"; done'],
      },
    };
    await root.output(['apply', '-f', await root.write('web.json', JSON.stringify(manifest)), '--wait']);
    await body(root);
    await root.output(['delete', 'container', 'web']);
    assert.equal(await root.remove(), [], 'nothing is left on the host');
  } finally {
    await root.remove();
  }
}

test('[life.exec] exec gives output, exit code, input, user, variables and directory', async () => {
  await withWeb(async (root) => {
    const exec = (...args: string[]) => root.tsctr(['exec', ...args]);
    const plain = await exec('web', '--', 'sh', '-c', 'echo out; echo err >&2; exit 7');
    assert.equal([plain.exitCode, plain.stdout, plain.stderr], [7, 'out\n', 'err\n']);
    const cat = await root.tsctr(['exec', '-i', 'web', '--', 'cat'], { input: 'hello' });
    assert.equal([cat.exitCode, cat.stdout], [0, 'hello']);
    const other = await exec(
      '-u',
      '5:6',
      '-e',
      'A=b=c',
      '-w',
      '/tmp',
      'web',
      '--',
      'sh',
      '-c',
      'id -u; pwd; echo $A',
    );
    assert.is(other.stdout, '5\n/tmp\nb=c\n');
  });
});

test('[life.exec] exec tells a command that is not there from one that fails, and a name that is not there', async () => {
  await withWeb(async (root) => {
    const missing = await root.tsctr(['exec', 'web', '--', 'no-such-program']);
    assert.is(missing.exitCode, 127);
    assert.match(missing.stderr, /^tsctr: exec in container\/web: .*no-such-program/);
    assert.is((await root.tsctr(['exec', 'web', '--', '/etc'])).exitCode, 126);
    assert.is((await root.tsctr(['exec', 'nobody', '--', 'ls'])).exitCode, 1);
    assert.is((await root.tsctr(['exec', '-e', 'A', 'web', '--', 'ls'])).exitCode, 2);
  });
});

test('[life.exec] a terminal of our own becomes one inside, with the exit code of the command', async () => {
  await withWeb(async (root) => {
    const program = path.resolve(import.meta.dirname, '../../bin/tsctr');
    // The size comes once conmon has the terminal, which may be after the command has begun: as with any resize, it is told.
    const sized = 'until [ "$(stty size)" != "0 0" ]; do sleep 0.01; done';
    const command = `stty rows 21 columns 43; ${program} --root ${root.root} --run ${root.run} exec -it web -- sh -c '${sized}; stty size; tty; exit 9'`;
    const script = run('/usr/bin/script', ['-qec', command, '/dev/null']);
    script.child.stdin?.end();
    const result = await script.catch((error: unknown) => error as { code: number; stdout: string });
    assert.is('code' in result ? result.code : 0, 9);
    // Node's raw mode goes on to write a line feed as two characters.
    assert.match(result.stdout, /21 43\r+\n\/dev\/pts\/\d+/, result.stdout);
  });
});

test('[life.exec] Ctrl-C reaches the command, and a detached one goes on and is seen by top', async () => {
  await withWeb(async (root) => {
    const waiting = root.start([
      'exec',
      'web',
      '--',
      'sh',
      '-c',
      'trap "echo caught; exit 5" INT; echo ready; while :; do sleep 0.05; done',
    ]);
    await waiting.untilOutput(/ready/);
    assert.is(await waiting.end('SIGINT'), 5);
    assert.match(waiting.output(), /caught/);
    assert.match(await root.output(['exec', '-d', 'web', '--', 'sleep', '1003']), /^[0-9a-f]{64}\n$/);
    assert.match(await root.output(['top', 'web']), /^PID .*\n(.*\n)*.*sleep 1003\n/);
    const sleeping = async (): Promise<number | undefined> => {
      const text = await root.output(['top', 'web', '-o', 'json']);
      const processes = JSON.parse(text) as { command: string; pid: number }[];
      return processes.find(({ command }) => command === 'sleep 1003')?.pid;
    };
    const pid = await sleeping();
    assert.type(pid, 'number');
    // As a container does that runs systemd: its services are in cgroups of its own.
    moveBelow(pid ?? -1, await readCgroupLayout());
    assert.is(await sleeping(), pid);
  });
});

test('[life.attach-logs] attach sends input and shows output; Ctrl-C leaves the container running', async () => {
  await withWeb(async (root) => {
    const attached = root.start(['attach', 'web']);
    const other = root.start(['attach', 'web', '--no-stdin']);
    await until(async () => (await root.tsctr(['top', 'web'])).exitCode === 0, { what: 'it runs' });
    const typed = root.tsctr(['attach', 'web'], { input: 'one\n' }).catch(() => undefined);
    await other.untilOutput(/got one/);
    await Promise.all([attached.end('SIGINT'), other.end('SIGINT')]);
    assert.match(await root.output(['get', 'container', 'web']), /Running/);
    await root.output(['kill', 'web']);
    await typed;
  });
});

test('[life.diff-export] export writes an archive for its owner alone, or to standard output', async () => {
  await withWeb(async (root) => {
    const file = path.join(root.directory, 'web.tar');
    await root.output(['export', 'web', '-f', file]);
    const { stdout } = await run('/bin/tar', ['-tf', file]);
    assert.match(stdout, /^\.\/bin\/busybox$/m);
    assert.is((await stat(file)).mode & 0o777, 0o600);
    assert.not((await readdir(root.directory)).some((name) => name.includes('unfinished')));
    const changes = await root.tsctr(['changes', 'web']);
    assert.match(changes.stderr, /its root is a directory of the host, not an image/);
  });
});

/** Into a new cgroup below its own. */
function moveBelow(pid: number, layout: CgroupLayout): void {
  const [, place = ''] = /^\d+:[^:]*:(.*)$/m.exec(readFileSync(`/proc/${pid}/cgroup`, 'utf8')) ?? [];
  // The same in each hierarchy, of which one is looked at.
  const [own = ''] = cgroupDirectories(layout, place);
  const inner = path.join(own, 'inner');
  mkdirSync(inner);
  writeFileSync(path.join(inner, 'cgroup.procs'), String(pid));
}

test.run();
