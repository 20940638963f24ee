import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { createLinuxKernel, ErrnoError, SIGKILL, SIGTERM } from '../../native/index.ts';
import type { SpawnRequest } from '../../native/index.ts';
import { killProcess } from '../support/kill-process.ts';

const kernel = createLinuxKernel();

type Options = Partial<Omit<SpawnRequest, 'file' | 'args'>>;

/** Runs a script of the shell with a pipe as its standard output. */
async function runScript(script: string, options: Options = {}) {
  const [output, input] = kernel.pipe2(0);
  const fds = options.fds ?? [null, input, 2];
  const { pid, pidfd } = kernel.spawn({
    file: '/bin/sh',
    args: ['sh', '-c', script],
    env: ['PATH=/usr/bin:/bin'],
    ...options,
    fds: fds.map((fd) => (fd === Infinity ? input : fd)),
  });
  kernel.close(input);
  const exit = await kernel.waitChild(pidfd);
  kernel.close(pidfd);
  const text = readFileSync(output, 'utf8');
  kernel.close(output);
  return { pid, exit, text };
}
/** Stands in `fds` for the pipe. */
const PIPE = Infinity;

function failureOf(request: Partial<SpawnRequest>): ErrnoError {
  try {
    kernel.spawn({ file: '/bin/true', args: ['true'], env: [], fds: [], ...request });
  } catch (error) {
    assert.instance(error, ErrnoError);
    return error as ErrnoError;
  }
  throw new Error('spawn: expected a failure');
}

test('a child tells its exit code', async () => {
  const { exit } = await runScript('exit 7');
  assert.equal(exit, { code: 7, signal: null });
});

test('a child tells the signal that ended it', async () => {
  const { exit } = await runScript('kill -TERM $$');
  assert.equal(exit, { code: null, signal: SIGTERM });
});

test('args, environment and working directory arrive byte for byte', async () => {
  const { text } = await runScript('printf "%s|%s|%s" "$A" "$PWD" "$0"', {
    env: ['A=ä $(x) "\n'],
    cwd: '/usr',
  });
  assert.is(text, 'ä $(x) "\n|/usr|sh');
});

test('a missing executable is an error of execve with its path', () => {
  const { syscall, code, path } = failureOf({ file: '/nonexistent' });
  assert.equal({ syscall, code, path }, { syscall: 'execve', code: 'ENOENT', path: '/nonexistent' });
  assert.is(failureOf({ file: '/etc/passwd' }).code, 'EACCES');
});

test('a missing working directory is an error of chdir with its path', () => {
  const { syscall, code, path } = failureOf({ cwd: '/nonexistent' });
  assert.equal({ syscall, code, path }, { syscall: 'chdir', code: 'ENOENT', path: '/nonexistent' });
});

test('a descriptor that is not open is an error', () => {
  assert.is(failureOf({ fds: [null, null, null, 987_654] }).code, 'EBADF');
  assert.is(failureOf({ fds: [-1] }).code, 'EBADF');
});

test('a zero byte does not cut an argument short', () => {
  assert.is(failureOf({ args: ['a\0b'] }).code, 'EINVAL');
  assert.is(failureOf({ file: '/bin/true\0.txt' }).code, 'EINVAL');
});

test('a failed start leaves neither a process nor a descriptor', () => {
  const open = kernel.openat2(-100, '/proc/self/fd', { flags: 0 });
  const before = kernel.readDirectory(open);
  for (let i = 0; i < 20; i++) failureOf({ file: '/nonexistent' });
  assert.equal(kernel.readDirectory(open), before);
  kernel.close(open);
  const children = readFileSync(`/proc/self/task/${process.pid}/children`, 'utf8').trim();
  for (const pid of children.split(' ').filter(Boolean)) {
    assert.not.match(readFileSync(`/proc/${pid}/stat`, 'utf8'), /\) Z /);
  }
});

/** The descriptors in a listing by `ls -l /proc/self/fd`, without the one that ls reads it from. */
function descriptorsIn(listing: string): number[] {
  return [...listing.matchAll(/ (\d+) -> (?!\/proc\/\d+\/fd$)/gm)].map(([, fd]) => Number(fd));
}

test('the child has the descriptors it was given and no other', async () => {
  const extra = openSync('/proc/self/status', 'r');
  const { text } = await runScript('exec ls -l /proc/self/fd', {
    fds: [null, PIPE, 2, null, extra, null, extra],
  });
  closeSync(extra);
  assert.equal(descriptorsIn(text), [0, 1, 2, 4, 6]);
});

