import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { recoverRecord } from '../../../machines/index.ts';
import { checkContainerPlan } from '../../../reconciler/plan/check-plan.ts';
import type { Plan } from '../../../reconciler/index.ts';
import { planContainer } from '../../../reconciler/plan/plan-container.ts';
import type { Step } from '../../../reconciler/plan/step.ts';
import { containerManifest } from '../../support/fake-process.ts';
import {
  ABSENT,
  NOW,
  observations,
  recordFor,
  records,
  requestFor,
  requests,
  runningRecord,
  situationFor,
} from '../../support/situations.ts';

test('no plan breaks a rule, whatever is on record, on the host, and asked for', () => {
  fc.assert(
    fc.property(records, observations, requests, (before, host, asked) => {
      // Without an instance there is nothing to look at.
      const observation = before.request === null ? ABSENT : host;
      const { record } = recoverRecord(before, observation, NOW);
      const situation = situationFor(record, { observation, ...asked });
      const plan = planContainer(situation);
      assert.equal(checkContainerPlan(plan, situation), []);
      assert.equal(planContainer(situation), plan, 'the same situation gives the same plan');
    }),
    { numRuns: 5000 },
  );
});

const web = containerManifest('web');

function planOf(steps: Step[], changes: Partial<Plan> = {}): Plan {
  return {
    resource: { kind: 'Container', name: 'web' },
    action: 'start',
    reasons: [{ why: 'new' }],
    steps,
    outcome: { kind: 'settled', why: { why: 'as-wished' } },
    ...changes,
  };
}

const request = requestFor(web);
const container = 'web';
const start: Step = { kind: 'start', container, request, followsCreate: true };
const create: Step = { kind: 'create', container, request, restartCount: 0 };
const remove: Step = { kind: 'remove', container, request };
const forget: Step = { kind: 'forget', container };

const unsound: [string, Plan, RegExp][] = [
  ['start before create', planOf([start]), /start while layer/],
  ['create of what runs', planOf([create]), /create while running/],
  ['remove of what runs', planOf([remove]), /remove while running/],
  ['forget before remove', planOf([forget], { action: 'remove' }), /forget while running/],
  ['something after forget', planOf([forget, remove], { action: 'remove' }), /something follows forget/],
  ['forget of what is wanted', planOf([forget]), /forget in a plan to start/],
  ["another's container", planOf([{ ...start, container: 'db' }]), /touches container\/db/],
  [
    'an unknown instance',
    planOf([{ ...start, request: { ...request, id: 'f'.repeat(64) } }]),
    /unknown instance/,
  ],
  ['no reason', planOf([], { reasons: [] }), /gives no reason/],
  [
    'going round without a step',
    planOf([], { outcome: { kind: 'requeue', afterMs: 0, why: { why: 'steps-follow' } } }),
    /round for ever/,
  ],
];

for (const [what, plan, violation] of unsound) {
  test(`a plan with ${what} is found out`, () => {
    const isRunning = /running/.test(violation.source);
    const record = isRunning ? runningRecord(web) : recordFor(web, { request, state: 'Exited' });
    assert.match(checkContainerPlan(plan, situationFor(record)).join('; '), violation);
  });
}

test.run();
