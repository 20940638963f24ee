import type { DataComparison, Engine } from '../../engine/index.ts';
import type { RecordsView } from '../wish/acceptance.ts';
import { chooseData, type OwnedData } from './data-manifests.ts';
import { namesOfUsers, usersOfData } from './data-users.ts';
import type { PlannedChange } from '../wish/dry-plan.ts';
import type { AcceptOptions, OwnedManifest } from '../wish/owned-manifest.ts';
import type { PlannedAction } from '../plan/plan.ts';
import { chooseVolumes, fateOf } from './volume-manifests.ts';

/** What accepting config maps, secrets and volumes would do. Values are told of nobody: keys only. Changes nothing. */
export async function planDataDry(
  engine: Pick<Engine, 'data' | 'volumes'>,
  manifests: readonly OwnedManifest[],
  { options, records }: { options: AcceptOptions; records: RecordsView },
): Promise<PlannedChange[]> {
  const { wanted, dropped } = await chooseData(engine, manifests, options);
  const changes: PlannedChange[] = [];
  for (const each of wanted) changes.push(await planOne(engine, records, each));
  for (const { kind, name } of dropped) {
    const reasons = ['its manifest is gone; containers keep what they were made with'];
    changes.push({ resource: { kind, name }, action: 'remove', reasons });
  }
  const volumes = await chooseVolumes(engine, manifests, options);
  for (const { volume, comparison } of volumes.wanted) {
    const action = ACTIONS[comparison.change];
    const reasons = action === 'none' ? ['is as wished'] : comparison.reasons;
    changes.push({ resource: { kind: volume.declaration.kind, name: volume.name }, action, reasons });
  }
  for (const volume of volumes.dropped) {
    const resource = { kind: volume.declaration.kind, name: volume.name };
    changes.push({ resource, action: 'remove', reasons: [`its manifest is gone; ${fateOf(volume)}`] });
  }
  return changes;
}

const ACTIONS: Readonly<Record<DataComparison['change'], PlannedAction>> = {
  new: 'create',
  changed: 'in place',
  unchanged: 'none',
};

async function planOne(
  engine: Pick<Engine, 'data'>,
  records: RecordsView,
  { manifest }: OwnedData,
): Promise<PlannedChange> {
  const { kind, metadata } = manifest;
  const resource = { kind, name: metadata.name };
  const { change, keys, rotation } = await engine.data.compare(manifest);
  const action = ACTIONS[change];
  if (action === 'none') return { resource, action, reasons: ['is as wished'] };
  const reasons = Object.entries(keys).map(([key, what]) => `data[${key}]: ${what}`);
  const first = action === 'create' ? ['does not exist yet'] : [];
  const users =
    action === 'create'
      ? []
      : namesOfUsers(await usersOfData(engine, records, new Set([`${kind.toLowerCase()}/${metadata.name}`])));
  const effect = users.length === 0 ? [] : [`${users.join(', ')}: ${EFFECTS[rotation.policy]}`];
  return { resource, action, reasons: [...first, ...reasons, ...effect] };
}

const EFFECTS: Readonly<Record<DataComparison['rotation']['policy'], string>> = {
  update: 'files change in place, variables at the next start',
  restart: 'restarted',
  signal: 'files change in place, and the first process gets a signal',
};
