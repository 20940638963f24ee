import { fromPromise } from 'xstate';
import { isoTime } from '../reconciler/index.ts';
import type { PodRecord } from '../schemas/index.ts';
import type { ContainerEffectDeps } from './effect-journal.ts';

/** A pod's record went away while something was done to it. */
export class PodRecordGoneError extends Error {
  override readonly name = 'PodRecordGoneError';
  readonly code = 'RECORD_GONE';

  constructor(pod: string) {
    super(`read record of pod/${pod}: there is none; apply its manifest again`);
  }
}

/** The effects of the pod machine: intent, effect, result, each durable. They resolve with whether the pod is prepared. */
export function createPodActors(deps: ContainerEffectDeps) {
  const { engine, records, clock } = deps;

  async function edit(pod: string, change: (record: PodRecord) => PodRecord): Promise<PodRecord> {
    const record = await records.pods.edit(pod, change);
    if (record === null) throw new PodRecordGoneError(pod);
    return record;
  }

  /** What was asked of the init containers holds for the namespaces that they ran in: new ones want them to run again. */
  async function rerunInitContainers(pod: PodRecord): Promise<void> {
    const members = records.containers.list().filter((record) => record.pod === pod.name);
    for (const { name } of members.filter((record) => record.request?.pod?.init === true)) {
      await records.containers.edit(name, (record) =>
        record.exit === null ? record : { ...record, previousExit: record.exit, exit: null },
      );
    }
  }

  async function change(
    pod: string,
    verb: 'prepare' | 'release',
    run: (record: PodRecord) => Promise<void>,
  ): Promise<boolean> {
    const since = isoTime(clock.now());
    const record = await edit(pod, (present) => ({ ...present, intent: { verb, since } }));
    try {
      await run(record);
    } catch (error) {
      // The intent stays: half of it may be there, and only doing it again makes that good.
      const message = error instanceof Error ? error.message : String(error);
      await edit(pod, (present) => ({ ...present, prepared: false, lastError: message }));
      throw error;
    }
    if (verb === 'release') {
      // Another intent follows, or the end of the record. After a crash before it there is this one's intent, and releasing again does no harm.
      const released = await records.pods.note(pod, (present) => concluded(present, false));
      if (released === null) throw new PodRecordGoneError(pod);
      return false;
    }
    // Members are made in these namespaces: from then on they must be known to be the right ones.
    await edit(pod, (present) => concluded(present, true));
    return true;
  }

  return {
    recover: fromPromise<boolean, { pod: string }>(async ({ input }) => {
      // Whatever a crash interrupted, the namespaces are not to be relied on.
      const record = await edit(input.pod, (present) =>
        present.intent === null || !present.prepared ? present : { ...present, prepared: false },
      );
      return record.prepared;
    }),
    prepare: fromPromise<boolean, { pod: string }>(({ input }) =>
      change(input.pod, 'prepare', async (record) => {
        await engine.pods.prepare(record);
        await rerunInitContainers(record);
      }),
    ),
    release: fromPromise<boolean, { pod: string }>(({ input }) =>
      change(input.pod, 'release', (record) => engine.pods.release(record)),
    ),
  };
}

function concluded(record: PodRecord, prepared: boolean): PodRecord {
  return { ...record, prepared, intent: null, lastError: null };
}
