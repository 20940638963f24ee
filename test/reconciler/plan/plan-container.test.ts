import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { ContainerSituation } from '../../../reconciler/plan/container-situation.ts';
import { formatReason, type Plan } from '../../../reconciler/index.ts';
import { planContainer } from '../../../reconciler/plan/plan-container.ts';
import type { ContainerRecord } from '../../../schemas/index.ts';
import { containerManifest } from '../../support/fake-process.ts';
import {
  ABSENT,
  IMAGE,
  NEW_ID,
  NOW,
  OLD_ID,
  recordFor,
  requestFor,
  RUNNING,
  runningRecord,
  situationFor,
} from '../../support/situations.ts';

/** A plan in one line: `restart: stop, cleanup, create, start (why)`. */
function told(plan: Plan): string {
  const steps = plan.steps.map((step) => step.kind).join(', ');
  return `${plan.action}: ${steps} (${plan.reasons.map(formatReason).join('; ')})`;
}

const exit = (code: number) => ({ code, finishedAt: new Date(NOW - 1000).toISOString(), oomKilled: false });

function runsFrom(present: Record<string, unknown>, wanted: Record<string, unknown>): ContainerRecord {
  return recordFor(containerManifest('web', wanted), {
    request: requestFor(containerManifest('web', present)),
    state: 'Running',
    pid: 42,
    ready: true,
  });
}

const resolved: Partial<ContainerSituation> = { image: { ...IMAGE, reference: 'localhost/demo:2' } };
const env = (value: string, name = 'LOG_LEVEL') => ({ env: [{ name, value }] });

const changes: [string, ContainerRecord, Partial<ContainerSituation>, string][] = [
  ['as wished', runsFrom({}, {}), {}, 'none:  (is as wished)'],
  [
    'an environment variable',
    runsFrom(env('info'), env('debug')),
    {},
    'restart: stop, cleanup, create, start (spec.env[LOG_LEVEL]: info → debug)',
  ],
  [
    'a variable that looks like a secret',
    runsFrom(env('hunter2', 'DB_PASSWORD'), env('hunter3', 'DB_PASSWORD')),
    {},
    'restart: stop, cleanup, create, start (spec.env[DB_PASSWORD]: (hidden) → (hidden))',
  ],
  [
    'the order of the variables',
    runsFrom(
      {
        env: [
          { name: 'A', value: '1' },
          { name: 'B', value: '2' },
        ],
      },
      {
        env: [
          { name: 'B', value: '2' },
          { name: 'A', value: '1' },
        ],
      },
    ),
    {},
    'none:  (is as wished)',
  ],
  [
    'a limit',
    runsFrom({ resources: { limits: { memory: '64Mi' } } }, { resources: { limits: { memory: '128Mi' } } }),
    {},
    'in place: update (spec.resources.limits.memory: 64Mi → 128Mi)',
  ],
  [
    'the image, which is not known yet',
    runsFrom({}, { image: 'localhost/demo:2' }),
    {},
    'recreate: pull-image (spec.image: localhost/demo:1 → localhost/demo:2; image localhost/demo:2)',
  ],
  [
    'the image',
    runsFrom({}, { image: 'localhost/demo:2' }),
    resolved,
    'recreate: stop, cleanup, remove, create, start (spec.image: localhost/demo:1 → localhost/demo:2)',
  ],
  ['only the restart policy', runsFrom({}, { restartPolicy: 'Never' }), {}, 'none:  (is as wished)'],
  ['Paused is wanted', runsFrom({}, { state: 'Paused' }), {}, 'pause: pause (spec.state: Paused)'],
  ['Stopped is wanted', runsFrom({}, { state: 'Stopped' }), {}, 'stop: stop, cleanup (spec.state: Stopped)'],
  [
    'Checkpointed is wanted',
    runsFrom({}, { state: 'Checkpointed' }),
    {},
    'checkpoint: checkpoint, cleanup (spec.state: Checkpointed)',
  ],
  [
    'restart was asked for',
    runsFrom({}, {}),
    { restartAsked: true },
    'restart: stop, cleanup, create, start (asked to restart)',
  ],
  [
    'the liveness probe failed',
    runsFrom({}, {}),
    { probeFailure: { probe: 'liveness', message: 'answered 500' } },
    'restart: stop, cleanup (liveness probe failed: answered 500)',
  ],
];

for (const [what, record, asked, expected] of changes) {
  test(`of a running container changes: ${what}`, () => {
    assert.is(told(planContainer(situationFor(record, { observation: RUNNING, ...asked }))), expected);
  });
}

const web = (spec: Record<string, unknown> = {}) => containerManifest('web', spec);
const ended = (code: number, spec: Record<string, unknown>, more: Partial<ContainerRecord> = {}) =>
  recordFor(web(spec), { request: requestFor(web(spec)), state: 'Exited', exit: exit(code), ...more });

