import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  cgroupDirectories,
  parseCgroupMounts,
  readCgroupLayout,
  unescapeOctal,
} from '../../../engine/cgroup/cgroup-layout.ts';

const ROOT = '20 1 254:1 / / rw,relatime shared:1 - ext4 /dev/vda1 rw';
const V2 =
  '30 20 0:26 / /sys/fs/cgroup rw,nosuid,nodev,noexec,relatime shared:4 - cgroup2 cgroup2 rw,nsdelegate';
const V1 = [
  '30 20 0:26 / /sys/fs/cgroup ro,nosuid - tmpfs tmpfs ro,mode=755',
  '31 30 0:27 / /sys/fs/cgroup/systemd rw,nosuid - cgroup cgroup rw,xattr,name=systemd',
  '32 30 0:28 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct',
  '33 30 0:29 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory',
  '34 30 0:30 / /sys/fs/cgroup/freezer rw - cgroup cgroup rw,freezer',
];
const UNIFIED = '35 30 0:31 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw';

const parse = (...lines: string[]) => parseCgroupMounts([ROOT, ...lines, ''].join('\n'));

test('a host with only the version 2 tree', () => {
  const layout = parse(V2);
  assert.is(layout.version, 'v2');
  assert.is(layout.unified, '/sys/fs/cgroup');
  assert.is(layout.v1.size, 0);
  assert.equal(cgroupDirectories(layout, '/tsctr/a'), ['/sys/fs/cgroup/tsctr/a']);
});

test('a host with only version 1 hierarchies, two controllers in one', () => {
  const layout = parse(...V1);
  assert.is(layout.version, 'v1');
  assert.is(layout.unified, null);
  assert.is(layout.v1.get('cpuacct'), '/sys/fs/cgroup/cpu,cpuacct');
  assert.is(layout.v1.get('name=systemd'), '/sys/fs/cgroup/systemd');
  assert.equal(layout.controllers, ['cpu', 'cpuacct', 'memory', 'freezer']);
  assert.equal(cgroupDirectories(layout, '/tsctr/a'), [
    '/sys/fs/cgroup/systemd/tsctr/a',
    '/sys/fs/cgroup/cpu,cpuacct/tsctr/a',
    '/sys/fs/cgroup/memory/tsctr/a',
    '/sys/fs/cgroup/freezer/tsctr/a',
  ]);
});

test('hierarchies that somebody mounts once more later are where they were', () => {
  const yard = '90 20 0:29 / /var/lib/x/.criu.cgyard.1PwgId/memory rw - cgroup cgroup rw,memory';
  assert.is(parse(...V1, yard).v1.get('memory'), '/sys/fs/cgroup/memory');
});

test('a hybrid host has both, and a cgroup is a directory in each', () => {
  const layout = parse(...V1, UNIFIED);
  assert.is(layout.version, 'hybrid');
  assert.is(layout.unified, '/sys/fs/cgroup/unified');
  assert.ok(cgroupDirectories(layout, '/tsctr/a').includes('/sys/fs/cgroup/unified/tsctr/a'));
});

test('a mount point with blanks stands escaped in mountinfo', () => {
  assert.is(unescapeOctal(String.raw`/a\040b\134c\012`), '/a b\\c\n');
  const layout = parse(V2.replace('/sys/fs/cgroup', String.raw`/sys/my\040cgroups`));
  assert.is(layout.unified, '/sys/my cgroups');
});

test('this host has one of the three, with the controllers that it can use', async () => {
  const layout = await readCgroupLayout();
  assert.ok(['v1', 'hybrid', 'v2'].includes(layout.version));
  assert.ok(layout.controllers.includes('memory'), layout.controllers.join());
});

test.run();
