import { appendFileSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { EventLines } from '../../../cli/events/event-lines.ts';
import { EventLog } from '../../../cli/events/event-log.ts';
import { eventLogPaths } from '../../../cli/events/event-log-paths.ts';
import { lastOf, readEvents, recentEvents } from '../../../cli/events/read-events.ts';
import type { EventType, ResourceEvent } from '../../../reconciler/index.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

function event(
  name: string,
  type: EventType = 'start',
  attributes: Record<string, string> = {},
): ResourceEvent {
  return {
    time: '2026-01-02T03:04:05.678Z',
    type,
    resource: { kind: 'Container', name },
    id: null,
    attributes,
  };
}

const refuse = (error: unknown): void => {
  throw error;
};

test('[state.events] what was appended is read again in its order, and only by its owner', async () => {
  const paths = eventLogPaths(temporaryDirectory());
  const log = new EventLog(paths, refuse);
  const written = [event('web'), event('db', 'died', { exitCode: '1' }), event('web', 'stop')];
  for (const each of written) log.append(each);
  await log.flush();
  const { events, offset } = await readEvents(paths);
  assert.equal(events, written);
  assert.is(offset, statSync(paths.current).size);
  assert.is(statSync(paths.current).mode & 0o777, 0o600);
});

test('another writer goes on where the one before it has ended, even in the middle of a line', async () => {
  const paths = eventLogPaths(temporaryDirectory());
  const first = new EventLog(paths, refuse);
  first.append(event('web'));
  await first.flush();
  appendFileSync(paths.current, '{"time":"2026-');
  const second = new EventLog(paths, refuse);
  second.append(event('db'));
  second.append(event('api'));
  await second.flush();
  const names = (await readEvents(paths)).events.map(({ resource }) => resource.name);
  assert.equal(names, ['web', 'db', 'api'], 'half a line costs nothing but itself');
});

test('it is rotated at a mebibyte, and no more than two files are kept', async () => {
  const paths = eventLogPaths(temporaryDirectory());
  writeFileSync(paths.previous, 'the one before\n');
  writeFileSync(paths.current, `${'x'.repeat(1024 * 1024)}\n`);
  const log = new EventLog(paths, refuse);
  log.append(event('web'));
  await log.flush();
  assert.is(readFileSync(paths.previous, 'utf8').length, 1024 * 1024 + 1);
  assert.equal((await readEvents(paths)).events, [event('web')]);
});

test('a log that cannot be written is told of, and stops nothing', async () => {
  const errors: unknown[] = [];
  const log = new EventLog(eventLogPaths('/nonexistent'), (error) => errors.push(error));
  log.append(event('web'));
  await log.flush();
  assert.is(errors.length, 1);
});

test('the last events of a pod are those of its members too', async () => {
  const paths = eventLogPaths(temporaryDirectory());
  const log = new EventLog(paths, refuse);
  for (const name of ['db.server', 'db', 'dbx.server', 'db.client']) log.append(event(name));
  await log.flush();
  const since = '2026-01-02T03:04:05.678Z';
  const names = async (kind: 'Container' | 'Pod', count: number): Promise<string[]> =>
    lastOf(await recentEvents(paths), { resource: { kind, name: 'db' }, since, count }).map(
      ({ resource }) => resource.name,
    );
  assert.equal(await names('Pod', 10), ['db.server', 'db.client']);
  assert.equal(await names('Pod', 1), ['db.client']);
  assert.equal(await names('Container', 10), ['db']);
  const later = {
    resource: { kind: 'Container', name: 'db' },
    since: '2026-01-02T03:04:06.000Z',
    count: 10,
  } as const;
  assert.equal(lastOf(await recentEvents(paths), later), [], 'what was before it is not its');
});

test('lines that come in pieces, and lines that are no events', () => {
  const lines = new EventLines();
  const text = Buffer.from(`${JSON.stringify(event('müsli'))}\nnull\n[]\n{"type":"start"}\n{}\n`);
  const cut = text.indexOf(0xc3) + 1;
  assert.equal(lines.feed(text.subarray(0, cut)), []);
  assert.equal(lines.feed(text.subarray(cut)), [event('müsli')]);
});

test.run();
