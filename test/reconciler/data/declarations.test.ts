import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { AcceptOptions, DataChange } from '../../../reconciler/index.ts';
import { configMap, secret, volumeClaim, volumeManifest } from '../../../schemas/index.ts';
import type { Manifest } from '../../../schemas/index.ts';
import { containerManifest, createFakeWorld, startFakeProcess } from '../../support/fake-process.ts';
import type { FakeProcess } from '../../support/fake-process.ts';
import { rejectionOf } from '../../support/rejection.ts';

const FILE = '/etc/web.yaml';

const volume = (name: string, spec: object = {}): Manifest =>
  volumeManifest.parse({ apiVersion: 'tsctr.dev/v1', kind: 'Volume', metadata: { name }, spec });
const user = (claimName: string): Manifest =>
  containerManifest('db', {
    volumes: [{ name: 'v', persistentVolumeClaim: { claimName } }],
    volumeMounts: [{ name: 'v', mountPath: '/v' }],
  });
const secretOf = (stringData: Record<string, string>, rotation?: object): Manifest =>
  secret.parse({ apiVersion: 'tsctr.dev/v1', kind: 'Secret', metadata: { name: 's' }, stringData, rotation });

function options(given: Partial<AcceptOptions> = {}): AcceptOptions {
  return { source: 'apply', prune: null, conflicts: 'refuse', ...given };
}

async function apply(
  { reconciler }: FakeProcess,
  manifests: readonly Manifest[],
  given: Partial<AcceptOptions> = {},
): Promise<readonly DataChange[]> {
  const owned = manifests.map((manifest) => ({ manifest, file: FILE }));
  const { data, resources } = await reconciler.accept(owned, options(given));
  await reconciler.settle(resources, { waitMs: null });
  await reconciler.reapVolumes();
  return data;
}

function plan(
  { reconciler }: FakeProcess,
  manifests: readonly Manifest[],
  given: Partial<AcceptOptions> = {},
) {
  const owned = manifests.map((manifest) => ({ manifest, file: FILE }));
  return reconciler.plan(owned, options(given));
}

const shortly = (changes: readonly DataChange[]): string[] =>
  changes.map(({ kind, name, change }) => `${kind} ${name} ${change}`);

async function volumeNames({ engine }: FakeProcess): Promise<string[]> {
  return (await engine.volumes.list()).map(({ name }) => name);
}

test('a volume is declared, declared anew, and, with policy Retain, only released when its manifest goes', async () => {
  const process = startFakeProcess(createFakeWorld());
  assert.equal(shortly(await apply(process, [volume('data')])), ['Volume data new']);
  assert.equal(shortly(await apply(process, [volume('data')])), ['Volume data unchanged']);
  assert.equal(shortly(await apply(process, [], { prune: new Set([FILE]) })), ['Volume data released']);
  const [kept] = await process.engine.volumes.list();
  assert.is(kept?.declaration, null);
  assert.is(kept?.isCondemned, false);
  assert.equal(shortly(await apply(process, [], { prune: new Set([FILE]) })), [], "it is nobody's now");
});

test('with policy Delete it goes when nothing uses it any more, and not before', async () => {
  const process = startFakeProcess(createFakeWorld());
  const condemned = volume('data', { reclaimPolicy: 'Delete' });
  await apply(process, [condemned, user('data')]);
  const changes = await apply(process, [user('data')], { prune: new Set([FILE]) });
  assert.equal(shortly(changes), ['Volume data removed']);
  assert.match(changes[0]?.note ?? '', 'when nothing uses it any more');
  assert.equal(await volumeNames(process), ['data'], 'the container still has it');
  await apply(process, [], { prune: new Set([FILE]) });
  assert.equal(await volumeNames(process), [], 'the container has gone, and the volume after it');
});

