import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { ExecSessionOptions } from '../../engine/access.ts';
import { readStartTicks } from '../../engine/process/process-identity.ts';
import type { ContainerRequest } from '../../schemas/index.ts';
import { rejectionOf } from '../support/rejection.ts';
import { captureStreams } from '../support/stream-capture.ts';
import { withEngine } from '../support/test-engine.ts';
import type { TestEngine } from '../support/test-engine.ts';
import { until } from '../support/until.ts';

const [SIGUSR1, SIGKILL] = [10, 9];

async function started(engine: TestEngine, spec: object = {}): Promise<ContainerRequest> {
  const request = engine.request('trap "exit 0" TERM; while :; do sleep 0.05; done', spec);
  await engine.containers.create(request);
  await engine.containers.start(request);
  return request;
}

function sessionsLeft({ parts }: TestEngine, { id }: ContainerRequest): string[] {
  const directory = path.join(parts.paths.container(id).bundle, 'exec');
  return existsSync(directory) ? readdirSync(directory) : [];
}

/** Runs it to its end. */
async function run(
  engine: TestEngine,
  request: ContainerRequest,
  options: ExecSessionOptions,
  input?: string,
) {
  const streams = captureStreams();
  const session = await engine.access.execSession(request, { stdin: input !== undefined, ...options });
  streams.stdin.end(input ?? '');
  const [end, code] = await Promise.all([session.attach(streams), session.wait()]);
  return { code, end, out: streams.out(), err: streams.err() };
}

const shell = (script: string): string[] => ['sh', '-c', script];

test('[life.exec] exit code and both streams come back, and nothing of the session is left', async () => {
  await withEngine(async (engine) => {
    const request = await started(engine);
    assert.equal(await run(engine, request, { command: shell('echo out; echo err >&2; exit 5') }), {
      code: 5,
      end: 'ended',
      out: 'out\n',
      err: 'err\n',
    });
    assert.equal(sessionsLeft(engine, request), []);
    assert.is((await run(engine, request, { command: shell('kill -KILL $$') })).code, 137);
  });
});

test('[life.exec] it is killed for memory as readily as the container, not as whoever asked for it', async () => {
  await withEngine(async (engine) => {
    const request = await started(engine, { oomScoreAdj: 123 });
    const patient =
      'i=0; until [ $((i += 1)) = 300 ] || grep -qx 123 /proc/$$/oom_score_adj; do sleep 0.02; done';
    const { out } = await run(engine, request, {
      command: shell(`${patient}; cat /proc/self/oom_score_adj`),
    });
    assert.is(out, '123\n');
  });
});

test("[life.exec] user, environment and directory are the container's unless said otherwise", async () => {
  await withEngine(async (engine) => {
    writeFileSync(
      path.join(engine.layer, 'etc/passwd'),
      'root:x:0:0::/root:/bin/sh\njane:x:1000:1001::/home/jane:/bin/sh\n',
    );
    writeFileSync(path.join(engine.layer, 'etc/group'), 'root:x:0:\nusers:x:1001:\naudio:x:29:jane\n');
    const request = await started(engine, {
      env: [
        { name: 'COLOUR', value: 'blue' },
        { name: 'SHAPE', value: 'round' },
      ],
      workingDir: '/tmp',
    });
    const script = 'id; pwd; echo $COLOUR $SHAPE $HOME; grep CapEff /proc/self/status';
    const plain = await run(engine, request, { command: shell(script) });
    const [id, directory, environment, capabilities = ''] = plain.out.split('\n');
    assert.match(id ?? '', /^uid=0\(root\) gid=0/);
    assert.is(directory, '/tmp');
    assert.match(environment ?? '', /^blue round/);
    assert.not.match(capabilities, /0000000000000000/);

    const other = await run(engine, request, {
      command: shell(script),
      user: 'jane',
      cwd: '/etc',
      env: { COLOUR: 'red', WITH: 'a=b' },
    });
    assert.equal(other.out.split('\n').slice(0, 4), [
      'uid=1000(jane) gid=1001(users) groups=29(audio),1001(users)',
      '/etc',
      'red round /home/jane',
      'CapEff:\t0000000000000000',
    ]);
    assert.is(
      (await run(engine, request, { command: shell('echo $WITH'), env: { WITH: 'a=b' } })).out,
      'a=b\n',
    );
    assert.match((await run(engine, request, { command: ['id'], user: '7:8' })).out, /^uid=7 gid=8/);
  });
});

