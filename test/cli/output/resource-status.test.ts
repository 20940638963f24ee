import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { containerWords, viewContainer, viewPod } from '../../../cli/output/resource-status.ts';
import type { ContainerRecord, PodRecord } from '../../../schemas/index.ts';
import { ago, containerRecord, memberRecord, MINUTE, NOW, podRecord, SPEC } from '../support/records.ts';

const exit = (code: number, oomKilled = false) => ({ code, finishedAt: ago(MINUTE), oomKilled });

const CASES: [string, Partial<ContainerRecord>, string, string][] = [
  ['running', {}, 'Running', ''],
  ['restored counts as running', { state: 'Restored' }, 'Running', 'restored'],
  ['not made yet', { state: 'Configured' }, 'Pending', ''],
  ['being made', { state: 'Configured', intent: { verb: 'create', since: ago(0) } }, 'Creating', ''],
  ['an update of a running one is no news', { intent: { verb: 'update', since: ago(0) } }, 'Running', ''],
  ['being removed', { deletionRequestedAt: ago(0), intent: { verb: 'stop', since: ago(0) } }, 'Removing', ''],
  ['ended well', { state: 'Exited', exit: exit(0) }, 'Exited (0)', ''],
  ['ended, resources still held', { state: 'Stopped', exit: exit(3) }, 'Exited (3)', ''],
  [
    'stopped by hand',
    { state: 'Exited', exit: exit(143), override: 'Stopped' },
    'Exited (143)',
    'stopped by hand',
  ],
  ['out of memory', { state: 'Exited', exit: exit(137, true) }, 'Exited (137)', 'out of memory'],
  [
    'unknown exit',
    { state: 'Exited', exit: exit(-1) },
    'Exited (-1)',
    'exit code unknown: its monitor is gone',
  ],
  ['paused by hand', { state: 'Paused', override: 'Paused' }, 'Paused', 'paused by hand'],
  [
    'back-off with the reason',
    {
      state: 'Exited',
      exit: exit(1),
      backoffUntil: new Date(NOW + 12_000).toISOString(),
      lastError: 'no space',
    },
    'Exited (1)',
    'back-off, next try in 12 s; no space',
  ],
  [
    'back-off that is over',
    { state: 'Exited', exit: exit(1), backoffUntil: ago(5) },
    'Exited (1)',
    'back-off, next try now',
  ],
  [
    'could not be made',
    { state: 'Configured', lastError: 'image x: not found' },
    'Pending',
    'image x: not found',
  ],
];

for (const [title, changes, status, note] of CASES) {
  test(`a container: ${title}`, () => {
    assert.equal(containerWords(containerRecord('web', changes), NOW), { status, note });
  });
}

test('a container that has given up says so', () => {
  const record = containerRecord('web', { state: 'Exited', exit: exit(1), failuresInRow: 4 });
  const spec = {
    ...SPEC,
    restartBackoff: { initialSeconds: 10, maxSeconds: 300, resetAfterSeconds: 600, maxRetries: 3 },
  };
  if (record.manifest !== null) record.manifest = { ...record.manifest, spec };
  assert.is(containerWords(record, NOW).note, 'gave up after 4 tries');
});

test('conditions tell why something is not as wished', () => {
  const asWished = (changes: Partial<ContainerRecord>): string => {
    const condition = viewContainer(containerRecord('web', changes), NOW).conditions.find(
      (c) => c.type === 'AsWished',
    );
    return `${condition?.status ?? ''} ${condition?.reason ?? ''}`;
  };
  assert.is(asWished({}), 'True AsWished');
  assert.is(asWished({ state: 'Configured' }), 'Unknown Pending', 'nobody has looked at it yet');
  assert.is(asWished({ lastError: 'x' }), 'False Failed');
  assert.is(asWished({ backoffUntil: ago(0) }), 'False BackOff');
  assert.is(asWished({ override: 'Stopped' }), 'False StoppedByHand');
});

function podWith(
  members: ContainerRecord[],
  change: { init?: string[]; policy?: 'Always' | 'Never' } & Partial<PodRecord> = {},
): string {
  const { init = [], policy = 'Always', ...rest } = change;
  const pod = podRecord('db', ['a', 'b'], rest);
  pod.manifest.spec.restartPolicy = policy;
  pod.manifest.spec.initContainers = init.map((name) => ({ name, image: 'x' }));
  const { status, ready, note } = viewPod(pod, members, NOW);
  return [status, `${ready.ready}/${ready.total}`, note].join(' ').trim();
}

const ended = (code: number): Partial<ContainerRecord> => ({
  state: 'Exited',
  ready: false,
  pid: null,
  exit: exit(code),
});

test('a pod sums up its containers', () => {
  const a = memberRecord('db', 'a');
  const b = memberRecord('db', 'b');
  assert.is(podWith([]), 'Pending 0/2');
  assert.is(podWith([a, b]), 'Running 2/2');
  assert.is(podWith([a, memberRecord('db', 'b', ended(0))], { policy: 'Never' }), 'Running 1/2');
  assert.is(
    podWith([memberRecord('db', 'a', ended(0)), memberRecord('db', 'b', ended(0))], { policy: 'Never' }),
    'Succeeded 0/2',
  );
  assert.is(
    podWith([memberRecord('db', 'a', ended(0)), memberRecord('db', 'b', ended(2))], { policy: 'Never' }),
    'Failed 0/2',
  );
  assert.is(podWith([a, b], { deletionRequestedAt: ago(0) }), 'Removing 2/2');
});

test('a pod whose containers end says so until the last of them has ended', () => {
  const a = memberRecord('db', 'a');
  const stopping = memberRecord('db', 'b', { state: 'Stopping', intent: { verb: 'stop', since: ago(0) } });
  const gone = memberRecord('db', 'a', ended(0));
  assert.is(podWith([gone, stopping]), 'Stopping 1/2');
  assert.is(podWith([a, stopping]), 'Running 2/2', 'one of them is restarted');
  const byHand = { override: 'Stopped' } as const;
  assert.is(podWith([a, stopping], byHand), 'Stopping 2/2 stopped by hand', 'one after the other');
  assert.is(podWith([gone, memberRecord('db', 'b', ended(0))], byHand), 'Stopped 0/2 stopped by hand');
  const init = memberRecord('db', 'first', { state: 'Stopping', ready: false });
  assert.is(podWith([init], { init: ['first'] }), 'Stopping 0/2');
});

test('a pod counts its init containers, and does not count them as ready', () => {
  const first = memberRecord('db', 'first', ended(0));
  const second = memberRecord('db', 'second', { ready: false });
  const init = ['first', 'second'];
  assert.is(podWith([first, second], { init }), 'Init:1/2 0/2');
  assert.is(podWith([memberRecord('db', 'first', ended(1))], { init, policy: 'Never' }), 'Failed 0/2');
  const done = [
    first,
    memberRecord('db', 'second', ended(0)),
    memberRecord('db', 'a'),
    memberRecord('db', 'b'),
  ];
  assert.is(podWith(done, { init }), 'Running 2/2');
});

test("a pod's note names the container that has something to say", () => {
  const broken = memberRecord('db', 'b', { ...ended(1), backoffUntil: new Date(NOW + 5000).toISOString() });
  assert.is(podWith([memberRecord('db', 'a'), broken]), 'Running 1/2 b: back-off, next try in 5 s');
});

test.run();
