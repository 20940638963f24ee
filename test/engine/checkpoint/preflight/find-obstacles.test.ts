import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { parseInetTable } from '../../../../engine/checkpoint/preflight/container-snapshot.ts';
import type { ContainerSnapshot } from '../../../../engine/checkpoint/preflight/container-snapshot.ts';
import { findObstacles } from '../../../../engine/checkpoint/preflight/find-obstacles.ts';
import type { PreflightOptions } from '../../../../engine/checkpoint/preflight/obstacle.ts';
import { formatPreflight } from '../../../../engine/checkpoint/preflight/preflight-text.ts';
import { parseWatches } from '../../../../engine/checkpoint/preflight/process-snapshot.ts';
import type {
  DescriptorSnapshot,
  ProcessSnapshot,
} from '../../../../engine/checkpoint/preflight/process-snapshot.ts';
import { parseUnixPeers } from '../../../../engine/checkpoint/preflight/unix-peers.ts';

const NAMESPACES = { mnt: 'mnt:[2]', net: 'net:[2]', pid: 'pid:[2]', user: 'user:[1]', ipc: 'ipc:[2]' };

function descriptor(target: string, change: Partial<DescriptorSnapshot> = {}): DescriptorSnapshot {
  return { fd: 3, target, mountId: 50, status: null, watches: [], ...change };
}

function task(change: Partial<ProcessSnapshot> = {}): ProcessSnapshot {
  return {
    pid: 4242,
    innerPid: 7,
    parentPid: 4241,
    command: 'postgres',
    state: 'S',
    tracerPid: 0,
    namespaces: NAMESPACES,
    descriptors: [],
    mappedDevices: [],
    ...change,
  };
}

const overlay = {
  id: 50,
  parentId: 1,
  device: '0:40',
  root: '/',
  mountPoint: '/',
  fsType: 'overlay',
  source: 'overlay',
  superOptions: [],
};
const proc = { ...overlay, id: 51, device: '0:22', mountPoint: '/proc', fsType: 'proc' };

function snapshot(tree: ProcessSnapshot[], change: Partial<ContainerSnapshot> = {}): ContainerSnapshot {
  return {
    root: task(),
    tree,
    others: [],
    mounts: [overlay, proc],
    sockets: new Map(),
    unixPeers: new Map(),
    locks: [],
    ...change,
  };
}

const OPTIONS: PreflightOptions = {
  allowances: {},
  externalMounts: new Set(),
  criu: [4, 1],
  kernel: '6.12.9',
};

function kinds(of: ContainerSnapshot, options: Partial<PreflightOptions> = {}): string[] {
  return findObstacles(of, { ...OPTIONS, ...options }).obstacles.map(({ kind }) => kind);
}

function kindsOf(...descriptors: DescriptorSnapshot[]): string[] {
  return kinds(snapshot([task({ descriptors })]));
}

test('what CRIU can save is no obstacle', () => {
  assert.equal(
    kindsOf(
      descriptor('/dev/null', { mountId: 999 }),
      descriptor('pipe:[1]'),
      descriptor('/app/data'),
      descriptor('anon_inode:[eventfd]'),
      descriptor('anon_inode:[eventpoll]'),
      descriptor('anon_inode:inotify'),
      descriptor('/memfd:x (deleted)', { mountId: 1 }),
      descriptor('socket:[77]'),
    ),
    [],
  );
  const report = findObstacles(snapshot([task()]), OPTIONS);
  assert.ok(report.canCheckpoint);
  assert.is(formatPreflight('container/db', report), 'container/db can be checkpointed');
});

test('the report names process, obstacle and remedy', () => {
  const report = findObstacles(
    snapshot([task({ descriptors: [descriptor('anon_inode:[io_uring]')] })]),
    OPTIONS,
  );
  assert.not(report.canCheckpoint);
  assert.is(
    formatPreflight('container/db', report),
    `container/db cannot be checkpointed now:
  io_uring   pid 7 (postgres) holds an io_uring; CRIU cannot dump it
             → set spec.securityContext.seccompProfile.type: RuntimeDefault, which makes it fall back, and restart it`,
  );
});

test('names of processes cannot move the cursor', () => {
  const hostile = task({ command: '\u001b[2J\n', descriptors: [descriptor('anon_inode:[io_uring]')] });
  assert.match(formatPreflight('container/db', findObstacles(snapshot([hostile]), OPTIONS)), '(?[2J?)');
});

test('descriptors that CRIU has no driver for, devices and mapped devices are obstacles', () => {
  assert.equal(kindsOf(descriptor('anon_inode:[userfaultfd]')), ['descriptor']);
  const status = { sizeBytes: 0, links: 1, isDevice: true, deviceMajor: 195 };
  assert.equal(kindsOf(descriptor('/dev/nvidia0', { status })), ['device']);
  assert.equal(kindsOf(descriptor('/dev/random', { status: { ...status, deviceMajor: 1 } })), []);
  assert.equal(kinds(snapshot([task({ mappedDevices: ['/dev/dri/card0'] })])), ['device']);
});

test('files and terminals of the host are obstacles', () => {
  assert.equal(kindsOf(descriptor('/var/log/job.log', { fd: 1, mountId: 999 })), ['outside file']);
  assert.equal(kindsOf(descriptor('/dev/pts/3', { mountId: 999 })), ['terminal']);
  assert.equal(kindsOf(descriptor('/dev/pts/0')), []);
});

