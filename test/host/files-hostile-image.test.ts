import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { hostMount } from '../support/run-to-end.ts';
import { logText, withEngine } from '../support/test-engine.ts';
import type { TestEngine } from '../support/test-engine.ts';

const CANARY = 'canary-of-the-host';

/** Where an image may lie in wait, and what a container is asked to do so that the engine goes there. */
const PLACES: Readonly<Record<string, (mine: string) => object>> = {
  '/etc/passwd': () => ({ user: '4242', passwdEntry: 'intruder:x:$UID:$GID::/:/bin/sh' }),
  '/etc/group': () => ({ user: '4242:4343' }),
  '/etc/mtab': () => ({}),
  '/etc': () => ({ user: '4242' }),
  '/run': () => ({ privileged: true }),
  '/dev/shm': () => ({}),
  '/data': (mine) => hostMount(mine, '/data'),
  '/srv/app': () => ({}),
};

/** What stands there in place of what belongs there. */
const TRAPS: Readonly<Record<string, (file: string, outside: string) => void>> = {
  'a link to a directory of the host': (file, outside) => {
    symlinkSync(outside, file);
  },
  'a link to a file of the host': (file, outside) => {
    symlinkSync(path.join(outside, 'file'), file);
  },
  'a link up and out': (file, outside) => {
    symlinkSync(`${'../'.repeat(40)}${outside.slice(1)}`, file);
  },
  'a link to what is not there': (file, outside) => {
    symlinkSync(path.join(outside, 'new'), file);
  },
  'a link to /proc/self/root': (file, outside) => {
    symlinkSync(`/proc/self/root${outside}`, file);
  },
  'a link to /proc/self/fd': (file) => {
    symlinkSync('/proc/self/fd/0', file);
  },
  'a link to itself': (file) => {
    symlinkSync(file.slice(file.lastIndexOf('/') + 1), file);
  },
  'a fifo': (file) => {
    execFileSync('/usr/bin/mkfifo', [file]);
  },
  'a device': (file) => {
    execFileSync('/usr/bin/mknod', [file, 'c', '1', '5']);
  },
};

for (const place of Object.keys(PLACES)) {
  test(`[spec.user.lookup] [prepare.mtab] [workdir.create] a hostile image: traps at ${place} reach nothing outside`, async () => {
    await withEngine(
      async (engine) => {
        for (const [trap, lay] of Object.entries(TRAPS)) await tryOne(engine, { place, trap, lay });
      },
      { config: place === '/srv/app' ? { WorkingDir: '/srv/app' } : {} },
    );
  });
}

async function tryOne(
  engine: TestEngine,
  { place, trap, lay }: { place: string; trap: string; lay: (file: string, outside: string) => void },
): Promise<void> {
  const what = `${place}: ${trap}`;
  const outside = path.join(engine.directory, 'outside');
  const mine = path.join(engine.directory, 'mine');
  for (const directory of [outside, mine]) {
    rmSync(directory, { recursive: true, force: true });
    mkdirSync(directory);
  }
  writeFileSync(path.join(outside, 'file'), `${CANARY}:x:0:0::/:/bin/sh\n`);
  writeFileSync(path.join(outside, 'passwd'), `${CANARY}:x:0:0::/:/bin/sh\n`);
  writeFileSync(path.join(mine, 'mine'), '');
  const file = path.join(engine.layer, place);
  rmSync(file, { recursive: true, force: true });
  mkdirSync(path.dirname(file), { recursive: true });
  lay(file, outside);
  const before = stateOf(outside);
  const request = engine.request(
    `cat ${place} ${place}/* /etc/passwd 2>&1 < /dev/null | head -c 2000`,
    PLACES[place]?.(mine),
  );
  const error = await runWithin(engine, request).catch((reason: unknown) => reason as Error);
  assert.equal(stateOf(outside), before, `${what}: nothing outside was written`);
  if (error instanceof Error) {
    const place2 = place === '/etc' ? /\/etc/ : new RegExp(place.replaceAll('/', '\\/'));
    assert.match(error.message, place2, `${what}: the error names the path: ${error.message}`);
    assert.not.match(error.message, new RegExp(CANARY), what);
  } else {
    assert.not.match(error, new RegExp(CANARY), `${what}: nothing outside was read`);
  }
  await engine.containers.remove(request);
  rmSync(file, { recursive: true, force: true });
  if (place === '/etc' || place === '/run') mkdirSync(file);
}

/** What it printed. A fifo that was opened would make it wait for ever. */
async function runWithin(
  { containers }: TestEngine,
  request: Parameters<TestEngine['containers']['create']>[0],
) {
  const signal = AbortSignal.timeout(20_000);
  await containers.create(request, { signal });
  await containers.start(request);
  // A fifo inside of the container is the container's own matter.
  await containers.stop(request, { signalNumber: 9, timeoutMs: 300 }).catch(() => undefined);
  await containers.waitExit(request, { signal });
  return logText(readFileSync(containers.logPaths(request).current, 'utf8'));
}

function stateOf(directory: string): string[] {
  return ['.', ...readdirSync(directory)].map((name) => {
    const status = statSync(path.join(directory, name));
    const text = status.isFile() ? readFileSync(path.join(directory, name), 'utf8') : '';
    return [name, status.mode, status.uid, status.gid, status.mtimeMs, status.ctimeMs, text].join(' ');
  });
}

test.run();
