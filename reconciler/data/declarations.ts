import type { Engine } from '../../engine/index.ts';
import type { RecordsView } from '../wish/acceptance.ts';
import { acceptData, removeData, type DataChange, type DataName } from './data-manifests.ts';
import { usersOfData } from './data-users.ts';
import { planDataDry } from './dry-data.ts';
import type { PlannedChange } from '../wish/dry-plan.ts';
import type { AcceptOptions, OwnedManifest } from '../wish/owned-manifest.ts';
import type { RecordEditor } from '../pass/record-editor.ts';
import type { ResourceName } from '../resource-key.ts';
import { acceptVolumes, chooseRemovals, chooseVolumes, withdrawVolumes } from './volume-manifests.ts';
import { volumesInUse } from './volume-users.ts';

/** What is declared beside what runs: config maps, secrets, volumes. It has no passes: the engine keeps it, and it is done. */
export class Declarations {
  readonly #engine: Pick<Engine, 'data' | 'volumes'>;
  readonly #records: RecordEditor;
  /** False once a look has found no volume that is to go. */
  #mayHaveCondemned = true;

  constructor(engine: Pick<Engine, 'data' | 'volumes'>, records: RecordEditor) {
    this.#engine = engine;
    this.#records = records;
  }

  /** Throws, before anything is changed, where something belongs to another source or cannot be as it is asked for. */
  async accept(manifests: readonly OwnedManifest[], options: AcceptOptions): Promise<DataChange[]> {
    const volumes = await chooseVolumes(this.#engine, manifests, options);
    const data = await acceptData(this.#engine, manifests, options);
    const changes = await acceptVolumes(this.#engine, volumes);
    this.#mayHaveCondemned ||= volumes.dropped.length > 0;
    return [...data, ...changes];
  }

  plan(manifests: readonly OwnedManifest[], options: AcceptOptions): Promise<PlannedChange[]> {
    return planDataDry(this.#engine, manifests, { options, records: this.#present() });
  }

  async checkRemoval(
    names: readonly DataName[],
    { force, leaving }: { force: boolean; leaving: readonly ResourceName[] },
  ): Promise<void> {
    await chooseRemovals(this.#engine, names, { force, users: volumesInUse(this.#present(), leaving) });
  }

  async remove(names: readonly DataName[], { force }: { force: boolean }): Promise<DataChange[]> {
    const users = volumesInUse(this.#present());
    const volumes = await chooseRemovals(this.#engine, names, { force, users });
    const changes = await removeData(this.#engine, names, { force });
    const released = await withdrawVolumes(this.#engine, volumes);
    this.#mayHaveCondemned = true;
    await this.reap();
    const left = new Set((await this.#engine.volumes.list()).map(({ name }) => name));
    return [...changes, ...released.map((change) => (left.has(change.name) ? change : withoutNote(change)))];
  }

  /** Cheap where there is nothing to go. */
  async reap(): Promise<void> {
    if (!this.#mayHaveCondemned) return;
    await this.#engine.volumes.reap(volumesInUse(this.#present()));
    const left = await this.#engine.volumes.list();
    this.#mayHaveCondemned = left.some(({ isCondemned }) => isCondemned);
  }

  /** What uses data that has changed: it is to be looked at now, and is tried anew where it waited for that. */
  async usersOf(data: readonly DataChange[]): Promise<ResourceName[]> {
    const changed = data.filter(({ change }) => change === 'new' || change === 'changed');
    const keys = new Set(changed.map(({ kind, name }) => `${kind.toLowerCase()}/${name}`));
    const users = await usersOfData(this.#engine, this.#present(), keys);
    for (const { record } of users) {
      await this.#records.containers.edit(record, (present) => ({
        ...present,
        failuresInRow: 0,
        backoffUntil: null,
      }));
    }
    return users.map(({ resource }) => resource);
  }

  #present(): RecordsView {
    const { containers, pods, checkpoints } = this.#records;
    return { containers: containers.list(), pods: pods.list(), checkpoints: checkpoints.list() };
  }
}

/** It has gone already: there is nothing more to say. */
function withoutNote({ kind, name, change }: DataChange): DataChange {
  return { kind, name, change };
}
