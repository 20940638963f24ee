import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { importDemoImage, demoImageArchive } from '../support/demo-image.ts';
import { takeInstanceSnapshot } from '../support/host-snapshot.ts';
import { killProcess } from '../support/kill-process.ts';
import { leftOfInstance } from '../support/left-of-instance.ts';
import { containerText, podText } from '../support/manifest-text.ts';
import { recordEffects, withoutTwins } from '../support/recorded-effects.ts';
import { storedState } from '../support/stored-state.ts';
import { createTestRoot } from '../support/test-root.ts';
import type { TestRoot } from '../support/test-root.ts';
import { until } from '../support/until.ts';

/** A command that is killed at one of its effects, given again, and looked after. */
interface Scene {
  title: string;
  /** Makes what the command is given on, before each time; none: what the time before has left will do. */
  before: readonly Words[];
  /** The words and the standard input; `round` counts the times, so that there is something to change in each. */
  command: (round: number) => Words;
  /** Containers that are to run when it was given again. */
  running: readonly string[];
}

interface Words {
  args: readonly string[];
  input?: string;
}

const test = suite('a crash before and after every effect');

const web = (spec: object = {}): string =>
  containerText('web', { terminationGracePeriodSeconds: 1, ...spec });
const duo = (spec: object = {}): string =>
  podText('duo', {
    initContainers: [{ name: 'first', command: ['true'] }],
    containers: [{ name: 'main', ...spec }],
  });

const apply = (input: string): Words => ({ args: ['apply', '-f', '-', '--wait', '--timeout', '20s'], input });
const doTo = (...args: string[]): Words => ({ args });
const withVariable = (round: number): object => ({ env: [{ name: 'A', value: String(round) }] });
const withImage = (round: number): object => ({ image: `localhost/demo:${String(1 + Math.abs(round % 2))}` });

const GONE = doTo('delete', 'container/web', '--ignore-not-found');
const POD_GONE = doTo('delete', 'pod/duo', '--ignore-not-found');
const START = doTo('start', 'container/web');
const STOP = doTo('stop', 'container/web');

const SCENES: readonly Scene[] = [
  { title: 'create', before: [GONE], command: () => apply(web()), running: ['web'] },
  { title: 'stop', before: [apply(web()), START], command: () => STOP, running: [] },
  { title: 'start', before: [apply(web()), STOP], command: () => START, running: ['web'] },
  {
    title: 'a restart',
    before: [],
    command: (round) => apply(web(withVariable(round))),
    running: ['web'],
  },
  {
    title: 'another image',
    before: [],
    command: (round) => apply(web(withImage(round))),
    running: ['web'],
  },
  {
    title: 'delete',
    before: [apply(web())],
    command: () => doTo('delete', 'container/web'),
    running: [],
  },
  { title: 'create a pod', before: [POD_GONE], command: () => apply(duo()), running: ['duo.main'] },
  {
    title: 'restart a member',
    before: [],
    command: (round) => apply(duo(withVariable(round))),
    running: ['duo.main'],
  },
  {
    title: 'stop a pod',
    before: [apply(duo()), doTo('start', 'pod/duo')],
    command: () => doTo('stop', 'pod/duo'),
    running: [],
  },
  { title: 'delete a pod', before: [apply(duo())], command: () => doTo('delete', 'pod/duo'), running: [] },
];

/** For a closer look at one of them: `CRASH_SCENE=stop`. */
const chosen = SCENES.filter(({ title }) => [undefined, title].includes(process.env['CRASH_SCENE']));

/** On a machine that is busy with other things not all can be had in the time of one test file; `CRASH_SECONDS=9999` has all. */
const BUDGET_MS = Number(process.env['CRASH_SECONDS'] ?? 100) * 1000;
const SIDE_BY_SIDE = 2;

test('leaves nothing that giving the command again does not make good', async () => {
  const begunMs = performance.now();
  const queue = [...chosen];
  const played: Played[] = [];
  const playAll = async (): Promise<void> => {
    for (let scene = queue.pop(); scene !== undefined; scene = queue.pop()) {
      const leftMs = begunMs + BUDGET_MS - performance.now();
      played.push(await play(scene, leftMs / Math.ceil((queue.length + 1) / SIDE_BY_SIDE)));
    }
  };
  await Promise.all(Array.from({ length: SIDE_BY_SIDE }, playAll));
  const sum = (key: 'crashes' | 'leftOut'): number => played.reduce((total, each) => total + each[key], 0);
  const seconds = ((performance.now() - begunMs) / 1000).toFixed(0);
  console.log(
    `${String(sum('crashes'))} crashes in ${seconds} s, ${String(sum('leftOut'))} left out for lack of time`,
  );
  assert.equal(
    played.flatMap(({ failures }) => failures),
    [],
  );
});

