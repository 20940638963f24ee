import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { containerCgroup } from '../../engine/cgroup/cgroup-path.ts';
import { cgroupDirectories } from '../../engine/cgroup/cgroup-layout.ts';
import type { ContainerRequest } from '../../schemas/index.ts';
import {
  checkpointAndStop,
  inside,
  onCheckpointHost as onHost,
  startReady,
} from '../support/checkpoint-host.ts';
import { withEngine } from '../support/test-engine.ts';
import type { TestEngine } from '../support/test-engine.ts';

/** When the runtime made what it knows of the container. */
function madeAt({ parts }: TestEngine, request: ContainerRequest): string | undefined {
  const state = path.join(parts.paths.runtime, request.id, 'state.json');
  return /"created":"([^"]+)"/.exec(readFileSync(state, 'utf8'))?.[1];
}

/** What of it the images do not hold, as the container sees it. */
const LOOK =
  'cat /proc/sys/net/ipv4/ping_group_range /sys/class/net/lo/flags; grep -v "^0::" /proc/self/cgroup | sort';

onHost(
  '[restore.after] a restore takes up what the runtime had made, with its limits and its network settings',
  async () => {
    await withEngine(async (engine) => {
      const { containers, parts } = engine;
      const request = engine.request('echo ready; sleep 1000', {
        resources: { limits: { memory: '64Mi' } },
        sysctls: { 'net.ipv4.ip_default_ttl': '61' },
      });
      await startReady(engine, request);
      const made = madeAt(engine, request);
      const look = `${LOOK}; cat /proc/sys/net/ipv4/ip_default_ttl`;
      const before = await inside(engine, request, look);
      await checkpointAndStop(engine, request);
      assert.is((await containers.observe(request)).status, 'absent');
      const [memory] = cgroupDirectories(parts.cgroupLayout, containerCgroup(parts.cgroupOwner, request));
      assert.ok(existsSync(memory ?? ''), 'its cgroups stay');
      await containers.restore(request);
      assert.is(madeAt(engine, request), made, 'no placeholder was made');
      assert.is(await inside(engine, request, look), before);

      await checkpointAndStop(engine, request);
      const changed = { ...request, spec: { ...request.spec, env: [{ name: 'A', value: 'b' }] } };
      await containers.restore(changed);
      assert.is.not(madeAt(engine, request), made, 'for another spec the runtime begins anew');
      assert.is(await inside(engine, request, look), before);
    });
  },
);

onHost('[ckpt.stop-or-leave] what is parked goes with a new start, and with the checkpoint', async () => {
  await withEngine(async (engine) => {
    const { containers, parts } = engine;
    const request = engine.request('echo ready; sleep 1000');
    await startReady(engine, request);
    const made = madeAt(engine, request);
    await checkpointAndStop(engine, request);
    await startReady(engine, request);
    assert.is.not(madeAt(engine, request), made);

    await checkpointAndStop(engine, request);
    await containers.removeCheckpoint(request, (await containers.findCheckpoint(request))?.id ?? 0);
    assert.not(parts.runtime.exists(request.id));
    assert.is(await containers.findCheckpoint(request), null);
  });
});

test.run();
