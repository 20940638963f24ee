import { existsSync, readFileSync, renameSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { logParts } from '../../engine/container/log-rotation.ts';
import type { ContainerRequest } from '../../schemas/index.ts';
import { rejectionOf } from '../support/rejection.ts';
import { captureStreams } from '../support/stream-capture.ts';
import { logText, withEngine } from '../support/test-engine.ts';
import type { TestEngine } from '../support/test-engine.ts';
import { until } from '../support/until.ts';

async function start({ containers }: TestEngine, request: ContainerRequest): Promise<void> {
  await containers.create(request);
  await containers.start(request);
}

test('[life.attach-logs] one who attaches before the start misses nothing, both streams apart', async () => {
  await withEngine(async (engine) => {
    const request = engine.request('echo out; echo err >&2');
    await engine.containers.create(request);
    const streams = captureStreams();
    const attached = engine.access.attach(request, { ...streams, stdin: null });
    await engine.containers.start(request);
    assert.is(await attached, 'ended');
    assert.is(streams.out(), 'out\n');
    assert.is(streams.err(), 'err\n');
  });
});

test('[life.attach-logs] input reaches the container, its end does not close it for the next', async () => {
  await withEngine(async (engine) => {
    const request = engine.request('while read line; do echo "got $line"; done', { stdin: true });
    await start(engine, request);
    for (const word of ['one', 'two']) {
      const streams = captureStreams();
      const controller = new AbortController();
      const attached = engine.access.attach(request, { ...streams, signal: controller.signal });
      streams.stdin.end(`${word}\n`);
      await streams.untilOut(`got ${word}\n`);
      controller.abort();
      assert.is(await attached, 'detached');
    }
    assert.is((await engine.containers.observe(request)).status, 'running');
  });
});

test('[life.attach-logs] several may be attached at once', async () => {
  await withEngine(async (engine) => {
    const request = engine.request('read go; echo hello', { stdin: true });
    await start(engine, request);
    const [one, two] = [captureStreams(), captureStreams()];
    const both = [one, two].map((streams) => engine.access.attach(request, streams));
    await sleep(50);
    two.stdin.write('\n');
    assert.equal(await Promise.all(both), ['ended', 'ended']);
    assert.equal([one.out(), two.out()], ['hello\n', 'hello\n']);
  });
});

test('[life.attach-logs] the terminal of a container: resize and detach keys', async () => {
  await withEngine(async (engine) => {
    const request = engine.request('', { command: ['/bin/sh'], tty: true, stdin: true });
    await start(engine, request);
    await engine.access.resize(request, { rows: 21, columns: 43 });
    const streams = captureStreams();
    const attached = engine.access.attach(request, { ...streams, detachKeys: 'ctrl-p,ctrl-q' });
    streams.stdin.write('stty size\n');
    await streams.untilOut('21 43\r\n');
    streams.stdin.write('\x10\x11');
    assert.is(await attached, 'detached');
    const again = captureStreams();
    const second = engine.access.attach(request, again);
    again.stdin.write('exit 3\n');
    assert.is(await second, 'ended');
    assert.is((await engine.containers.waitExit(request)).code, 3);
  });
});

test('[life.attach-logs] attaching to what does not run is refused', async () => {
  await withEngine(async (engine) => {
    const request = engine.request('exit 0');
    const refused = async () => (await rejectionOf(engine.access.attach(request, captureStreams()))).message;
    assert.is(await refused(), 'attach to container/web1: it is not running');
    await start(engine, request);
    await engine.containers.waitExit(request);
    assert.is(await refused(), 'attach to container/web1: it is not running');
    assert.is(
      (await rejectionOf(engine.access.resize(request, { rows: 1, columns: 1 }))).message,
      'resize container/web1: it is not running',
    );
  });
});

/** The numbers that a counting container has logged in these files, in the order of files. */
function numbersIn(files: readonly string[]): number[] {
  return files.flatMap((file) => logText(readFileSync(file, 'utf8')).split('\n').filter(Boolean).map(Number));
}

test('[life.attach-logs] logs are rotated by size, so many are kept, and no line is lost', async () => {
  await withEngine(async (engine) => {
    const { access, containers } = engine;
    const request = engine.request(
      'i=0; while [ $i -lt 3000 ]; do echo $i; i=$((i+1)); [ $((i % 100)) -ne 0 ] || sleep 0.02; done',
    );
    await containers.create(request);
    await containers.start(request);
    const { current } = containers.logPaths(request);
    let turns = 0;
    for (let done = false; !done;) {
      done = (await containers.observe(request)).status === 'stopped';
      if (await access.rotateLog(request, { maxBytes: 4096, keep: 1000 })) turns += 1;
    }
    assert.ok(turns >= 2, `rotated ${turns} times`);
    const parts = await logParts(current);
    assert.equal(
      numbersIn(parts),
      Array.from({ length: 3000 }, (_, number) => number),
    );
    assert.not(await access.rotateLog(request, { maxBytes: 0, keep: 1 }), 'nobody writes any more');
  });
});

test('[life.attach-logs] no more than the wanted old logs are kept, and a small log stays', async () => {
  await withEngine(async (engine) => {
    const { access, containers } = engine;
    const request = engine.request('while read line; do echo "$line"; done', { stdin: true });
    await start(engine, request);
    const { current } = containers.logPaths(request);
    const streams = captureStreams();
    const controller = new AbortController();
    const attached = access.attach(request, { ...streams, signal: controller.signal });
    for (const word of ['one', 'two', 'three', 'four']) {
      streams.stdin.write(`${word}\n`);
      await until(() => readFileSync(current, 'utf8').includes(word), { what: `${word} is logged` });
      assert.not(await access.rotateLog(request, { maxBytes: 1000, keep: 2 }));
      assert.ok(await access.rotateLog(request, { maxBytes: 10, keep: 2 }));
    }
    const parts = await logParts(current);
    assert.equal(
      parts.map((file) => path.basename(file)),
      ['current.log.2', 'current.log.1', 'current.log'],
    );
    assert.equal(
      parts.map((file) => logText(readFileSync(file, 'utf8'))),
      ['three', 'four', ''],
    );
    controller.abort();
    await attached;
    await containers.cleanup(request);
    await containers.create(request);
    const { previous } = containers.logPaths(request);
    assert.equal(
      (await logParts(previous)).map((file) => path.basename(file)),
      ['previous.log.2', 'previous.log.1', 'previous.log'],
    );
  });
});

test('[life.attach-logs] reopen: a log that somebody moved away is begun anew', async () => {
  await withEngine(async (engine) => {
    const request = engine.request('echo before; read go; echo after', { stdin: true });
    await start(engine, request);
    const { current } = engine.containers.logPaths(request);
    await until(() => readFileSync(current, 'utf8').includes('before'), { what: 'the first line is there' });
    renameSync(current, `${current}.moved`);
    await engine.access.reopenLog(request);
    await until(() => existsSync(current), { what: 'there is a new log' });
    const streams = captureStreams();
    const attached = engine.access.attach(request, streams);
    streams.stdin.write('\n');
    await attached;
    assert.is(logText(readFileSync(current, 'utf8')), 'after');
    assert.is(logText(readFileSync(`${current}.moved`, 'utf8')), 'before');
  });
});

test.run();