test('[life.exec] a user that is not there is an error before anything starts', async () => {
  await withEngine(async (engine) => {
    const request = await started(engine);
    const error = await rejectionOf(
      engine.access.execSession(request, { command: ['id'], user: 'nobody-here' }),
    );
    assert.is(error.code, 'UNKNOWN_USER');
    assert.equal(sessionsLeft(engine, request), []);
  });
});

test('[life.exec] a command that is not there is an error with its own code', async () => {
  await withEngine(async (engine) => {
    const request = await started(engine);
    const error = await rejectionOf(engine.access.execSession(request, { command: ['no-such-program'] }));
    assert.is(error.code, 'COMMAND_NOT_FOUND');
    assert.match(error.message, /^exec in container\/web1: .*no-such-program/);
    assert.equal(sessionsLeft(engine, request), []);
  });
});

test('[life.exec] input arrives whole, and its end is seen', async () => {
  await withEngine(async (engine) => {
    const request = await started(engine);
    const input = 'x'.repeat(1_000_000);
    const { out, code } = await run(engine, request, { command: ['wc', '-c'], stdin: true }, input);
    assert.is(out.trim(), '1000000');
    assert.is(code, 0);
    const echo = await run(engine, request, { command: ['cat'], stdin: true }, input);
    assert.is(echo.out.length, input.length);
  });
});

test('[life.exec] without input it reads nothing', async () => {
  await withEngine(async (engine) => {
    const request = await started(engine);
    assert.is((await run(engine, request, { command: ['wc', '-c'] })).out.trim(), '0');
  });
});

test('[life.exec] with a terminal: its size, its resizing, what is typed', async () => {
  await withEngine(async (engine) => {
    const request = await started(engine);
    const session = await engine.access.execSession(request, {
      command: ['sh'],
      tty: true,
      stdin: true,
      size: { rows: 33, columns: 111 },
    });
    const streams = captureStreams();
    const attached = session.attach(streams);
    streams.stdin.write('stty size; echo $TERM; tty\n');
    await streams.untilOut('/dev/pts/');
    assert.match(streams.out(), /33 111\r\nxterm\r\n/);
    await session.resize({ rows: 12, columns: 34 });
    streams.stdin.write('sleep 0.2; stty size\n');
    await streams.untilOut('12 34');
    streams.stdin.write('exit 6\n');
    assert.is(await attached, 'ended');
    assert.is(await session.wait(), 6);
  });
});

test('[life.exec] a signal reaches the process', async () => {
  await withEngine(async (engine) => {
    const request = await started(engine);
    const session = await engine.access.execSession(request, {
      command: shell('trap "exit 11" USR1; echo ready; while :; do sleep 0.05; done'),
    });
    const streams = captureStreams();
    const attached = session.attach(streams);
    await streams.untilOut('ready');
    session.signal(SIGUSR1);
    assert.is(await session.wait(), 11);
    await attached;
    session.signal(SIGUSR1);
  });
});

test('[life.exec] a detached session is on record while it runs, with its exit code afterwards, and is cleared by the next', async () => {
  await withEngine(async (engine) => {
    const request = await started(engine);
    const { access } = engine;
    const session = await access.execSession(request, { command: shell('sleep 0.3; exit 4'), detach: true });
    const [running] = await access.execSessions(request);
    if (running === undefined) throw new Error('expected a session, found none');
    assert.is(running.id, session.id);
    assert.is(running.pid, session.pid);
    assert.is(running.exitCode, null);
    assert.equal(running.command, shell('sleep 0.3; exit 4'));
    assert.is((await rejectionOf(session.attach(captureStreams()))).code, 'BAD_REQUEST');
    session.release();
    await until(async () => (await access.execSessions(request))[0]?.exitCode === 4, {
      what: 'it has ended with 4',
    });
    await until(
      async () => {
        await run(engine, request, { command: ['true'] });
        return sessionsLeft(engine, request).length === 0;
      },
      { what: 'the next session clears it' },
    );
  });
});