test('a descriptor that we inherited without close-on-exec is not handed on', () => {
  const face = fileURLToPath(new URL('../../native/index.ts', import.meta.url));
  const program = `import { createLinuxKernel } from ${JSON.stringify(face)};
    const kernel = createLinuxKernel();
    const list = { file: '/bin/ls', args: ['ls', '-l', '/proc/self/fd'], env: [] };
    await kernel.waitChild(kernel.spawn({ ...list, fds: [null, 1, 2] }).pidfd);`;
  const args = ['--import', 'tsx', '--input-type=module', '-e', program];
  const inherited = openSync('/proc/version', 'r');
  const stdio = ['ignore', 'pipe', 'inherit', inherited, inherited] as const;
  const ours = spawnSync('ls', ['-l', '/proc/self/fd'], { stdio: [...stdio], encoding: 'utf8' });
  const theirs = spawnSync(process.execPath, args, { stdio: [...stdio], encoding: 'utf8' });
  closeSync(inherited);
  assert.ok([3, 4].every((fd) => descriptorsIn(ours.stdout).includes(fd)));
  assert.equal(descriptorsIn(theirs.stdout), [0, 1, 2]);
});

test('a child with a parent-death signal ends with its parent, and its own child does not', async () => {
  const face = fileURLToPath(new URL('../../native/index.ts', import.meta.url));
  const program = `import { createLinuxKernel } from ${JSON.stringify(face)};
    const script = 'sleep 1000 & echo $$ $!; wait';
    const shell = { file: '/bin/sh', args: ['sh', '-c', script], env: ['PATH=/usr/bin:/bin'] };
    createLinuxKernel().spawn({ ...shell, fds: [null, 1, 2], parentDeathSignal: ${SIGKILL} });
    setInterval(() => {}, 1000);`;
  const parent = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [text] = (await once(parent.stdout.setEncoding('utf8'), 'data')) as [string];
  const [child = 0, grandchild = 0] = text.trim().split(' ').map(Number);
  const pidfd = kernel.pidfdOpen(child, 0);
  parent.kill('SIGKILL');
  assert.ok(await kernel.pollReadable(pidfd, 10_000), 'it has ended');
  kernel.close(pidfd);
  killProcess(grandchild);
});

test('descriptors can change places', async () => {
  const [first, second] = [openSync('/proc/version', 'r'), openSync('/proc/uptime', 'r')];
  const places = Math.max(first, second) + 1;
  const fds: (number | null)[] = Array.from({ length: places }, () => null);
  fds[1] = PIPE;
  fds[first] = second;
  fds[second] = first;
  const { text } = await runScript(
    `readlink /proc/self/fd/${first}; readlink /proc/self/fd/${second}; readlink /proc/self/fd/0`,
    { fds },
  );
  closeSync(first);
  closeSync(second);
  assert.is(text, '/proc/uptime\n/proc/version\n/dev/null\n');
});

test('signal masks and handlers of ours do not reach the child', async () => {
  const onSignal = (): void => undefined;
  process.on('SIGUSR1', onSignal);
  const { text } = await runScript('exec cat /proc/self/status');
  process.off('SIGUSR1', onSignal);
  const sets = [...text.matchAll(/^Sig(Blk|Ign|Cgt):\t0{16}$/gm)].map(([, set]) => set);
  assert.equal(sets, ['Blk', 'Ign', 'Cgt']);
});

test('a new session and a new process group are led by the child', async () => {
  const script = 'cut -d" " -f1,5,6 /proc/$$/stat';
  const session = await runScript(script, { newSession: true });
  assert.is(session.text, `${session.pid} ${session.pid} ${session.pid}\n`);
  const group = await runScript(script, { newProcessGroup: true });
  const [pid, pgid, sid] = group.text.trim().split(' ').map(Number);
  assert.equal([pid, pgid], [group.pid, group.pid]);
  assert.is.not(sid, group.pid);
});

test('the pidfd signals the child, and its descriptor does not outlive an exec', async () => {
  const { pid, pidfd } = kernel.spawn({
    file: '/bin/sleep',
    args: ['sleep', '60'],
    env: [],
    fds: [],
  });
  const second = kernel.pidfdOpen(pid, 0);
  for (const fd of [pidfd, second]) {
    const flags = /flags:\t(\d+)/.exec(readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8'))?.[1];
    assert.ok(Number.parseInt(flags ?? '0', 8) & 0o2000000);
  }
  assert.is(await kernel.pollReadable(second, 0), false);
  kernel.pidfdSendSignal(second, SIGKILL);
  assert.is(await kernel.pollReadable(second, 5_000), true);
  assert.equal(await kernel.waitChild(pidfd), { code: null, signal: SIGKILL });
  const gone = await kernel.waitChild(pidfd).catch((error: unknown) => error);
  assert.is((gone as ErrnoError).code, 'ECHILD');
  kernel.close(pidfd);
  kernel.close(second);
});

test('200 children are waited for at once', async () => {
  const [gate, hold] = kernel.pipe2(0);
  const children = Array.from({ length: 200 }, () =>
    kernel.spawn({ file: '/bin/cat', args: ['cat'], env: [], fds: [gate] }),
  );
  const exits = Promise.all(children.map(({ pidfd }) => kernel.waitChild(pidfd)));
  kernel.close(gate);
  // Disk reads need libuv's pool, whose four threads would all be taken if children were waited for there.
  assert.ok((await readFile('/proc/self/stat')).length > 0);
  kernel.close(hold);
  assert.ok((await exits).every(({ code }) => code === 0));
  for (const { pidfd } of children) kernel.close(pidfd);
});

test.run();