const ends: [string, ContainerRecord, string, string][] = [
  [
    'Always',
    ended(0, { restartPolicy: 'Always' }),
    'start: create, start (exited with 0; restartPolicy Always)',
    'requeue',
  ],
  [
    'UnlessStopped',
    ended(0, { restartPolicy: 'UnlessStopped' }),
    'start: create, start (exited with 0; restartPolicy UnlessStopped)',
    'requeue',
  ],
  [
    'OnFailure after a failure',
    ended(1, { restartPolicy: 'OnFailure' }),
    'start: create, start (exited with 1; restartPolicy OnFailure)',
    'requeue',
  ],
  [
    'OnFailure after success',
    ended(0, { restartPolicy: 'OnFailure' }),
    'none:  (completed with exit code 0)',
    'settled',
  ],
  [
    'Never after a failure',
    ended(1, { restartPolicy: 'Never' }),
    'none:  (failed with exit code 1; restartPolicy Never)',
    'settled',
  ],
  [
    'Never after success',
    ended(0, { restartPolicy: 'Never' }),
    'none:  (completed with exit code 0)',
    'settled',
  ],
  [
    'Always within the back-off',
    ended(1, {}, { failuresInRow: 2, backoffUntil: new Date(NOW + 12_000).toISOString() }),
    'none:  (back-off, next try in 12 s (exit code 1))',
    'requeue',
  ],
  [
    'Always after too many tries',
    ended(1, { restartBackoff: { maxRetries: 3 } }, { failuresInRow: 4 }),
    'none:  (gave up after 4 tries (exit code 1))',
    'stalled',
  ],
  [
    'Always after a stop by hand',
    ended(143, {}, { override: 'Stopped' }),
    'none:  (stopped by hand)',
    'settled',
  ],
];

for (const [what, record, expected, outcome] of ends) {
  test(`[life.restart-policy] a container that ended, with ${what}`, () => {
    const plan = planContainer(situationFor(record));
    assert.is(told(plan), expected);
    assert.is(plan.outcome.kind, outcome);
  });
}

test('what ended is released at once, however long the next try is put off', () => {
  const record = ended(
    1,
    {},
    { state: 'Stopped', failuresInRow: 2, backoffUntil: new Date(NOW + 9000).toISOString() },
  );
  const observation = { ...ABSENT, status: 'stopped' as const, exit: exit(1) };
  const plan = planContainer(situationFor(record, { observation }));
  assert.equal(
    plan.steps.map(({ kind }) => kind),
    ['cleanup'],
  );
});

test('a restart keeps the instance, and a new image makes a new one', () => {
  const restart = planContainer(situationFor(runsFrom(env('a'), env('b')), { observation: RUNNING }));
  const recreate = planContainer(
    situationFor(runsFrom({}, { image: 'localhost/demo:2' }), { observation: RUNNING, ...resolved }),
  );
  const created = ({ steps }: Plan) => steps.find((step) => step.kind === 'create')?.request;
  assert.is(created(restart)?.id, OLD_ID);
  assert.equal(created(restart)?.spec.env, [{ name: 'LOG_LEVEL', value: 'b' }]);
  assert.is(created(recreate)?.id, NEW_ID);
  assert.is(created(recreate)?.image?.reference, 'localhost/demo:2');
});

test("[life.stop] the stop signal is the manifest's, else the image's, else SIGTERM, and the grace period the manifest's", () => {
  const stopOf = (
    spec: Record<string, unknown>,
    imageStopSignal: string | null,
    stopTimeoutMs: number | null = null,
  ) => {
    const record = { ...runningRecord(web(spec)), deletionRequestedAt: new Date(NOW).toISOString() };
    const plan = planContainer(situationFor(record, { imageStopSignal, stopTimeoutMs }));
    const [step] = plan.steps;
    assert.is(step?.kind, 'stop');
    return step?.kind === 'stop' ? [step.signalNumber, step.timeoutMs] : [];
  };
  assert.equal(stopOf({}, null), [15, 10_000]);
  assert.equal(stopOf({}, 'SIGINT'), [2, 10_000]);
  assert.equal(stopOf({ stopSignal: 'SIGRTMIN+3' }, 'SIGINT'), [37, 10_000]);
  assert.equal(stopOf({ terminationGracePeriodSeconds: 1.5 }, 'nonsense'), [15, 1500]);
  assert.equal(stopOf({}, null, 0), [15, 0]);
});

test('an old container goes on as long as its successor cannot be started', () => {
  const gate = { kind: 'waiting', for: [], why: { why: 'dependency-not-running', names: ['db'] } } as const;
  const plan = planContainer(situationFor(runsFrom(env('a'), env('b')), { observation: RUNNING, gate }));
  assert.equal(plan.steps, []);
  assert.is(plan.outcome.kind, 'waiting');
});

test('a deleted container is stopped, released, removed and forgotten, in this order', () => {
  const record = { ...runningRecord(web()), deletionRequestedAt: new Date(NOW).toISOString() };
  assert.is(
    told(planContainer(situationFor(record))),
    'remove: stop, cleanup, remove, forget (is to be deleted)',
  );
});

test.run();
