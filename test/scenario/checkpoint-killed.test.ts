import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { missingForCheckpoints } from '../support/checkpoint-host.ts';
import { isUnbroken, killAt, numbersOf, startsOf, withCounter } from '../support/checkpoint-scenario.ts';
import type { CounterScene } from '../support/checkpoint-scenario.ts';
import { leftByCrash, takeQuietSnapshot } from '../support/left-by-crash.ts';
import { recordEffects, withoutTwins } from '../support/recorded-effects.ts';
import { testUnless } from '../support/skip.ts';

const onHost = testUnless(test, await missingForCheckpoints());

/** Each takes seconds: with TSCTR_EVERY_FAULT=1 all that a command comes by, else those that are named here. */
const EVERY_FAULT = process.env['TSCTR_EVERY_FAULT'] === '1';

const bothSides = (...effects: string[]): string[] =>
  effects.flatMap((effect) => [`before:${effect}`, `after:${effect}`]);

/** Every question of CRIU: where nothing is done about one, before it and after it is the same moment, as only then it is answered. */
const SAVING = [
  ...bothSides('checkpoint.dump', 'criu.pre-dump', 'criu.post-dump', 'checkpoint.keep'),
  'before:criu.network-lock',
  'before:criu.query-ext-files',
  'after:checkpoint.retention',
  'after:parked-container.down',
];
/** Of one that goes on: only then CRIU opens the network again. */
const SAVING_BESIDE = ['before:criu.post-dump', 'before:criu.network-unlock', 'after:checkpoint.dump'];
const BRINGING_BACK = [
  'after:waiting-launcher.up',
  'after:runtime-spec.up',
  ...bothSides('restored-container.up', 'criu.pre-restore', 'restore.adopt', 'criu.post-restore'),
  'before:criu.setup-namespaces',
  'before:criu.post-setup-namespaces',
  'before:criu.network-unlock',
  'before:criu.pre-resume',
  'before:criu.post-resume',
];
/** Only one that has a terminal comes by. conmon waits for it before this, and has it after this. */
const BEFORE_TERMINAL = 'before:criu.orphan-pts-master';
const TERMINAL = [BEFORE_TERMINAL, 'after:criu.orphan-pts-master'];
const OUT_OF_AN_ARCHIVE = [
  'after:checkpoint.import',
  'after:saved-upper.up',
  'after:criu.post-restore',
  'after:restored-container.up',
];

interface Killing {
  /** What makes it ready for the command. */
  before: readonly string[];
  command: readonly string[];
  faults: readonly string[];
  /** What the kill has left for the next command. */
  assertKilled?: (scene: CounterScene, fault: string) => Promise<void>;
  /** After a kill and the next command, in which it counts. */
  assertWhole: (scene: CounterScene) => Promise<void>;
}

/** Kills the command at each of them. The next one finds no container half-made, and leaves not a thing that was not there before. */
async function killAtEach(
  scene: CounterScene,
  { before, command, faults, assertKilled, assertWhole }: Killing,
): Promise<void> {
  const { testRoot, record, untilCounting } = scene;
  if (before.length > 0) await testRoot.output(before);
  const recorded = await recordEffects(testRoot, command);
  await testRoot.output(['start', 'counter']);
  // What stays after one that nobody disturbs may stay after any.
  const quiet = await takeQuietSnapshot(testRoot);
  const chosen = EVERY_FAULT ? withoutTwins(recorded) : faults;
  const came: string[] = [];
  for (const fault of chosen) {
    if (before.length > 0) await testRoot.output(before);
    if (await killAt(scene, fault, command)) came.push(fault);
    await assertKilled?.(scene, fault);
    const started = await testRoot.tsctr(['start', 'counter']);
    assert.is(started.exitCode, 0, `${fault}\n${started.stdout}${started.stderr}`);
    try {
      await untilCounting();
      assert.is(record().intent, null);
      await assertWhole(scene);
      assert.equal(await checkpointsOnDisk(scene), checkpointsOnRecord(scene));
      const left = await leftByCrash(quiet, testRoot);
      assert.ok(left.length === 0, `left: ${left.join(', ')}`);
    } catch (error) {
      const { message } = error as Error;
      throw new Error(`killed ${fault}: ${message}\n${JSON.stringify(record())}`, { cause: error });
    }
  }
  console.log(`killed at ${String(came.length)} of ${String(chosen.length)}: ${came.join(' ')}`);
  assert.equal(came, chosen);
}

