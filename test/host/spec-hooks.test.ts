import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { linesOf, outputOf } from '../support/run-to-end.ts';
import { rejectionOf } from '../support/rejection.ts';
import { withEngine } from '../support/test-engine.ts';
import type { TestEngine } from '../support/test-engine.ts';

/** Puts a hook into a directory of its own, and returns that. */
function writeHook(
  engine: TestEngine,
  name: string,
  script: string,
  stages: readonly string[],
  when: object = { always: true },
): string {
  const directory = path.join(engine.directory, `hooks-${name}`);
  mkdirSync(directory, { recursive: true });
  const program = path.join(engine.directory, `${name}.sh`);
  writeFileSync(program, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  writeFileSync(
    path.join(directory, `${name}.json`),
    JSON.stringify({ version: '1.0.0', hook: { path: program, args: [name, 'one'] }, when, stages }),
  );
  return directory;
}

test('[spec.hooks] a precreate hook may alter the spec: what it adds is found inside', async () => {
  await withEngine(async (engine) => {
    const directory = writeHook(engine, 'alter', 'sed "s/\\"env\\":\\[/\\"env\\":[\\"ADDED=by-$1\\",/"', [
      'precreate',
    ]);
    const request = engine.request('echo $ADDED; ulimit -n >/dev/null && echo ok', {
      hooksDirs: [directory],
    });
    assert.equal(await linesOf(engine, request), ['by-one', 'ok']);
  });
});

test('[spec.hooks] a failing precreate hook stops the start, and nothing is left', async () => {
  await withEngine(async (engine) => {
    const failing = writeHook(engine, 'failing', 'echo the reason >&2; exit 3', ['precreate']);
    const silent = writeHook(engine, 'silent', 'cat > /dev/null', ['precreate']);
    const first = await rejectionOf(
      engine.containers.create(engine.request('true', { hooksDirs: [failing] })),
    );
    assert.match(first.message, /precreate hook .*failing\.sh for container web1: exit code 3: the reason/);
    const second = await rejectionOf(
      engine.containers.create(engine.request('true', { hooksDirs: [silent] })),
    );
    assert.match(second.message, /silent\.sh.*expected an OCI spec/);
  });
});

test('[spec.hooks] the runtime runs the others: before the start, and at deletion', async () => {
  await withEngine(async (engine) => {
    const seen = path.join(engine.directory, 'seen');
    const environment = path.join(engine.directory, 'environment');
    const script = `cat > /dev/null; env > ${environment}; echo before >> ${seen}`;
    const before = writeHook(engine, 'before', script, ['createRuntime']);
    const after = writeHook(engine, 'after', `cat > /dev/null; echo after >> ${seen}`, ['poststop'], {
      commands: ['^/bin/sh$'],
    });
    const never = writeHook(engine, 'never', `echo never >> ${seen}`, ['createRuntime'], {
      commands: ['^/bin/no$'],
    });
    // The monitor has a directory of its own for the socket of the terminal.
    const request = engine.request('true', { hooksDirs: [before, after, never], tty: true });
    await outputOf(engine, request);
    assert.is(readFileSync(seen, 'utf8'), 'before\n');
    assert.match(readFileSync(environment, 'utf8'), /^PATH=\/usr/m);
    assert.not.match(readFileSync(environment, 'utf8'), /^(TMPDIR|_OCI_\w+)=/m);
    await engine.containers.cleanup(request);
    assert.is(readFileSync(seen, 'utf8'), 'before\nafter\n');
  });
});

test('[spec.hooks] a later directory replaces a file of the same name, and a bad file is named', async () => {
  await withEngine(async (engine) => {
    const seen = path.join(engine.directory, 'seen');
    const one = writeHook(engine, 'same', `echo one >> ${seen}`, ['createRuntime']);
    const other = path.join(engine.directory, 'other');
    mkdirSync(other);
    writeFileSync(
      path.join(other, 'same.json'),
      JSON.stringify({
        version: '1.0.0',
        hook: { path: '/bin/true' },
        when: { always: true },
        stages: ['poststop'],
      }),
    );
    await outputOf(engine, engine.request('true', { hooksDirs: [one, other, '/no/such/directory'] }));
    assert.not(existsSync(seen));
    writeFileSync(path.join(other, 'bad.json'), '{"version": "1.0.0", "hook": {"path": "relative"}}');
    const error = await rejectionOf(engine.containers.create(engine.request('true', { hooksDirs: [other] })));
    assert.match(error.message, /bad\.json: .*hook\.path: expected an absolute path/);
  });
});

test.run();
