import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, readlinkSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import path from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import * as native from '../../native/index.ts';

const kernel = native.createLinuxKernel();

interface Files {
  root: string;
  net: string;
  ipc: string;
  uts: string;
  user: string;
}
const test = suite<Files>('pinNamespaces');

test.before.each((context) => {
  context.root = mkdtempSync(path.join(tmpdir(), 'native-namespace-'));
  for (const name of ['net', 'ipc', 'uts', 'user'] as const) {
    context[name] = path.join(context.root, name);
    writeFileSync(context[name], '');
  }
});
test.after.each((context) => {
  for (const target of mountsBelow(context.root)) kernel.umount2(target, native.MNT_DETACH);
  rmSync(context.root, { recursive: true });
});

function mountsBelow(root: string): string[] {
  const lines = readFileSync('/proc/self/mountinfo', 'utf8').split('\n');
  return lines.map((line) => line.split(' ')[4] ?? '').filter((target) => target.startsWith(root));
}

/** Runs a program in the pinned namespaces. */
function runInside(files: Partial<Files>, ...command: string[]): string {
  const { net, ipc, uts, user } = files;
  const options = Object.entries({ net, ipc, uts, user })
    .filter(([, file]) => file !== undefined)
    .map(([name, file]) => `--${name}=${file}`);
  return execFileSync('nsenter', [...options, '--', ...command], { encoding: 'utf8' }).trim();
}

function ownNamespaces(): string[] {
  return ['net', 'ipc', 'uts', 'user', 'mnt'].map((name) => readlinkSync(`/proc/self/ns/${name}`));
}

async function failureOf(promise: Promise<void>): Promise<native.ErrnoError> {
  const error = await promise.catch((reason: unknown) => reason);
  assert.instance(error, native.ErrnoError);
  return error as native.ErrnoError;
}

/** The threads of this process, and its children that are ours. */
function activity(): number {
  return Number(/Threads:\t(\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]);
}

test('three namespaces are new, configured and ours stay as they were', async ({ root, net, ipc, uts }) => {
  const before = ownNamespaces();
  await kernel.pinNamespaces({
    net,
    ipc,
    uts,
    hostname: 'inside',
    sysctls: { 'net.ipv4.ip_unprivileged_port_start': '80', 'kernel.shmmax': '4096' },
  });
  assert.equal(ownNamespaces(), before);
  assert.equal(mountsBelow(root).sort(), [ipc, net, uts]);
  const all = { net, ipc, uts };
  assert.is(runInside(all, 'hostname'), 'inside');
  assert.is(runInside(all, 'cat', '/proc/sys/net/ipv4/ip_unprivileged_port_start'), '80');
  assert.is(runInside(all, 'cat', '/proc/sys/kernel/shmmax'), '4096');
  assert.is.not(hostname(), 'inside');
  assert.is.not(readFileSync('/proc/sys/kernel/shmmax', 'utf8').trim(), '4096');
  for (const [name, file] of Object.entries(all)) {
    assert.not(before.includes(`${name}:[${statSync(file).ino}]`));
  }
});

test('loopback answers in a new network namespace', async ({ net }) => {
  await kernel.pinNamespaces({ net });
  assert.match(runInside({ net }, 'ip', '-oneline', 'address', 'show', 'lo'), /127\.0\.0\.1\/8/);
});

test('a user namespace has its maps and owns the others', async ({ root, net, ipc, uts, user }) => {
  const maps = { uidMap: '0 100000 65536\n', gidMap: '0 200000 65536\n' };
  const sysctls = { 'net.ipv4.ip_forward': '1', 'kernel.shmmax': '8192' };
  await kernel.pinNamespaces({ net, ipc, uts, user: { path: user, ...maps }, hostname: 'u', sysctls });
  assert.equal(mountsBelow(root).sort(), [ipc, net, user, uts].sort());
  const uidMap = runInside({ user }, 'cat', '/proc/self/uid_map', '/proc/self/gid_map');
  assert.equal(uidMap.split(/\s+/).map(Number), [0, 100_000, 65_536, 0, 200_000, 65_536]);
  // Only root of the owning user namespace may change the network.
  runInside({ user, net }, 'ip', 'link', 'set', 'lo', 'down');
  runInside({ user, uts }, 'hostname', 'renamed');
  assert.is(runInside({ uts }, 'hostname'), 'renamed');
  assert.is(runInside({ ipc }, 'cat', '/proc/sys/kernel/shmmax'), '8192');
  assert.is(runInside({ net }, 'cat', '/proc/sys/net/ipv4/ip_forward'), '1');
});

test('when one fails nothing stays pinned', async ({ root, net, user }) => {
  const cases: [native.PinNamespacesRequest, string, string][] = [
    [{ net, uts: path.join(root, 'absent') }, 'mount', 'ENOENT'],
    [{ net, sysctls: { 'net.nonsense': '1' } }, 'openat2', 'ENOENT'],
    [{ net, sysctls: { 'net.ipv4.ip_forward': 'many' } }, 'write', 'EINVAL'],
    [{ net, user: { path: user, uidMap: 'nonsense', gidMap: '0 0 1\n' } }, 'write', 'EINVAL'],
    [{ net, hostname: 'host' }, 'sethostname', 'EINVAL'],
  ];
  const before = activity();
  for (const [request, syscall, code] of cases) {
    const failure = await failureOf(kernel.pinNamespaces(request));
    assert.equal([failure.syscall, failure.code], [syscall, code]);
    assert.equal(mountsBelow(root), []);
  }
  await new Promise((resolve) => setTimeout(resolve, 20));
  assert.is(activity(), before);
  const children = readFileSync(`/proc/self/task/${process.pid}/children`, 'utf8').trim();
  assert.not.match(children, /\d+ \d+/, 'at most the transformer of tsx');
});

test('a sysctl name cannot leave /proc/sys', async ({ net }) => {
  for (const name of ['/../../etc/x', 'a/../../../etc/x', '/etc/x', '../../x']) {
    const failure = await failureOf(kernel.pinNamespaces({ net, sysctls: { [name]: '1' } }));
    assert.ok(['EXDEV', 'ENOENT'].includes(failure.code), failure.message);
  }
});

test('many are made at once', async ({ root }) => {
  const files = Array.from({ length: 20 }, (_, index) => path.join(root, `n${index}`));
  for (const file of files) writeFileSync(file, '');
  await Promise.all(files.map((net) => kernel.pinNamespaces({ net })));
  assert.is(new Set(files.map((file) => statSync(file).ino)).size, files.length);
});

test.run();