test('[life.exec] a session whose reader goes away runs on, and ends with the container', async () => {
  await withEngine(async (engine) => {
    const request = await started(engine);
    const session = await engine.access.execSession(request, { command: ['sleep', '1000'] });
    const controller = new AbortController();
    const attached = session.attach({ ...captureStreams(), stdin: null, signal: controller.signal });
    controller.abort();
    assert.is(await attached, 'detached');
    session.release();
    assert.is.not(await readStartTicks(session.pid), null);
    await engine.containers.stop(request, { signalNumber: SIGKILL, timeoutMs: 1000 });
    await until(async () => (await readStartTicks(session.pid)) === null, { what: 'the session is gone' });
  });
});

test('[life.exec] detach keys end the connection, not the process', async () => {
  await withEngine(async (engine) => {
    const request = await started(engine);
    const session = await engine.access.execSession(request, { command: ['sh'], stdin: true, tty: true });
    const streams = captureStreams();
    const attached = session.attach({ ...streams, detachKeys: 'ctrl-p,ctrl-q' });
    streams.stdin.write('echo rea""dy\n');
    await streams.untilOut('ready');
    streams.stdin.write('\x10');
    streams.stdin.write('\x11never');
    assert.is(await attached, 'detached');
    assert.is.not(await readStartTicks(session.pid), null);
    session.signal(SIGKILL);
    assert.is(await session.wait(), 137);
    assert.not.match(streams.out(), /never/);
  });
});

test('[life.exec] what only begins like the detach keys passes; without a terminal detaching ends the input', async () => {
  await withEngine(async (engine) => {
    const request = await started(engine);
    const session = await engine.access.execSession(request, { command: ['cat'], stdin: true });
    const streams = captureStreams();
    const attached = session.attach({ ...streams, detachKeys: 'ctrl-p,ctrl-q' });
    streams.stdin.write('a\x10b\n');
    await streams.untilOut('a\x10b\n');
    streams.stdin.write('\x10\x11');
    assert.is(await attached, 'detached');
    assert.is(await session.wait(), 0);
  });
});

test('[life.exec] in a container that does not run it is refused with the state', async () => {
  await withEngine(async (engine) => {
    const request = engine.request('exit 0');
    const error = await rejectionOf(engine.access.execSession(request, { command: ['true'] }));
    assert.is(error.message, 'exec in container/web1: expected it to be running, it is absent');
    await engine.containers.create(request);
    assert.match(
      (await rejectionOf(engine.access.execSession(request, { command: ['true'] }))).message,
      /it is created$/,
    );
  });
});

test('[life.exec] the mounts that the container has are those that a user is looked up in', async () => {
  await withEngine(async (engine) => {
    const mine = path.join(engine.directory, 'mine');
    mkdirSync(mine);
    writeFileSync(path.join(mine, 'passwd'), 'zoe:x:77:77::/:/bin/sh\n');
    const request = await started(engine, {
      volumes: [{ name: 'mine', hostPath: { path: path.join(mine, 'passwd'), type: 'File' } }],
      volumeMounts: [{ name: 'mine', mountPath: '/etc/passwd' }],
    });
    assert.is((await run(engine, request, { command: ['id', '-u'], user: 'zoe' })).out, '77\n');
  });
});

test('many sessions at once keep their output apart', async () => {
  await withEngine(async (engine) => {
    const request = await started(engine);
    const results = await Promise.all(
      Array.from({ length: 8 }, (_, number) =>
        run(engine, request, { command: shell(`echo ${number}; exit ${number}`) }),
      ),
    );
    assert.equal(
      results.map(({ out, code }) => [out, code]),
      results.map((_, number) => [`${number}\n`, number]),
    );
    assert.equal(sessionsLeft(engine, request), []);
  });
});

test.run();
