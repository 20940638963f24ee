import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { EngineError } from '../../engine/engine-error.ts';
import { goDown, goUp } from '../../engine/stage.ts';
import type { Stage } from '../../engine/stage.ts';
import { rejectionOf } from '../support/rejection.ts';

type Log = string[];

interface StageOptions {
  failUp?: string;
  failDown?: string;
  /** Resolves when this stage may end. */
  until?: Promise<void>;
}

function stage(name: string, { failUp, failDown, until }: StageOptions = {}): Stage<Log> {
  return {
    name,
    async up(log) {
      log.push(`${name} up`);
      await until;
      if (failUp !== undefined) throw new Error(failUp);
      log.push(`${name} is up`);
    },
    down(log) {
      log.push(`${name} down`);
      return failDown === undefined ? Promise.resolve() : Promise.reject(new Error(failDown));
    },
  };
}

const options = { operation: 'create container/web', observe: () => undefined };

test('stages go up in their order and come down in reverse', async () => {
  const log: Log = [];
  const stages = [stage('a'), stage('b'), stage('c')];
  await goUp(stages, log, options);
  await goDown(stages, log, options);
  assert.equal(log, ['a up', 'a is up', 'b up', 'b is up', 'c up', 'c is up', 'c down', 'b down', 'a down']);
});

test('[prepare.parallel] the stages of a group run side by side, and the next waits for all of them', async () => {
  const log: Log = [];
  let open = (): void => undefined;
  const gate = new Promise<void>((resolve) => {
    open = resolve;
  });
  // The network opens the gate that the root filesystem waits for: one after the other they would never end.
  const network: Stage<Log> = {
    name: 'network',
    up(context) {
      context.push('network up');
      open();
      return Promise.resolve();
    },
    down: () => Promise.resolve(),
  };
  await goUp([[stage('rootfs', { until: gate }), network], stage('spec')], log, options);
  assert.equal(log, ['rootfs up', 'network up', 'rootfs is up', 'spec up', 'spec is up']);
});

test('[prepare.rollback] when one of a group fails the other is taken down again, and what came before', async () => {
  const log: Log = [];
  const stages = [
    stage('directory'),
    [stage('rootfs'), stage('network', { failUp: 'no bridge' })],
    stage('spec'),
  ];
  const error = await rejectionOf(goUp(stages, log, options));
  assert.is(error.message, 'no bridge');
  const down = log.filter((entry) => entry.endsWith('down'));
  assert.equal(down.sort(), ['directory down', 'network down', 'rootfs down']);
  assert.not(log.includes('spec up'));
});

test('[prepare.rollback] both errors of a group are reported, the first first, and those of the undo after them', async () => {
  const log: Log = [];
  const stages = [
    stage('directory', { failDown: 'busy' }),
    [stage('rootfs', { failUp: 'no layer' }), stage('network', { failUp: 'no bridge' })],
  ];
  const error = await rejectionOf(goUp(stages, log, options));
  assert.instance(error, EngineError);
  assert.is(error.message, 'create container/web: 3 errors\n  - no layer\n  - no bridge\n  - busy');
  assert.is((error.cause as AggregateError).errors.length, 3);
});

test('the slower of a group is waited for before anything is taken down', async () => {
  const log: Log = [];
  const slow = new Promise<void>((resolve) => setTimeout(resolve, 20));
  const stages = [[stage('slow', { until: slow }), stage('bad', { failUp: 'no' })]];
  await rejectionOf(goUp(stages, log, options));
  assert.ok(log.indexOf('slow is up') < log.indexOf('slow down'), log.join());
});

test('coming down goes on after a failure and joins the errors', async () => {
  const log: Log = [];
  const stages = [stage('a', { failDown: 'a stays' }), stage('b'), stage('c', { failDown: 'c stays' })];
  const error = await rejectionOf(goDown(stages, log, { ...options, operation: 'clean up container/web' }));
  assert.equal(log, ['c down', 'b down', 'a down']);
  assert.is(error.message, 'clean up container/web: 2 errors\n  - c stays\n  - a stays');
});

test('an aborted signal stops before the next stage and takes the earlier ones down', async () => {
  const log: Log = [];
  const controller = new AbortController();
  const first: Stage<Log> = {
    name: 'first',
    up(context) {
      context.push('first up');
      controller.abort(new Error('given up'));
      return Promise.resolve();
    },
    down(context) {
      context.push('first down');
      return Promise.resolve();
    },
  };
  const error = await rejectionOf(
    goUp([first, stage('second')], log, { ...options, signal: controller.signal }),
  );
  assert.is(error.message, 'given up');
  assert.equal(log, ['first up', 'second down', 'first down']);
});

test('every effect is observed before and after', async () => {
  const seen: string[] = [];
  const stages = [stage('a'), stage('b', { failUp: 'no' })];
  await rejectionOf(
    goUp(stages, [], { operation: 'x', observe: (effect, phase) => void seen.push(`${phase} ${effect}`) }),
  );
  assert.equal(seen, [
    'before a.up',
    'after a.up',
    'before b.up',
    'before b.down',
    'after b.down',
    'before a.down',
    'after a.down',
  ]);
});

test.run();
