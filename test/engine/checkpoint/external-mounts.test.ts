import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  cgroupExternals,
  dumpedExternals,
  restoredExternals,
} from '../../../engine/checkpoint/external-mounts.ts';
import { parseMountInfo } from '../../../engine/checkpoint/mount-info.ts';
import { cgroupRoots } from '../../../engine/checkpoint/restore/placeholder.ts';
import type { OciSpec } from '../../../schemas/index.ts';

const layout = {
  version: 'hybrid',
  unified: '/sys/fs/cgroup/unified',
  v1: new Map([
    ['memory', '/sys/fs/cgroup/memory'],
    ['cpu', '/sys/fs/cgroup/cpu,cpuacct'],
    ['cpuacct', '/sys/fs/cgroup/cpu,cpuacct'],
  ]),
  controllers: [],
} as const;

const MOUNTS = parseMountInfo(
  [
    '96 73 0:50 / / rw - overlay overlay rw',
    '97 96 0:43 / /proc rw - proc proc rw',
    '98 96 0:44 / /dev rw - tmpfs tmpfs rw',
    '102 98 0:41 / /dev/shm rw - tmpfs none rw',
    '104 96 254:0 /run/hosts /etc/hosts rw - ext4 /dev/vda rw',
    '105 96 254:0 /srv/a\\040b /data/a\\040b rw - ext4 /dev/vda rw',
    '106 105 254:1 / /data/a\\040b/deep rw - ext4 /dev/vdb rw',
    '109 96 0:60 / /scratch rw - tmpfs tmpfs rw',
    '107 99 0:47 / /sys/fs/cgroup rw - tmpfs tmpfs rw',
    '108 107 0:32 /tsctr/x /sys/fs/cgroup/memory ro - cgroup cgroup rw,memory',
    '110 107 0:33 /tsctr/x /sys/fs/cgroup/cpu,cpuacct ro - cgroup cgroup rw,cpu,cpuacct',
    '79 97 0:44 /null /proc/keys rw - tmpfs tmpfs rw',
    '76 97 0:43 /irq /proc/irq ro - proc proc rw',
    '',
  ].join('\n'),
);

const SPEC = {
  mounts: [
    { destination: '/proc', type: 'proc', source: 'proc', options: [] },
    { destination: '/dev/shm', type: 'bind', source: '/run/x/shm', options: ['bind'] },
    { destination: '/etc/hosts', type: 'bind', source: '/run/hosts', options: ['bind'] },
    { destination: '/data/a b', type: 'bind', source: '/srv/a b', options: ['rbind'] },
    { destination: '/scratch', type: 'tmpfs', source: 'tmpfs', options: [] },
    { destination: '/sys/fs/cgroup', type: 'cgroup', source: 'cgroup', options: [] },
  ],
  linux: { namespaces: [], maskedPaths: ['/proc/keys', '/proc/acpi'], resources: {} },
} as unknown as OciSpec;

test('[criu.ext-mounts] bind mounts and what lies below them, cgroups and masked files are external', () => {
  assert.equal(
    dumpedExternals(SPEC, MOUNTS, '/usr/sbin/runc').map(({ key, val }) => `${key} → ${val}`),
    [
      '/dev/shm → /dev/shm',
      '/etc/hosts → /etc/hosts',
      '/data/a b → /data/a b',
      '/data/a b/deep → /data/a b/deep',
      '/sys/fs/cgroup/memory → /sys/fs/cgroup/memory',
      '/sys/fs/cgroup/cpu,cpuacct → /sys/fs/cgroup/cpu,cpuacct',
      '/proc/keys → /dev/null',
    ],
  );
});

test('[criu.ext-mounts] images of a container of crun are named as crun would, which knows masked files by their own names', () => {
  const crun = dumpedExternals(SPEC, MOUNTS, '/usr/bin/crun').map(({ key, val }) => `${key} → ${val}`);
  assert.is(crun.at(-1), '/proc/keys → /proc/keys');
  const masked = [{ key: '/proc/sched_debug', val: '/proc/sched_debug' }];
  const found = new Map(
    restoredExternals(SPEC, masked, { paths: new Map() }).map(({ key, val }) => [key, val]),
  );
  assert.is(found.get('/proc/sched_debug'), '/dev/null', 'masked there and not here');
});

test('[criu.ext-mounts] the version 2 hierarchy is external only for a container without a cgroup namespace', () => {
  const mounts = parseMountInfo(
    '107 99 0:31 /tsctr.slice/tsctr-x.scope /sys/fs/cgroup ro - cgroup2 cgroup rw\n',
  );
  const externals = (...types: string[]): string[] => {
    const namespaces = types.map((type) => ({ type }));
    const spec = { ...SPEC, mounts: [], linux: { ...SPEC.linux, namespaces } } as unknown as OciSpec;
    return dumpedExternals(spec, mounts, '/usr/bin/crun').map(({ key }) => key);
  };
  assert.equal(externals('pid'), ['/sys/fs/cgroup']);
  assert.equal(externals('pid', 'cgroup'), []);
});

test('[criu.ext-mounts] at restore each stands for its source, with the names of runc and of crun', () => {
  const paths = cgroupExternals(MOUNTS, layout);
  const recorded = dumpedExternals(SPEC, MOUNTS, '/usr/sbin/runc');
  const found = new Map(restoredExternals(SPEC, recorded, { paths }).map(({ key, val }) => [key, val]));
  assert.is(found.get('/dev/shm'), '/run/x/shm');
  assert.is(found.get('/data/a b'), '/srv/a b');
  assert.is(found.get('/data/a b/deep'), '/srv/a b/deep');
  assert.is(found.get('/dev/null'), '/dev/null');
  assert.is(found.get('/proc/keys'), '/dev/null');
  assert.is(found.get('/sys/fs/cgroup/memory'), '/sys/fs/cgroup/memory/tsctr/x');
  assert.is(found.get('/sys/fs/cgroup/cpu,cpuacct'), '/sys/fs/cgroup/cpu,cpuacct/tsctr/x');
});

test('[criu.cgroups] the roots are those of each controller; one for all where there is nothing but version 2', () => {
  assert.equal(cgroupRoots('3:cpu,cpuacct:/a\n1:name=systemd:/b\n0::/c\n'), [
    { ctrl: 'cpu', path: '/a' },
    { ctrl: 'cpuacct', path: '/a' },
    { ctrl: 'name=systemd', path: '/b' },
    { ctrl: '', path: '/c' },
  ]);
  assert.equal(cgroupRoots('0::/tsctr/x\n'), [{ path: '/tsctr/x' }]);
});

test.run();