test('the daemon removes what is to go when the last user has gone', async () => {
  const world = createFakeWorld();
  const process = startFakeProcess(world);
  await process.reconciler.start({ rebooted: false });
  await apply(process, [volume('data', { reclaimPolicy: 'Delete' }), user('data')]);
  const { reconciler } = process;
  await reconciler.accept([], options({ prune: new Set([FILE]) }));
  reconciler.wake();
  await world.clock.flush();
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(await volumeNames(process), []);
  assert.equal(process.errors, []);
  await reconciler.stop();
});

test("another source's volume is neither changed nor deleted", async () => {
  const process = startFakeProcess(createFakeWorld());
  await apply(process, [volume('data')], { source: 'directory' });
  assert.match(
    (await rejectionOf(apply(process, [volume('data'), secretOf({ a: '1' })]))).message,
    'apply volume/data: it belongs to directory /etc/web.yaml',
  );
  assert.equal(await process.engine.data.list(), [], 'nothing else was accepted either');
  const names = [{ kind: 'Volume', name: 'data' } as const];
  const refused = await rejectionOf(process.reconciler.requestDataRemoval(names, { force: false }));
  assert.match(refused.message, 'delete volume/data: it belongs to directory');
  assert.equal(shortly(await process.reconciler.requestDataRemoval(names, { force: true })), [
    'Volume data released',
  ]);
});

test('[volume.busy] deleting a declared volume is refused before anything is done while something else uses it', async () => {
  const process = startFakeProcess(createFakeWorld());
  const claim = volumeClaim.parse({
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name: 'data', annotations: { 'tsctr.dev/reclaim-policy': 'Delete' } },
  });
  await apply(process, [claim, user('data')]);
  const { reconciler } = process;
  const names = [{ kind: 'PersistentVolumeClaim', name: 'data' } as const];
  const refused = await rejectionOf(reconciler.checkDataRemoval(names, { force: true, leaving: [] }));
  assert.is(refused.message, 'delete persistentvolumeclaim/data: container/db uses it; delete that first');
  const leaving = [{ kind: 'Container', name: 'db' } as const];
  await reconciler.checkDataRemoval(names, { force: true, leaving });
  assert.equal(await volumeNames(process), ['data']);
});

test('a dry run says which keys differ and whom that concerns, and never a value', async () => {
  const process = startFakeProcess(createFakeWorld());
  const db = containerManifest('db', { secrets: [{ name: 's' }] });
  const config = (data: Record<string, string>): Manifest =>
    configMap.parse({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'c' }, data });
  assert.equal(await plan(process, [secretOf({ a: 'secret-1' })]), [
    {
      resource: { kind: 'Secret', name: 's' },
      action: 'create',
      reasons: ['does not exist yet', 'data[a]: added'],
    },
  ]);
  await apply(process, [
    secretOf({ a: 'secret-1', b: 'secret-2' }, { policy: 'restart' }),
    config({ x: '1' }),
    db,
  ]);
  const changed = [
    secretOf({ a: 'secret-3', c: 'secret-4' }, { policy: 'restart' }),
    config({ x: '1' }),
    volume('data'),
  ];
  const planned = await plan(process, changed, { prune: new Set([FILE]) });
  assert.equal(
    planned.filter(({ resource }) => resource.kind !== 'Container'),
    [
      {
        resource: { kind: 'Secret', name: 's' },
        action: 'in place',
        reasons: ['data[a]: changed', 'data[b]: removed', 'data[c]: added', 'container/db: restarted'],
      },
      { resource: { kind: 'ConfigMap', name: 'c' }, action: 'none', reasons: ['is as wished'] },
      { resource: { kind: 'Volume', name: 'data' }, action: 'create', reasons: ['does not exist yet'] },
    ],
  );
  assert.not.match(JSON.stringify(planned), 'secret-');
  assert.equal(await volumeNames(process), [], 'nothing was made');
  const pruned = await plan(process, [], { prune: new Set([FILE]) });
  assert.equal(
    pruned.map(({ resource, action }) => `${resource.kind} ${action}`),
    ['Secret remove', 'ConfigMap remove', 'Container remove'],
  );
});

test.run();
