import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { applyNow, containerManifest, createFakeWorld, startFakeProcess } from '../support/fake-process.ts';

test('an applied container runs, and a second apply changes nothing and says so', async () => {
  const world = createFakeWorld();
  const process = startFakeProcess(world);
  const first = await applyNow(process, [containerManifest('web')]);
  assert.equal(process.records.containers.get('web')?.state, 'Running');
  assert.equal(world.host.instanceOf('web')?.runtime, 'running');
  assert.equal(
    first.resources.map(({ changed, failed }) => ({ changed, failed })),
    [{ changed: true, failed: false }],
  );
  const calls = world.host.calls.length;
  const second = await applyNow(process, [containerManifest('web')]);
  assert.equal(second.resources[0]?.changed, false);
  assert.equal(world.host.calls.length, calls, 'nothing was done to the host');
  assert.equal(process.errors, []);
});

test.run();