function checkpointsOnRecord({ record }: CounterScene): number[] {
  const { checkpoint, olderCheckpoints } = record();
  return [...(checkpoint === null ? [] : [checkpoint]), ...olderCheckpoints].map(({ id }) => id).sort();
}

async function checkpointsOnDisk({ testRoot, record }: CounterScene): Promise<number[]> {
  const directory = path.join(testRoot.root, 'containers', record().request.id, 'checkpoints');
  const names = await readdir(directory).catch(() => []);
  return names.map(Number).sort();
}

async function assertUnbroken({ log }: CounterScene): Promise<void> {
  const numbers = numbersOf(await log());
  assert.ok(isUnbroken(numbers), `lost or repeated: ${numbers.join(' ')}`);
  assert.is(startsOf(await log()), 1);
}

async function withKilling(
  fields: readonly string[],
  kill: (scene: CounterScene) => Promise<void>,
): Promise<void> {
  await withCounter(async (scene) => {
    await scene.apply(...fields);
    await scene.untilCounting();
    await kill(scene);
    await scene.testRoot.output(['delete', 'counter']);
  });
}

onHost(
  '[ckpt.fail-safe] tsctr killed at every effect of a checkpoint and every question of CRIU: it runs as before, or goes on from what is kept',
  async () => {
    await withKilling([], async (scene) => {
      const assertWhole = assertUnbroken;
      const save = ['checkpoint', 'counter'];
      await killAtEach(scene, { before: [], command: save, faults: SAVING, assertWhole });
      await killAtEach(scene, { before: [], command: [...save, '-R'], faults: SAVING_BESIDE, assertWhole });
    });
  },
);

onHost(
  '[restore.rollback] [life.cleanup] tsctr killed at every effect of a restore and every question of CRIU: the next command brings it back, and nothing is lost',
  async () => {
    const restored = { before: ['checkpoint', 'counter'], command: ['restore', 'counter'] };
    const assertWhole = async (scene: CounterScene): Promise<void> => {
      assert.is(scene.record().state, 'Restored');
      await assertUnbroken(scene);
    };
    await withKilling([], (scene) => killAtEach(scene, { ...restored, faults: BRINGING_BACK, assertWhole }));
    await withKilling(['tty: true'], (scene) =>
      killAtEach(scene, {
        ...restored,
        faults: TERMINAL,
        // Where it goes with the bundle, and not in a directory for temporary files that nobody looks through.
        async assertKilled({ testRoot, record }, fault) {
          if (fault !== BEFORE_TERMINAL) return;
          const names = await readdir(path.join(testRoot.run, 'containers', record().request.id));
          const sockets = names.filter((name) => name.startsWith('conmon-term.'));
          assert.is(sockets.length, 1, 'the socket for the terminal');
        },
        assertWhole,
      }),
    );
  },
);

onHost(
  '[restore.rollback] tsctr killed at every effect of a restore out of an archive: it comes back out of it, or is as before',
  async () => {
    await withKilling([], async (scene) => {
      const { testRoot, record, log } = scene;
      const file = path.join(testRoot.directory, 'counter.tar');
      await testRoot.output(['checkpoint', 'counter', '--export', file, '--compress', 'none']);
      const saved = numbersOf(await log()).at(-1) ?? 0;
      await testRoot.output(['start', 'counter']);
      await killAtEach(scene, {
        before: ['stop', 'counter'],
        command: ['restore', 'counter', '--from', file],
        faults: OUT_OF_AN_ARCHIVE,
        async assertWhole() {
          assert.is(record().state, 'Restored');
          const numbers = numbersOf(await log());
          // Of this run: from the last one that did not follow the one before it.
          const first = numbers.findLastIndex((number, index) => number !== (numbers[index - 1] ?? 0) + 1);
          assert.is(numbers[first], saved + 1, 'it goes on where the archive ends');
        },
      });
    });
  },
);

test.run();
