import { existsSync, mkdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { removeParentCgroups, removePodCgroup } from '../../../engine/cgroup/parent-cgroups.ts';
import type { ParentCgroupParts } from '../../../engine/cgroup/parent-cgroups.ts';
import { withDirectory } from '../../support/scratch-directory.ts';

const POD = 'ab'.repeat(32);

interface Host {
  parts: ParentCgroupParts;
  /** In the only hierarchy. */
  place: (cgroup: string) => string;
  /** The units that systemd was told to stop. */
  stopped: string[];
}

/** A host whose cgroup tree is a directory, and a systemd that does as it is told. */
function withHost(manager: 'systemd' | 'cgroupfs', body: (host: Host) => Promise<void>): Promise<void> {
  return withDirectory(async (directory) => {
    const place = (cgroup: string): string => path.join(directory, cgroup);
    const stopped: string[] = [];
    const parts = {
      cgroupLayout: { version: 'v2', unified: directory, v1: new Map(), controllers: [] },
      cgroupOwner: { run: '/run/tsctr', manager },
      facts: { tools: { busctl: '/usr/bin/busctl' } },
      runCommand: ({ args }: { args: string[] }) => {
        const unit = args.at(-2) ?? '';
        stopped.push(unit);
        rmSync(place(`tsctr.slice/${unit}`), { recursive: true });
        return Promise.resolve({ exitCode: 0, signal: null, stdout: Buffer.alloc(0), stderr: '' });
      },
    } as unknown as ParentCgroupParts;
    await body({ parts, place, stopped });
  });
}

test('with cgroupfs the cgroups above a container go with the last that is in them', () =>
  withHost('cgroupfs', async ({ parts, place, stopped }) => {
    mkdirSync(place('tsctr/pod_abababababab'), { recursive: true });
    mkdirSync(place('tsctr/other'));
    await removeParentCgroups(parts, POD);
    assert.equal(
      [existsSync(place('tsctr/pod_abababababab')), existsSync(place('tsctr/other'))],
      [false, true],
    );
    assert.equal(stopped, []);
  }));

test('with systemd the slice of a pod stays when its containers go, and is stopped with the pod, once they have gone', () =>
  withHost('systemd', async ({ parts, place, stopped }) => {
    const slice = place('tsctr.slice/tsctr-pod_abababababab.slice');
    mkdirSync(path.join(slice, 'tsctr-x.scope'), { recursive: true });
    setTimeout(() => {
      rmSync(path.join(slice, 'tsctr-x.scope'), { recursive: true });
    }, 30);
    await removeParentCgroups(parts, POD);
    assert.ok(existsSync(slice));
    await removePodCgroup(parts, POD);
    assert.equal(stopped, ['tsctr-pod_abababababab.slice']);
    assert.equal([existsSync(slice), existsSync(place('tsctr.slice'))], [false, true]);
  }));

test.run();
