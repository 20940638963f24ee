import { mkdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  checkpointAndStop,
  currentLog,
  inside,
  onCheckpointHost as onHost,
  numbersIn,
  startReady,
} from '../support/checkpoint-host.ts';
import { withEngine } from '../support/test-engine.ts';
import { until } from '../support/until.ts';

const ROUNDS = Number(process.env['TSCTR_CHECKPOINT_ROUNDS'] ?? '5');

/**
 * A counter whose every number goes through an anonymous pipe to another process, into a file that is deleted but open, into
 * /dev/shm, a tmpfs, a volume and the writable layer. A third process ticks by a timer of the kernel.
 */
const COUNTER = `
exec 7>/ghost; rm /ghost
pid() { read p _ </proc/self/stat; echo $p >>/tmp/pids; }
ticker() { pid; t=0; while :; do t=$((t+1)); echo tick=$t; sleep 0.2; done; }
producer() { pid; i=0; while :; do i=$((i+1)); echo $i >&7; echo $i >>/dev/shm/all; echo $i >>/scratch/all; echo $i >>/data/all; echo $i >>/all; echo $i; sleep 0.01; done; }
consumer() { pid; while read n; do echo n=$n; done; }
trap 'exit 5' TERM
ticker &
producer | consumer &
echo ready
while :; do wait; done
`;

onHost(
  '[ckpt.stop-or-leave] [restore.from] memory, pipes, deleted files, tmpfs, volumes, timers and pids live on, round after round',
  async () => {
    await withEngine(async (engine) => {
      const volume = path.join(engine.directory, 'data');
      mkdirSync(volume);
      const request = engine.request(COUNTER, {
        tmpfs: [{ mountPath: '/scratch' }],
        volumes: [{ name: 'data', hostPath: { path: volume } }],
        volumeMounts: [{ name: 'data', mountPath: '/data' }],
      });
      await startReady(engine, request);
      await sleep(100);
      const tree = () =>
        inside(engine, request, 'for p in 1 $(cat /tmp/pids); do cut -d" " -f1,2,4-6 /proc/$p/stat; done');
      const before = await tree();
      assert.is(before.trim().split('\n').length, 4, before);
      for (let round = 0; round < ROUNDS; round++) {
        const { details } = await checkpointAndStop(engine, request);
        assert.not(details.leftRunning);
        assert.is((await engine.containers.observe(request)).status, 'absent');
        await engine.containers.restore(request);
        const last = numbersIn(currentLog(engine, request), 'n=').at(-1) ?? 0;
        await until(() => (numbersIn(currentLog(engine, request), 'n=').at(-1) ?? 0) > last + 3, {
          what: `the counter goes on after round ${round + 1}`,
        });
        assert.is(await tree(), before, 'names, pids, parents, groups and sessions are the same');
      }
      await engine.containers.pause(request);
      const log = currentLog(engine, request);
      await engine.containers.resume(request);
      const inFiles = await inside(
        engine,
        request,
        "for f in /dev/shm/all /scratch/all /data/all /all /proc/1/fd/7; do cat $f | awk '$1 != NR { bad=1 } END { print NR, bad+0 }'; done",
      );
      assertCounts(numbersIn(log, 'n='), 'through the pipe');
      assertCounts(numbersIn(log, 'tick='), 'by the timer');
      for (const line of inFiles.trim().split('\n')) assert.match(line, /^\d+ 0$/, inFiles);
      const written = readFileSync(path.join(volume, 'all'), 'utf8').trim().split('\n').map(Number);
      assertCounts(written, 'in the volume');
      assert.ok(written.length >= numbersIn(log, 'n=').length);
      await engine.containers.stop(request, { signalNumber: 15, timeoutMs: 5_000 });
      assert.is((await engine.containers.observe(request)).exit?.code, 5);
    });
  },
);

/** None is lost and none comes twice. */
function assertCounts(numbers: readonly number[], what: string): void {
  assert.ok(numbers.length > 0, what);
  assert.equal(
    numbers,
    numbers.map((_, index) => index + 1),
    what,
  );
}

test.run();
