import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Instance } from '../../../cli/local/instance.ts';
import { viewResources } from '../../../cli/local/resource-views.ts';
import { recoverRecord } from '../../../machines/recover.ts';
import type { ContainerRecord } from '../../../schemas/index.ts';
import { containerRecord } from '../support/records.ts';

/** As a reader finds it: the records that were there when it was opened, and the host as it is now. */
function reading(record: ContainerRecord | null): Instance {
  const observation = { status: 'absent', pid: null, exit: null, monitorAlive: false } as const;
  const observe = (read: ContainerRecord) => {
    const recovered = recoverRecord(read, observation, Date.now()).record;
    return Promise.resolve({ record: recovered, observation });
  };
  const containers = {
    list: () => (record === null ? [] : [record]),
    get: (name: string) => (record?.name === name ? record : null),
  };
  return { records: { containers, pods: { list: () => [] } }, runner: { observe } } as unknown as Instance;
}

/** What `get` says when the records are these at its readings, and the last of them from then on. */
async function statusesOf(...records: (ContainerRecord | null)[]): Promise<string[]> {
  let at = 0;
  const reader = (): Promise<Instance> =>
    Promise.resolve(reading(records[Math.min(at++, records.length - 1)] ?? null));
  const { views } = await viewResources({ reader, problemsIn: () => [] });
  return views.map(({ status }) => status);
}

const running = containerRecord('job', { state: 'Running', pid: 4711 });
const exit = { code: 3, finishedAt: '2026-01-02T03:04:05.000Z', oomKilled: false };
const exited = containerRecord('job', { state: 'Exited', pid: null, exit });

test('what others have cleaned up since the record was read is read again', async () => {
  assert.equal(await statusesOf(running, exited), ['Exited (3)']);
  assert.equal(await statusesOf(running, null), [], 'removed since');
});

test('what nobody has noted is told as it is seen', async () => {
  assert.equal(await statusesOf(running), ['Exited (-1)']);
});

test.run();
