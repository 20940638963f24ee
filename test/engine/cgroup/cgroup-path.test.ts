import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  cgroupsPathFor,
  containerCgroup,
  parentCgroups,
  removeCgroup,
} from '../../../engine/cgroup/cgroup-path.ts';
import type { CgroupLayout } from '../../../engine/cgroup/cgroup-layout.ts';
import { containerId, containerRequest } from '../../support/container-request.ts';
import { withDirectory } from '../../support/scratch-directory.ts';

const cgroupfs = { run: '/run/tsctr', manager: 'cgroupfs' } as const;
const systemd = { run: '/run/tsctr', manager: 'systemd' } as const;
const id = containerId(1);
const alone = containerRequest({ image: 'x' });
const pod = {
  name: 'shop',
  id: 'ab'.repeat(32),
  member: 'web',
  init: false,
  shared: ['net' as const],
};
const member = containerRequest({ image: 'x' }, { pod });

test('with cgroupfs a container lies below the cgroup of its instance', () => {
  assert.is(containerCgroup(cgroupfs, alone), `/tsctr/${id}`);
  assert.is(cgroupsPathFor(cgroupfs, alone), `/tsctr/${id}`);
});

test('with cgroupfs a member lies below the cgroup of its pod', () => {
  assert.equal(parentCgroups(cgroupfs, pod.id), ['/tsctr', '/tsctr/pod_abababababab']);
  assert.is(containerCgroup(cgroupfs, member), `/tsctr/pod_abababababab/${id}`);
});

test('with systemd it is a scope below a slice, whose name repeats that of its parent', () => {
  assert.is(containerCgroup(systemd, alone), `/tsctr.slice/tsctr-${id}.scope`);
  assert.is(cgroupsPathFor(systemd, alone), `tsctr.slice:tsctr:${id}`);
  assert.is(containerCgroup(systemd, member), `/tsctr.slice/tsctr-pod_abababababab.slice/tsctr-${id}.scope`);
  assert.is(cgroupsPathFor(systemd, member), `tsctr-pod_abababababab.slice:tsctr:${id}`);
});

test('instances that live elsewhere have cgroups of their own, always the same ones', () => {
  const [one] = parentCgroups({ run: '/tmp/a', manager: 'cgroupfs' }, null);
  const [other] = parentCgroups({ run: '/tmp/b', manager: 'cgroupfs' }, null);
  assert.match(one ?? '', /^\/tsctr_[0-9a-f]{8}$/);
  assert.is.not(one, other);
  assert.is(one, parentCgroups({ run: '/tmp/a', manager: 'cgroupfs' }, null)[0]);
});

test('cgroupParent of the manifest takes the place of ours, and cannot lead out of the hierarchy', () => {
  assert.is(
    containerCgroup(cgroupfs, containerRequest({ image: 'x', cgroupParent: 'batch/low' })),
    `/batch/low/${id}`,
  );
  assert.is(
    containerCgroup(cgroupfs, containerRequest({ image: 'x', cgroupParent: '/../../etc' })),
    `/etc/${id}`,
  );
});

test('an empty cgroup is removed from every hierarchy; one in use and one that is not there are left alone', async () => {
  await withDirectory(async (directory) => {
    const layout: CgroupLayout = {
      version: 'hybrid',
      unified: path.join(directory, 'unified'),
      v1: new Map([
        ['memory', path.join(directory, 'memory')],
        ['pids', path.join(directory, 'pids')],
      ]),
      controllers: [],
    };
    mkdirSync(path.join(directory, 'unified/tsctr/a'), { recursive: true });
    mkdirSync(path.join(directory, 'memory/tsctr/a'), { recursive: true });
    writeFileSync(path.join(directory, 'memory/tsctr/a/other'), '');
    await removeCgroup(layout, '/tsctr/a');
    assert.not(existsSync(path.join(directory, 'unified/tsctr/a')));
    assert.ok(existsSync(path.join(directory, 'memory/tsctr/a')));
  });
});

test.run();
