import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { OciHooks, OciSpec } from '../../schemas/index.ts';
import { withEngine } from '../support/test-engine.ts';
import type { TestEngine } from '../support/test-engine.ts';

/** A container whose spec has hooks, that has run to its end. */
async function runWithHooks(engine: TestEngine, hooks: OciHooks) {
  const { containers, parts } = engine;
  const request = engine.request('exit 0');
  const { config } = parts.paths.container(request.id);
  // Between the stage that writes the spec and the one that creates the container from it.
  Object.assign(parts, {
    observeEffect: (effect: string, phase: string) => {
      if (effect !== 'runtime-spec.up' || phase !== 'after') return;
      const spec = JSON.parse(readFileSync(config, 'utf8')) as OciSpec;
      // RLIM_INFINITY does not survive JSON.parse; hooks do not need limits.
      spec.process.rlimits = [];
      writeFileSync(config, JSON.stringify({ ...spec, hooks }));
    },
  });
  await containers.create(request);
  await containers.start(request);
  await containers.waitExit(request);
  return request;
}

function writeScript(engine: TestEngine, name: string, script: string): string {
  const file = path.join(engine.directory, name);
  writeFileSync(file, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  return file;
}

test('[life.poststop] the hook runs once, after the container was deleted, with its state on standard input', async () => {
  await withEngine(async (engine) => {
    const output = path.join(engine.directory, 'state');
    const hook = writeScript(engine, 'hook', `cat >> ${output}`);
    const request = await runWithHooks(engine, { poststop: [{ path: hook, args: [hook] }] });
    assert.not(existsSync(output), 'not yet: it is stopped, but not deleted');
    await engine.containers.cleanup(request);
    const state = JSON.parse(readFileSync(output, 'utf8')) as Record<string, unknown>;
    assert.is(state['id'], request.id);
    assert.is(state['status'], 'stopped');
    assert.is(state['bundle'], engine.parts.paths.container(request.id).bundle);
    await engine.containers.cleanup(request);
    JSON.parse(readFileSync(output, 'utf8'));
  });
});

test('[life.poststop] one that fails does not keep the container from being cleaned up', async () => {
  await withEngine(async (engine) => {
    const output = path.join(engine.directory, 'ran');
    const failing = writeScript(engine, 'failing', `touch ${output}; exit 1`);
    const request = await runWithHooks(engine, { poststop: [{ path: failing, args: [failing] }] });
    await engine.containers.cleanup(request);
    assert.ok(existsSync(output));
    assert.is((await engine.containers.observe(request)).status, 'absent');
  });
});

test.run();
