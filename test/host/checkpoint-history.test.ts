import { existsSync } from 'node:fs';
import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { ContainerRequest } from '../../schemas/index.ts';
import {
  COUNT,
  currentLog,
  inside,
  numbersIn,
  onCheckpointHost as onHost,
  startReady,
} from '../support/checkpoint-host.ts';
import { rejectionOf } from '../support/rejection.ts';
import { withEngine } from '../support/test-engine.ts';
import type { TestEngine } from '../support/test-engine.ts';
import { until } from '../support/until.ts';

/** Its file says which of the checkpoints it is in. */
async function saveAs(engine: TestEngine, request: ContainerRequest, id: number): Promise<number[]> {
  await inside(engine, request, `echo ${String(id)} >/state`);
  const { kept } = await engine.containers.checkpoint(request, {
    then: 'leave-running',
    id,
    retention: { keep: 2 },
    pin: id === 1,
  });
  return kept.map((each) => each.id);
}

async function end(engine: TestEngine, request: ContainerRequest): Promise<void> {
  await engine.containers.stop(request, { signalNumber: 9, timeoutMs: 5_000 });
  await engine.containers.cleanup(request);
}

onHost(
  '[ckpt.keep] several are kept, the oldest go, a pinned one stays, and each can be restored',
  async () => {
    await withEngine(async (engine) => {
      const { containers } = engine;
      const request = engine.request(COUNT);
      await startReady(engine, request);
      assert.equal(await saveAs(engine, request, 1), [1]);
      assert.equal(await saveAs(engine, request, 2), [2, 1]);
      // The pinned one counts among those that stay.
      assert.equal(await saveAs(engine, request, 3), [3, 1]);
      assert.equal(await readdir(engine.parts.paths.container(request.id).checkpoints), ['1', '3']);
      await end(engine, request);
      await containers.restore(request, { checkpoint: 1 });
      assert.is(await inside(engine, request, 'cat /state'), '1\n');
      await end(engine, request);
      await containers.restore(request);
      assert.is(await inside(engine, request, 'cat /state'), '3\n', 'the newest, where none is named');
      await containers.removeCheckpoint(request, 3);
      assert.equal(
        (await containers.listCheckpoints(request)).map(({ id }) => id),
        [1],
      );
      await end(engine, request);
      assert.match(
        (await rejectionOf(containers.restore(request, { checkpoint: 3 }))).message,
        /a complete checkpoint cannot be found/,
      );
    });
  },
);

onHost(
  '[ckpt.keep] one that ended it can be restored twice when its files were saved, else it is used up',
  async () => {
    await withEngine(async (engine) => {
      const { containers } = engine;
      const request = engine.request(COUNT);
      await startReady(engine, request);
      await inside(engine, request, 'echo then >/state');
      await containers.checkpoint(request, { then: 'stop', repeatable: true, retention: { keep: 3 } });
      await containers.cleanup(request);
      for (let n = 0; n < 2; n++) {
        await containers.restore(request);
        assert.is(await inside(engine, request, 'cat /state'), 'then\n');
        await inside(engine, request, 'echo now >/state');
        await end(engine, request);
      }
      await containers.restore(request);
      await containers.checkpoint(request, { then: 'stop', retention: { keep: 3 } });
      await containers.cleanup(request);
      assert.equal(
        (await containers.listCheckpoints(request)).map(({ repeatable }) => repeatable),
        [false, true],
      );
      await containers.restore(request);
      assert.equal(
        (await containers.listCheckpoints(request)).map(({ id }) => id),
        [1],
      );
    });
  },
);

onHost(
  'the only checkpoint of an earlier tsctr is found, restored, and makes room for a numbered one',
  async () => {
    await withEngine(async (engine) => {
      const { containers } = engine;
      const request = engine.request(COUNT);
      await startReady(engine, request);
      await containers.checkpoint(request, { then: 'leave-running' });
      const paths = engine.parts.paths.container(request.id);
      await rename(path.join(paths.checkpoints, '1'), paths.unnumberedCheckpoint);
      await rm(paths.checkpoints, { recursive: true });
      await end(engine, request);
      const [found] = await containers.listCheckpoints(request);
      assert.equal([found?.id, found?.directory], [0, paths.unnumberedCheckpoint]);
      await containers.restore(request);
      const last = numbersIn(currentLog(engine, request), 'n=').at(-1) ?? 0;
      await until(() => (numbersIn(currentLog(engine, request), 'n=').at(-1) ?? 0) > last, {
        what: 'it counts on',
      });
      const { kept } = await containers.checkpoint(request, { then: 'leave-running' });
      assert.equal(
        kept.map(({ id }) => id),
        [1],
      );
      assert.not(existsSync(paths.unnumberedCheckpoint));
    });
  },
);

onHost('what a removal that was interrupted has left is swept, and never taken for whole', async () => {
  await withEngine(async (engine) => {
    const { containers } = engine;
    const request = engine.request(COUNT);
    await startReady(engine, request);
    const { checkpoints } = engine.parts.paths.container(request.id);
    await mkdir(path.join(checkpoints, '7', 'images'), { recursive: true });
    assert.equal(await containers.listCheckpoints(request), []);
    const { details } = await containers.checkpoint(request, { then: 'leave-running', id: 3 });
    assert.is(details.id, 3, 'the remains went first');
    assert.equal(await readdir(checkpoints), ['3']);
  });
});

test.run();
