import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { Writable } from 'node:stream';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { nativeProgram } from '../../native/index.ts';
import { until } from '../support/until.ts';

const PROGRAM = nativeProgram('tsctr-lazy-pages');
/** Is ready at once, and serves until it is told to end. */
const CRIU = '#!/bin/sh\necho "$@" >"$0.args"; echo $$ >"$0.pid"; printf "\\0" >&4; exec 4>&-\n';
const SERVES = `${CRIU}while [ ! -e "$0.end" ]; do sleep 0.01; done; exit $(cat "$0.end")\n`;

interface Place {
  directory: string;
  criu: string;
  images: string;
  procs: string;
}

const test = suite<Place>('tsctr-lazy-pages');

test.before.each((place) => {
  place.directory = mkdtempSync(path.join(tmpdir(), 'lazy-'));
  place.criu = path.join(place.directory, 'criu');
  place.images = path.join(place.directory, 'checkpoint');
  place.procs = path.join(place.directory, 'cgroup.procs');
  mkdirSync(place.images);
  writeFileSync(place.procs, '');
  writeFileSync(place.criu, SERVES, { mode: 0o755 });
});
test.after.each((place) => {
  rmSync(place.directory, { recursive: true });
});

/** Starts it in its place; resolves with the pipe when it is ready, and with its exit code. */
async function start({
  directory,
  criu,
  images,
  procs,
}: Place): Promise<{ lifeline: Writable; code: number }> {
  const child: ChildProcess = spawn(
    PROGRAM,
    [
      ...[
        `--criu=${criu}`,
        `--images=${images}`,
        `--work=${directory}`,
        '--log=lazy.log',
        `--procs=${procs}`,
      ],
      ...[`--pid-file=${directory}/pid`, `--lost-file=${directory}/lost`, `--discard=${images}`],
    ],
    { stdio: ['ignore', 'ignore', 'inherit', 'pipe'] },
  );
  const lifeline = child.stdio[3] as Writable;
  lifeline.on('error', () => undefined);
  lifeline.write('1');
  const [code] = (await once(child, 'exit')) as [number];
  return { lifeline, code };
}

function isRunning(file: string): boolean {
  const status = `/proc/${readFileSync(file, 'utf8').trim()}/stat`;
  return existsSync(status) && !readFileSync(status, 'utf8').includes(') Z ');
}

function end({ criu }: Place, code: number): void {
  writeFileSync(`${criu}.end`, String(code));
}

const over = ({ directory }: Place) =>
  until(() => !existsSync(path.join(directory, 'pid')), { what: 'it has ended' });

test('[criu.lazy] it is back when CRIU can be asked, and tells it where all is', async (place) => {
  const { lifeline, code } = await start(place);
  assert.is(code, 0);
  assert.is(
    readFileSync(`${place.criu}.args`, 'utf8'),
    `lazy-pages --images-dir ${place.images} --work-dir ${place.directory} --log-file lazy.log -v4 --status-fd 4\n`,
  );
  lifeline.write('1');
  end(place, 0);
  lifeline.end('1');
  await over(place);
  assert.not(existsSync(place.images), 'the restore is done and all pages have come');
  assert.not(existsSync(path.join(place.directory, 'lost')));
});

test('[criu.lazy] it ends with who restores until the processes run, and then outlives him', async (place) => {
  const early = await start(place);
  early.lifeline.end();
  await until(() => !isRunning(`${place.criu}.pid`), { what: 'CRIU is gone' });
  assert.ok(existsSync(place.images));

  const late = await start(place);
  late.lifeline.end('1');
  await once(late.lifeline, 'finish');
  assert.ok(isRunning(`${place.criu}.pid`));
  end(place, 0);
  await over(place);
  assert.ok(existsSync(place.images), 'nobody has said that the restore is done');
});

test('[criu.lazy] pages that are lost kill what waits for them, and it is said why', async (place) => {
  const { lifeline } = await start(place);
  // The second one is a service, for which the container has made a cgroup.
  const service = path.join(place.directory, 'service');
  mkdirSync(service);
  const ends = [place.procs, path.join(service, 'cgroup.procs')].map(async (procs) => {
    const waiting = spawn('sleep', ['1000'], { stdio: 'ignore' });
    writeFileSync(procs, `${waiting.pid}\n`);
    const [, signal] = (await once(waiting, 'exit')) as [null, string];
    writeFileSync(procs, '');
    return signal;
  });
  lifeline.write('11');
  end(place, 3);
  assert.equal(await Promise.all(ends), ['SIGKILL', 'SIGKILL']);
  await over(place);
  assert.is(readFileSync(path.join(place.directory, 'lost'), 'utf8'), 'criu lazy-pages ended with 3');
  assert.ok(existsSync(place.images));
  lifeline.end();
});

test('[criu.lazy] a CRIU that is not ready is told by the exit code', async (place) => {
  writeFileSync(place.criu, '#!/bin/sh\nexit 1\n');
  const { lifeline, code } = await start(place);
  assert.is(code, 1);
  lifeline.end();
});

test.run();
