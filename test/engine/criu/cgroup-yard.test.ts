import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { CgroupLayout } from '../../../engine/cgroup/cgroup-layout.ts';
import { cgroupYard } from '../../../engine/criu/cgroup-yard.ts';

const layout = (v1: Record<string, string>, unified: string | null): CgroupLayout => ({
  version: Object.keys(v1).length === 0 ? 'v2' : unified === null ? 'v1' : 'hybrid',
  unified,
  v1: new Map(Object.entries(v1)),
  controllers: [],
});

test('hierarchies side by side under their own names are a yard', () => {
  const v1 = { cpu: '/cg/cpu,cpuacct', cpuacct: '/cg/cpu,cpuacct', 'name=systemd': '/cg/systemd' };
  assert.is(cgroupYard(layout(v1, '/cg/unified')), '/cg');
  assert.is(cgroupYard(layout(v1, null)), '/cg');
});

test('others are not', () => {
  assert.is(cgroupYard(layout({}, '/cg')), null, 'version 2 alone');
  assert.is(cgroupYard(layout({ cpu: '/cg/cpu', memory: '/mnt/memory' }, null)), null, 'in two places');
  assert.is(cgroupYard(layout({ cpu: '/cg/processors' }, null)), null, 'under another name');
  assert.is(cgroupYard(layout({ cpu: '/cg/cpu' }, '/mnt/unified')), null, 'version 2 elsewhere');
});

test.run();
