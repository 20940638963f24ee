import { readFileSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { parseCgroupMounts, readCgroupLayout } from '../../../engine/cgroup/cgroup-layout.ts';
import { ownProcsFile, promptMove } from '../../../engine/cgroup/prompt-move.ts';

const UNIFIED = '30 20 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw';
const CPU = '32 30 0:28 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct';

test('the file of its own cgroup, with the name that it has', () => {
  const [v2, v1] = [parseCgroupMounts(UNIFIED), parseCgroupMounts(CPU)];
  assert.is(ownProcsFile(v2, '0::/a:b.service\n'), '/sys/fs/cgroup/a:b.service/cgroup.procs');
  assert.is(
    ownProcsFile(v1, '9:misc:/x\n4:cpu,cpuacct:/x\n0::/x\n'),
    '/sys/fs/cgroup/cpu,cpuacct/x/cgroup.procs',
  );
  assert.is(ownProcsFile(v2, '0::/../elsewhere\n'), null);
  assert.is(ownProcsFile(v2, '3:cpu:/x\n'), null);
});

test('this process stays where it is', async () => {
  const membership = (): string => readFileSync('/proc/self/cgroup', 'utf8');
  const before = membership();
  await promptMove(await readCgroupLayout());
  assert.is(membership(), before);
});

test.run();
