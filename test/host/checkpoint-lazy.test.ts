import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { isMemoryToCome } from '../../engine/checkpoint/restore/lazy-memory.ts';
import { createContainerEngine } from '../../engine/container/container-engine.ts';
import type { ContainerEngine } from '../../engine/contract/container-engine.ts';
import { EngineError } from '../../engine/engine-error.ts';
import type { ContainerRequest } from '../../schemas/index.ts';
import {
  checkpointAndStop,
  countsOn,
  currentLog,
  missingForLazyPages,
  onCheckpointHost as onHost,
  startReady,
} from '../support/checkpoint-host.ts';
import { rejectionOf } from '../support/rejection.ts';
import { testUnless } from '../support/skip.ts';
import { withEngine } from '../support/test-engine.ts';
import type { TestEngine } from '../support/test-engine.ts';
import { until } from '../support/until.ts';

const withLazyPages = testUnless(test, await missingForLazyPages());

/** Counts as long as a megabyte of its memory is what it was: an empty page would be seen. */
const COUNT_WITH_MEMORY =
  'm=$(head -c 1000000 /dev/zero | tr "\\0" x); echo ready; i=0; ' +
  'while :; do i=$((i+1)); case $m in *[!x]*) i=-1;; esac; echo n=$i; sleep 0.02; done';

/** The `criu lazy-pages` of the container, and who watches it. */
function lazyProcesses(engine: TestEngine, request: ContainerRequest): { criu: number; watcher: number } {
  const watcher = Number(readFileSync(engine.parts.paths.container(request.id).lazyPagesPidFile, 'utf8'));
  const children = readFileSync(`/proc/${watcher}/task/${watcher}/children`, 'utf8').trim().split(' ');
  return { criu: Number(children[0]), watcher };
}

/** The verbs with a CRIU that stops to serve pages the moment before the processes run. It would not survive to be let go on. */
function withHeldPages(
  engine: TestEngine,
  request: ContainerRequest,
  notice?: (container: string, message: string) => void,
): ContainerEngine {
  return createContainerEngine({
    ...engine.parts,
    ...(notice !== undefined && { notice }),
    observeEffect: (effect, when) => {
      if (effect === 'restore.adopt' && when === 'before') {
        process.kill(lazyProcesses(engine, request).criu, 'SIGSTOP');
      }
    },
  });
}

function isThere(pid: number): boolean {
  return existsSync(`/proc/${pid}`);
}

withLazyPages('[criu.lazy] memory that comes after the restore is what it was', async () => {
  await withEngine(async (engine) => {
    const request = engine.request(COUNT_WITH_MEMORY);
    const places = engine.parts.paths.container(request.id);
    await startReady(engine, request);
    await checkpointAndStop(engine, request);
    await engine.containers.restore(request, { lazyPages: true });
    assert.is(await engine.containers.findCheckpoint(request), null, 'it has become the run');
    await countsOn(engine, request);
    let log = '';
    const watched = createContainerEngine({
      ...engine.parts,
      observeEffect: (effect, when) => {
        if (effect !== 'checkpoint.dump' || when !== 'before') return;
        log = readFileSync(path.join(places.bundle, 'lazy-pages.log'), 'utf8');
      },
    });
    // It waits for what is still to come.
    await watched.checkpoint(request, { then: 'stop', id: 2 });
    // Of each process.
    const counts = log.matchAll(/UFFD transferred pages: \((\d+)\//g);
    const pages = [...counts].reduce((sum, [, count]) => sum + Number(count), 0);
    assert.ok(pages > 250, `${pages} pages came later`);
    await engine.containers.cleanup(request);
    assert.equal(
      readdirSync(places.checkpoints),
      ['2'],
      'the bytes of the first have gone with its last page',
    );
    await engine.containers.restore(request);
    await countsOn(engine, request);
  });
});

withLazyPages(
  '[criu.lazy] a container runs before its memory has come; pages that are lost end it, and it is said why',
  async () => {
    await withEngine(async (engine) => {
      const request = engine.request(COUNT_WITH_MEMORY);
      const { kernel, paths } = engine.parts;
      const places = paths.container(request.id);
      await startReady(engine, request);
      await engine.containers.checkpoint(request, { then: 'leave-running' });
      await countsOn(engine, request);
      await engine.containers.stop(request, { signalNumber: 9, timeoutMs: 5_000 });
      await engine.containers.cleanup(request);
      const before = currentLog(engine, request);

      const notices: string[] = [];
      const held = withHeldPages(engine, request, (_, message) => notices.push(message));
      const { pid } = await held.restore(request, { lazyPages: true });
      const first = lazyProcesses(engine, request);
      assert.is((await held.observe(request)).status, 'running');
      assert.ok(isThere(pid));
      assert.is(currentLog(engine, request), before, 'it waits for the first of its pages');
      assert.ok(await isMemoryToCome(kernel, places));
      const early = await rejectionOf(held.checkpoint(request, { then: 'stop', timeoutMs: 100 }));
      assert.match(early.message, /after 100 ms the memory of its last restore has not all come/);
      process.kill(first.criu, 'SIGKILL');
      assert.is((await held.waitExit(request)).code, 137);
      await held.cleanup(request);
      assert.is(notices.length, 1, notices.join('\n'));
      assert.match(notices[0] ?? '', /memory has not all come .*lazy-pages was killed by signal 9/);
      assert.is((await held.findCheckpoint(request))?.id, 1, 'the checkpoint is there still');

      await held.restore(request, { lazyPages: true });
      const second = lazyProcesses(engine, request);
      await held.remove(request);
      // Whoever has inherited them may not have noticed yet.
      await until(() => [...Object.values(first), ...Object.values(second)].every((one) => !isThere(one)), {
        what: 'a removal ends what serves the pages',
      });
    });
  },
);

onHost(
  '[criu.lazy] [criu.features] where CRIU may not wait for pages it is refused, and nothing is created',
  async () => {
    await withEngine(async (engine) => {
      const request = engine.request(COUNT_WITH_MEMORY);
      const { facts, paths } = engine.parts;
      await startReady(engine, request);
      await checkpointAndStop(engine, request);
      const criu = path.join(engine.directory, 'criu');
      writeFileSync(
        criu,
        `#!/bin/sh\nexec setpriv --bounding-set -sys_ptrace ${facts.tools.criu ?? ''} "$@"\n`,
        { mode: 0o755 },
      );
      const confined = createContainerEngine({
        ...engine.parts,
        facts: { ...facts, tools: { ...facts.tools, criu } },
      });
      const error = await rejectionOf(confined.restore(request, { lazyPages: true }));
      if (!(error instanceof EngineError)) throw error;
      const { code, reasons } = error;
      assert.is(code, 'RESTORE_REFUSED');
      assert.equal(
        reasons.map(({ reason }) => reason),
        ['lazy-pages'],
      );
      assert.not(existsSync(paths.container(request.id).bundle));
      await engine.containers.restore(request);
      await countsOn(engine, request);
    });
  },
);

test.run();
