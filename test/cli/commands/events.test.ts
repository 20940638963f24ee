import { writeFileSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { EventLog } from '../../../cli/events/event-log.ts';
import { eventLogPaths } from '../../../cli/events/event-log-paths.ts';
import type { ResourceEvent } from '../../../reconciler/index.ts';
import { FakeService } from '../support/fake-service.ts';
import { ago, MINUTE } from '../support/records.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';
import { typeCommand } from '../support/type-command.ts';

function event(name: string, type: ResourceEvent['type'], minutesAgo: number): ResourceEvent {
  return {
    time: ago(minutesAgo * MINUTE),
    type,
    resource: { kind: 'Container', name },
    id: null,
    attributes: type === 'died' ? { exitCode: '1' } : {},
  };
}

const HAPPENED = [event('web', 'start', 30), event('db.server', 'start', 20), event('web', 'died', 1)];

async function rootWith(events: readonly ResourceEvent[]): Promise<string> {
  const root = temporaryDirectory();
  const log = new EventLog(eventLogPaths(root), (error) => {
    throw error;
  });
  for (const each of events) log.append(each);
  await log.flush();
  return root;
}

async function print(root: string, ...args: string[]): Promise<string> {
  const { code, out, err } = await typeCommand(new FakeService(), ['--root', root, 'events', ...args]);
  assert.is(code, 0, err);
  return out;
}

test('tsctr events', async () => {
  const root = await rootWith(HAPPENED);
  const lines = [
    `${ago(30 * MINUTE)}  container/web     start`,
    `${ago(20 * MINUTE)}  container/db.server  start`,
    `${ago(MINUTE)}  container/web     died        exitCode=1`,
  ];
  assert.is(await print(root), lines.map((line) => `${line}\n`).join(''));
  assert.is(await print(root, 'web', '--since', '10m'), `${lines[2] ?? ''}\n`);
  assert.is(await print(root, 'pod/db'), `${lines[1] ?? ''}\n`);
  assert.is(await print(root, '--type', 'died'), `${lines[2] ?? ''}\n`);
  assert.is(await print(root, 'other'), '');
});

test('tsctr events -o json prints an object a line', async () => {
  const out = await print(await rootWith(HAPPENED), '-o', 'json', 'container', 'web');
  assert.equal(
    out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as unknown),
    [HAPPENED[0], HAPPENED[2]],
  );
});

test('tsctr events where nothing has happened yet', async () => {
  assert.is(await print(temporaryDirectory()), '');
});

test('tsctr events -f goes on with what is written, over a rotation, until it is interrupted', async () => {
  const root = await rootWith(HAPPENED.slice(0, 1));
  const { current } = eventLogPaths(root);
  const interrupt = new AbortController();
  const log = new EventLog(eventLogPaths(root), () => undefined);
  let seen = 0;
  const { code } = await typeCommand(new FakeService(), ['--root', root, 'events', '-f'], {
    signal: interrupt.signal,
    onOut: () => {
      seen += 1;
      // Each is written when the one before it has been printed.
      if (seen === 1) log.append(HAPPENED[1] as ResourceEvent);
      else if (seen === 2) {
        writeFileSync(current, `${'x'.repeat(1024 * 1024)}\n`, { flag: 'a' });
        new EventLog(eventLogPaths(root), () => undefined).append(HAPPENED[2] as ResourceEvent);
      } else interrupt.abort();
    },
  });
  assert.is(seen, 3);
  assert.is(code, 130);
});

test.run();
