import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { containerCgroup, removeCgroup } from '../../engine/cgroup/cgroup-path.ts';
import { cgroupDirectories } from '../../engine/cgroup/cgroup-layout.ts';
import { linesOf } from '../support/run-to-end.ts';
import { withEngine } from '../support/test-engine.ts';

test('[spec.tmpfs-links] a tmpfs whose place is a link of the image appears where that leads, inside', async () => {
  await withEngine(async (engine) => {
    const outside = path.join(engine.directory, 'outside');
    mkdirSync(outside);
    mkdirSync(path.join(engine.layer, 'real'));
    symlinkSync('/real', path.join(engine.layer, 'link'));
    symlinkSync(outside, path.join(engine.layer, 'out'));
    const request = engine.request(
      'touch /link/new /out/new; ls /real; grep -c " tmpfs " /proc/mounts >/dev/null && echo mounted',
      {
        tmpfs: [{ mountPath: '/link' }, { mountPath: '/out' }],
      },
    );
    assert.equal(await linesOf(engine, request), ['new', 'mounted']);
    assert.equal(readdirSync(outside), []);
    assert.equal(readdirSync(path.join(engine.layer, 'real')), [], 'what was written went into the tmpfs');
  });
});

test('[spec.cgroup-path] the processes are in the cgroup of the container, below that of the instance or the given parent', async () => {
  await withEngine(async (engine) => {
    const { cgroupOwner, cgroupLayout } = engine.parts;
    for (const spec of [{}, { cgroupParent: '/tsctr_test_parent' }]) {
      const request = engine.request('sleep 1000', spec);
      await engine.containers.create(request);
      const { pid } = await engine.containers.start(request);
      const expected = containerCgroup(cgroupOwner, request);
      const paths = readFileSync(`/proc/${String(pid)}/cgroup`, 'utf8')
        .trim()
        .split('\n')
        .map((line) => line.split(':').slice(2).join(':'));
      assert.ok(
        paths.some((each) => each.endsWith(expected)),
        `${expected} in ${paths.join(' ')}`,
      );
      await engine.containers.remove(request);
      assert.not(cgroupDirectories(cgroupLayout, expected).some((directory) => existsSync(directory)));
    }
    await removeCgroup(cgroupLayout, '/tsctr_test_parent');
  });
});

test.run();
