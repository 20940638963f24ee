import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { cgroupDirectories, readCgroupLayout } from '../../engine/cgroup/cgroup-layout.ts';
import { parentCgroups } from '../../engine/cgroup/cgroup-path.ts';
import { additions, leftSince, takeHostSnapshot, takeInstanceSnapshot } from '../support/host-snapshot.ts';
import { createTestRoot } from '../support/test-root.ts';

/** What a container would leave: a cgroup with a process in it that hides its origin, a mount, a pinned namespace, a socket. */
async function leaveThings(directory: string, run: string): Promise<{ pid: number; server: net.Server }> {
  const layout = await readCgroupLayout();
  const [top = ''] = parentCgroups({ run, manager: 'cgroupfs' }, null);
  const cgroups = cgroupDirectories(layout, `${top}/abc`);
  for (const cgroup of cgroups) mkdirSync(cgroup, { recursive: true });
  const child = spawn('sleep', ['999'], { cwd: '/', detached: true, stdio: 'ignore' });
  const pid = child.pid ?? -1;
  const freezer = cgroups.find((name) => !name.includes('cpuset')) ?? '';
  writeFileSync(path.join(freezer, 'cgroup.procs'), String(pid));
  mkdirSync(path.join(run, 'rootfs'));
  execFileSync('mount', ['-t', 'tmpfs', 'tmpfs', path.join(run, 'rootfs')]);
  writeFileSync(path.join(run, 'net'), '');
  execFileSync('unshare', [`--net=${path.join(run, 'net')}`, 'true']);
  const server = net.createServer().listen(path.join(directory, 'x.sock'));
  await new Promise((resolve) => server.once('listening', resolve));
  return { pid, server };
}

test('the snapshot of the host sees what was left, and the sweep takes it away and nothing else', async () => {
  const bystander = spawn('sleep', ['999'], { stdio: 'ignore' });
  // A test that fails must not wait for it.
  bystander.unref();
  process.once('exit', () => bystander.kill('SIGKILL'));
  const before = await takeHostSnapshot();
  const testRoot = await createTestRoot();
  const clean = await takeInstanceSnapshot(testRoot);
  const { pid, server } = await leaveThings(testRoot.directory, testRoot.run);
  const added = additions(before, await takeHostSnapshot([testRoot.directory])).join('\n');
  assert.match(added, new RegExp(`processes: ${pid} sleep 999`));
  assert.match(added, /mounts: .*run\/rootfs \(tmpfs\)/);
  assert.match(added, /mounts: .*run\/net \(nsfs\)/);
  assert.match(added, /namespaces: net:\[/);
  assert.match(added, /cgroups: .*\/abc/);
  assert.match(added, /sockets: .*x\.sock/);
  assert.match(added, /files: .*run\/rootfs/);

  const own = await takeInstanceSnapshot(testRoot);
  assert.equal(own.processes, [`${pid} sleep 999`], 'of processes only those of the instance');
  assert.equal(own.sockets, [path.join(testRoot.directory, 'x.sock')]);
  assert.ok(own.cgroups.every((name) => name.includes('/tsctr_')));
  assert.match(own.mounts.join('\n'), /run\/net \(nsfs\)/);

  server.close();
  const found = (await testRoot.remove()).join('\n');
  assert.match(found, new RegExp(`process ${pid} \\(sleep\\)`));
  assert.match(found, /mount .*rootfs/);
  assert.match(found, /cgroup .*\/abc/);
  assert.not(existsSync(testRoot.directory));
  assert.equal(await leftSince(clean, testRoot), []);
  assert.is(bystander.exitCode, null);
  assert.is(bystander.signalCode, null);
  bystander.kill('SIGKILL');
});

test('a test root without leavings says so', async () => {
  const testRoot = await createTestRoot();
  assert.equal(await testRoot.remove(), []);
});

test.run();