interface Played {
  crashes: number;
  leftOut: number;
  failures: string[];
}

/** Plays one scene on an instance of its own, once for each place where it can be killed, as far as the time goes. */
async function play(scene: Scene, timeMs: number): Promise<Played> {
  const deadlineMs = performance.now() + timeMs;
  const root = await newRoot();
  const failures: string[] = [];
  let crashes = 0;
  try {
    const faults = spreadOut(withoutTwins(await effectsOf(root, scene)));
    for (const fault of faults) {
      if (crashes > 0 && performance.now() > deadlineMs) break;
      crashes += 1;
      const problem = await crash(root, scene, { fault, round: crashes }).catch(String);
      if (problem === null) continue;
      console.log(`${scene.title}, ${fault}: ${problem}`);
      failures.push(`${scene.title}, ${fault}: ${problem}`);
    }
    for (const name of ['container/web', 'pod/duo']) {
      await root.output(['delete', name, '--ignore-not-found']);
    }
    const left = await leftOfInstance(root);
    if (left.length > 0) failures.push(`${scene.title}: left ${left.join('; ')}`);
    console.log(`${scene.title}: ${String(crashes)} of ${String(faults.length)} places to crash`);
    return { crashes, leftOut: faults.length - crashes, failures };
  } finally {
    await root.remove();
  }
}

/** In an order of which every beginning is spread over the whole. */
function spreadOut(faults: readonly string[]): string[] {
  const stride = 7;
  return Array.from({ length: stride }, (_, offset) =>
    faults.filter((_fault, index) => index % stride === (offset * 3) % stride),
  ).flat();
}

async function newRoot(): Promise<TestRoot> {
  const root = await createTestRoot();
  await importDemoImage(root);
  await root.output(['image', 'import', `oci-archive:${await demoImageArchive()}`, 'localhost/demo:2']);
  return root;
}

/** All effects of the command when there is something to do. */
async function effectsOf(root: TestRoot, scene: Scene): Promise<string[]> {
  // Whatever the command changes is there first.
  const before = scene.before.length === 0 ? [scene.command(-1)] : scene.before;
  for (const words of before) await give(root, words);
  const { args, input } = scene.command(0);
  return recordEffects(root, args, input);
}

async function give(root: TestRoot, { args, input }: Words): Promise<void> {
  await root.output(args, input === undefined ? {} : { input });
}

/** Crashes there and gives the command again. Returns what is not as it should be, or null. */
async function crash(
  root: TestRoot,
  scene: Scene,
  { fault, round }: { fault: string; round: number },
): Promise<string | null> {
  for (const words of scene.before) await give(root, words);
  const { args, input = '' } = scene.command(round);
  const killed = await root.tsctr(args, { input, env: { TSCTR_FAULT: fault } });
  if (killed.exitCode !== null) return `was not killed: ${killed.stdout}${killed.stderr}`;
  const again = await root.tsctr(args, { input });
  // Who has crashed after the last effect of a delete may find nothing more to delete.
  const isGone = again.exitCode === 1 && args[0] === 'delete' && /there is none|not found/.test(again.stderr);
  if (again.exitCode !== 0 && !isGone) return `again: ${again.stdout}${again.stderr}`;
  return notAsWished(root, scene);
}

async function notAsWished(root: TestRoot, { running }: Scene): Promise<string | null> {
  for (const name of running) {
    const record = await storedState(root, name);
    if (record?.state !== 'Running' || record.intent !== null) return `${name} is ${JSON.stringify(record)}`;
    killProcess(record.pid, 0);
  }
  // A monitor, its container with its child, and an overlay with what is mounted in it are there once for each.
  const hasNoMore = async (): Promise<boolean> => {
    const { processes, mounts } = await takeInstanceSnapshot(root);
    const own = mounts.filter((mount) => mount.startsWith(root.directory));
    return (
      processes.filter((line) => line.includes('/conmon ')).length === running.length &&
      processes.length <= 3 * running.length &&
      own.filter((mount) => mount.endsWith('(overlay)')).length === running.length
    );
  };
  await until(hasNoMore, {
    what: `${String(running.length)} containers and no more are there`,
    timeoutMs: 5000,
  });
  return null;
}

test.run();
