import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { ContainerObservation } from '../../engine/index.ts';
import { recoverRecord } from '../../machines/index.ts';
import type { ContainerRecord, ContainerState, Intent } from '../../schemas/index.ts';
import { containerManifest } from '../support/fake-process.ts';
import {
  ABSENT,
  NOW,
  observations,
  recordFor,
  records,
  requestFor,
  runningRecord,
  RUNNING,
} from '../support/situations.ts';

const web = containerManifest('web');
const since = new Date(NOW - 2000).toISOString();
const EXIT = { code: 3, finishedAt: new Date(NOW - 1000).toISOString(), oomKilled: false };

function record(state: ContainerState, verb: Intent['verb'] | null, changes: Partial<ContainerRecord> = {}) {
  const intent = verb === null ? null : { verb, since };
  return recordFor(web, { request: requestFor(web), state, intent, ...changes });
}

const seen = (status: ContainerObservation['status'], exit: ContainerObservation['exit'] = null) => ({
  status,
  exit,
  pid: status === 'running' || status === 'paused' || status === 'created' ? 42 : null,
  monitorAlive: status !== 'absent' && status !== 'prepared',
});

const cases: [string, ContainerRecord, ContainerObservation, ContainerState, ContainerRecord['exit']][] = [
  [
    'create was interrupted before its first effect',
    record('Configured', 'create'),
    ABSENT,
    'Configured',
    null,
  ],
  ['create was interrupted half-way', record('Configured', 'create'), seen('prepared'), 'Configured', null],
  ['create was done and not noted', record('Configured', 'create'), seen('created'), 'Created', null],
  [
    'create was done, and the start that follows it, and its process ended before either was noted',
    record('Configured', 'create'),
    { ...seen('stopped', EXIT), hasRun: true },
    'Stopped',
    EXIT,
  ],
  [
    'create was done, and its process died before it was started',
    record('Configured', 'create'),
    { ...seen('stopped', EXIT), hasRun: false },
    'Stopped',
    null,
  ],
  ['start was not begun', record('Created', 'start'), seen('created'), 'Created', null],
  ['start was done and not noted', record('Created', 'start'), RUNNING, 'Running', null],
  [
    'it was started and ended before that was noted',
    record('Created', 'start'),
    seen('stopped', EXIT),
    'Stopped',
    EXIT,
  ],
  ['stop was interrupted before the process ended', record('Stopping', 'stop'), RUNNING, 'Stopping', null],
  ['stop was done and not noted', record('Stopping', 'stop'), seen('stopped', EXIT), 'Stopped', EXIT],
  [
    'cleanup was interrupted half-way',
    record('Stopped', 'cleanup', { exit: EXIT }),
    seen('prepared'),
    'Stopped',
    EXIT,
  ],
  ['cleanup was done and not noted', record('Stopped', 'cleanup', { exit: EXIT }), ABSENT, 'Exited', EXIT],
  [
    'remove was interrupted',
    record('Removing', 'remove', { exit: EXIT }),
    seen('prepared'),
    'Removing',
    EXIT,
  ],
  [
    'pause was done and not noted',
    runningRecord(web, { intent: { verb: 'pause', since } }),
    seen('paused'),
    'Paused',
    null,
  ],
  ['the process ended while nobody looked', runningRecord(web), seen('stopped', EXIT), 'Stopped', EXIT],
  ['everything of it is gone', runningRecord(web), { ...ABSENT, exit: EXIT }, 'Exited', EXIT],
];

for (const [what, before, observation, state, exit] of cases) {
  test(`[state.sync] ${what}: ${before.state} becomes ${state}`, () => {
    const after = recoverRecord(before, observation, NOW).record;
    assert.is(after.state, state);
    assert.equal(after.exit, exit);
    assert.is(after.intent, null);
    assert.is(after.pid, observation.status === 'running' || observation.status === 'paused' ? 42 : null);
  });
}

test('[state.exit-file] without an exit file the code is -1, and the error says that the monitor is gone', () => {
  const { record: after, happened } = recoverRecord(runningRecord(web), seen('stopped'), NOW);
  assert.is(after.state, 'Stopped');
  assert.is(after.exit?.code, -1);
  assert.match(after.lastError ?? '', /monitor left no exit code/);
  assert.equal(happened, [{ type: 'died', attributes: { exitCode: '-1' } }]);
});

test('a process that runs as the record says changes nothing, not even the object', () => {
  const before = runningRecord(web);
  assert.is(recoverRecord(before, RUNNING, NOW).record, before);
});

test('recovering twice is the same as once, whatever there was', () => {
  fc.assert(
    fc.property(records, observations, (before, observation) => {
      const once = recoverRecord(before, observation, NOW).record;
      const twice = recoverRecord(once, observation, NOW);
      assert.equal(twice.record, once);
      assert.equal(twice.happened, []);
    }),
    { numRuns: 2000 },
  );
});

test.run();
