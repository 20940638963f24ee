import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { checkpointAndStop, onCheckpointHost as onHost, startReady } from '../support/checkpoint-host.ts';
import { rejectionOf } from '../support/rejection.ts';
import { withEngine } from '../support/test-engine.ts';

onHost(
  '[criu.notify] [life.poststop] hooks of the runtime run around the restored process, and a failing one ends the restore',
  async () => {
    await withEngine(async (engine) => {
      const { containers, directory } = engine;
      const hooks = path.join(directory, 'hooks');
      const seen = path.join(directory, 'seen');
      const program = path.join(directory, 'hook.sh');
      mkdirSync(hooks);
      const write = (end: string) => {
        writeFileSync(program, `#!/bin/sh\necho "$1 $(cat)" >>${seen}\n${end}\n`, { mode: 0o755 });
      };
      write('exit 0');
      for (const stage of ['createRuntime', 'poststop']) {
        const definition = {
          version: '1.0.0',
          hook: { path: program, args: ['hook', stage] },
          when: { always: true },
          stages: [stage],
        };
        writeFileSync(path.join(hooks, `${stage}.json`), JSON.stringify(definition));
      }
      const calls = () =>
        readFileSync(seen, 'utf8')
          .split('\n')
          .filter(Boolean)
          .map((line) => {
            const space = line.indexOf(' ');
            return {
              stage: line.slice(0, space),
              state: JSON.parse(line.slice(space + 1)) as { id: string; pid?: number; status: string },
            };
          });
      const stages = () => calls().map(({ stage }) => stage);

      const request = engine.request('echo ready; while :; do sleep 1; done', { hooksDirs: [hooks] });
      await startReady(engine, request);
      await checkpointAndStop(engine, request);
      assert.equal(stages(), ['createRuntime', 'poststop']);

      write('echo no >&2; exit 3');
      const error = await rejectionOf(containers.restore(request));
      assert.match(error.message, /createRuntime hook .*hook\.sh .*exit code 3: no/);
      assert.is((await containers.observe(request)).status, 'absent');

      write('exit 0');
      writeFileSync(seen, '');
      const { pid } = await containers.restore(request);
      const [call] = calls();
      assert.equal(stages(), ['createRuntime'], 'once, and not for a placeholder');
      assert.is(call?.state.pid, pid);
      assert.is(call?.state.id, request.id);
      await containers.stop(request, { signalNumber: 9, timeoutMs: 5_000 });
      await containers.cleanup(request);
      assert.equal(stages(), ['createRuntime', 'poststop'], 'and the runtime knows of those at the end');
    });
  },
);

test.run();