test('a deleted file is one from its limit on, unless it has another name', () => {
  const deleted = (sizeBytes: number, links = 0) =>
    descriptor('/tmp/x (deleted)', { status: { sizeBytes, links, isDevice: false, deviceMajor: 0 } });
  assert.equal(kindsOf(deleted(64 << 20)), []);
  assert.equal(kindsOf(deleted((64 << 20) + 512)), ['deleted file']);
  assert.equal(kindsOf(deleted(1e9, 1)), []);
  const report = findObstacles(snapshot([task({ descriptors: [deleted(100 << 20)] })]), OPTIONS);
  const limit = Number(/ghostLimit: (\d+)Mi/.exec(report.obstacles[0]?.fix ?? '')?.[1]) * 2 ** 20;
  assert.equal(
    kinds(snapshot([task({ descriptors: [deleted(100 << 20)] })]), {
      allowances: { ghostLimitBytes: limit },
    }),
    [],
  );
});

test('established connections need an allowance, and listening sockets none', () => {
  const sockets = new Map([
    [77, { kind: 'tcp' as const, established: true, name: 'port 80 to port 40000' }],
    [78, { kind: 'tcp' as const, established: false, name: 'port 80' }],
  ]);
  const of = (inode: number) =>
    snapshot([task({ descriptors: [descriptor(`socket:[${String(inode)}]`)] })], { sockets });
  assert.equal(kinds(of(78)), []);
  assert.equal(kinds(of(77)), ['tcp']);
  assert.equal(kinds(of(77), { allowances: { tcpEstablished: true } }), []);
  assert.equal(kinds(of(77), { allowances: { tcpClose: true } }), []);
  // Linux 6.17 has taken options away that CRIU asked for until 4.2.
  assert.equal(kinds(of(78), { kernel: '6.18.4-amd64' }), ['socket']);
  assert.equal(kinds(of(78), { kernel: '6.18.4-amd64', criu: [4, 2] }), []);
});

test('unix sockets are one when their other end is held by nobody inside', () => {
  const sockets = new Map(
    [1, 2, 3].map((inode) => [inode, { kind: 'unix' as const, established: false, name: '' }]),
  );
  const unixPeers = new Map([
    [1, 2],
    [2, 1],
    [3, 99],
  ]);
  const holder = (...inodes: number[]) =>
    task({ descriptors: inodes.map((inode) => descriptor(`socket:[${String(inode)}]`)) });
  const change = { sockets, unixPeers };
  assert.equal(kinds(snapshot([holder(1), holder(2)], change)), []);
  assert.equal(kinds(snapshot([holder(1, 3)], change)), ['unix socket']);
  const allowed = findObstacles(snapshot([holder(3)], change), {
    ...OPTIONS,
    allowances: { externalUnixSockets: true },
  });
  assert.ok(allowed.canCheckpoint);
  const unknown = findObstacles(snapshot([holder(3)], { sockets, unixPeers: null }), OPTIONS);
  assert.match(formatPreflight('container/db', unknown), 'not checked: the other ends of unix sockets');
});

test('locks, debuggers, nested namespaces, mounts within and commands of exec are told', () => {
  const locks = [{ pid: 4242, kind: 'FLOCK' }];
  assert.equal(kinds(snapshot([task()], { locks })), ['lock']);
  assert.equal(kinds(snapshot([task()], { locks }), { allowances: { fileLocks: true } }), []);
  assert.equal(kinds(snapshot([task({ tracerPid: 9 })])), ['traced']);
  assert.equal(kinds(snapshot([task({ namespaces: { ...NAMESPACES, user: 'user:[9]' } })])), ['namespace']);
  const fuse = { ...overlay, id: 60, mountPoint: '/mnt', fsType: 'fuse.sshfs' };
  assert.equal(kinds(snapshot([task()], { mounts: [overlay, fuse] })), ['mount']);
  assert.equal(
    kinds(snapshot([task()], { mounts: [overlay, fuse] }), { externalMounts: new Set(['/mnt']) }),
    [],
  );
  const exec = findObstacles(snapshot([task()], { others: [task({ command: 'sh' })] }), OPTIONS);
  assert.equal([exec.canCheckpoint, exec.obstacles[0]?.kind], [true, 'exec']);
});

test('what is watched on /proc is an obstacle, and what is watched on the root is none', () => {
  const line = (sdev: string, handle = 'fhandle-bytes:8 fhandle-type:1 f_handle:00') =>
    `pos:\t0\nflags:\t00\ninotify wd:1 ino:fe sdev:${sdev} mask:fff ignored_mask:0 ${handle}\n`;
  const watching = (text: string) =>
    kindsOf(descriptor('anon_inode:inotify', { watches: parseWatches(text) }));
  assert.equal(parseWatches(line('28')), [{ device: '0:40', hasHandle: true }]);
  assert.equal(watching(line('28')), []);
  assert.equal(watching(line('16')), ['inotify']);
  assert.equal(watching(line('28', '')), ['inotify']);
});

test('the tables of the kernel are read', () => {
  const tcp = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:1F90 0100007F:9C40 01 00000000:00000000 00:00000000 00000000     0        0 5511 1 0000 20 4 30 10 -1
   1: 00000000:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 5510 1 0000 100 0 0 10 0
`;
  assert.equal(parseInetTable('tcp', tcp), [
    [5511, { kind: 'tcp', established: true, name: 'port 8080 to port 40000' }],
    [5510, { kind: 'tcp', established: false, name: 'port 8080' }],
  ]);
  const ss = `u_seq LISTEN 0      10               /proc/self/fd/12/attach 1031791 * 0      
u_str ESTAB  0      0                                      * 1163565 * 1163564
u_str ESTAB  0      0             /run/with space/dbus.sock 11 * 12
u_dgr UNCONN 0      0                               @abstract 21 * 0
`;
  assert.equal(
    [...parseUnixPeers(ss)],
    [
      [1_031_791, 0],
      [1_163_565, 1_163_564],
      [11, 12],
      [21, 0],
    ],
  );
});

test.run();
