import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { createContainerAccess } from '../../engine/container/container-access.ts';
import { createContainerEngine } from '../../engine/container/container-engine.ts';
import { createOciRuntime } from '../../engine/runtime/oci-runtime.ts';
import { captureStreams } from '../support/stream-capture.ts';
import { withEngine } from '../support/test-engine.ts';

const VERBS = ['create', 'start', 'exec', 'update', 'delete'];

test('a container stays with the runtime that created it when the configuration names another one', async () => {
  await withEngine(async (engine) => {
    const { parts } = engine;
    const calls = path.join(engine.directory, 'calls');
    const wrapper = path.join(engine.directory, 'wrapped-runc');
    const script = `#!/bin/sh\necho "$*" >> ${calls}\nexec ${parts.runtime.path} "$@"\n`;
    writeFileSync(wrapper, script, { mode: 0o755 });
    const runtime = createOciRuntime({
      path: wrapper,
      root: parts.paths.runtime,
      programLink: (id) => parts.paths.container(id).runtimeLink,
      systemdCgroup: parts.facts.cgroupManager === 'systemd',
      runCommand: parts.runCommand,
    });
    const before = createContainerEngine({ ...parts, runtime });
    const request = engine.request('trap "exit 0" TERM; while :; do sleep 0.05; done');
    await before.create(request);
    await before.start(request);

    const verbs = (): string[] => {
      const lines = readFileSync(calls, 'utf8').trim().split('\n');
      return lines.map((line) => line.split(' ').find((word) => VERBS.includes(word)) ?? line);
    };
    const after = createContainerEngine(parts);
    assert.is((await after.exec(request, { command: ['true'], timeoutMs: 60_000 })).exitCode, 0);
    const session = await createContainerAccess(parts).execSession(request, { command: ['true'] });
    await Promise.all([session.attach(captureStreams()), session.wait()]);
    await after.update(request);
    await after.stop(request, { signalNumber: 15, timeoutMs: 60_000 });
    await after.cleanup(request);
    assert.equal([...new Set(verbs())], VERBS);
    assert.is(verbs().filter((verb) => verb === 'exec').length, 2);

    const told = verbs().length;
    await after.create(request);
    assert.is(verbs().length, told, 'the next creation is by the runtime of the configuration');
    assert.ok(existsSync(parts.paths.container(request.id).runtimeLink));
  });
});

test.run();
