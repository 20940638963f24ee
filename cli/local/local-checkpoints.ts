import type {
  CheckpointName,
  CheckpointService,
  CreateCheckpointRequest,
  RestoreRequest,
} from '../api/checkpoint-service.ts';
import type { ApplyEvent, ApplySummary, ResourceName } from '../api/service.ts';
import { keptCheckpointsOf, withKept } from '../../schemas/index.ts';
import { BadRequestError, checkpointAllowances, NotFoundError } from '../../reconciler/index.ts';
import type { Instance } from './instance.ts';

/** What the rest of the local service does for it. */
export interface LocalCheckpointDeps {
  reader: () => Promise<Instance>;
  writer: () => Promise<Instance>;
  settle: (
    names: readonly ResourceName[],
    onEvent: (event: ApplyEvent) => void,
    signal: AbortSignal | undefined,
  ) => Promise<ApplySummary>;
}

export function localCheckpoints({ reader, writer, settle }: LocalCheckpointDeps): CheckpointService {
  return {
    async create({ names, image, ...wish }: CreateCheckpointRequest, onEvent, signal) {
      const { reconciler, engine } = await writer();
      if (image === undefined) {
        await reconciler.checkpoint({ names, wish });
        return settle(names, onEvent, signal);
      }
      const report = (event: ApplyEvent): void => {
        if (event.what !== 'exported') onEvent(event);
      };
      const failed: ApplySummary[] = [];
      const place = { compression: 'none', leaveOut: wish.archive?.leaveOut ?? [] } as const;
      try {
        const packed = await engine.images.packCheckpoint(image, async (file) => {
          await reconciler.checkpoint({ names, wish: { ...wish, archive: { ...place, file } } });
          const summary = await settle(names, report, signal);
          failed.push(summary);
          if (summary.failed > 0) throw new NothingSavedError();
        });
        for (const resource of names)
          onEvent({ resource, what: 'exported', detail: `image ${packed.names.join(', ')}` });
      } catch (error) {
        if (!(error instanceof NothingSavedError)) throw error;
      }
      const [summary] = failed;
      if (summary === undefined) throw new NothingSavedError();
      return summary;
    },
    async restore({ names, archive, image, ignore }: RestoreRequest, onEvent, signal) {
      const { reconciler, engine } = await writer();
      let from = archive;
      if (image !== undefined) {
        await engine.images.ensure(image, 'IfNotPresent', signal === undefined ? {} : { signal });
        from = await engine.images.checkpointArchive(image);
      }
      await reconciler.restore({ names, wish: { archive: from, ignore } });
      return settle(names, onEvent, signal);
    },
    async check({ container, allowances }) {
      const { engine, records } = await reader();
      const record = records.containers.get(container);
      if (record === null) throw new NotFoundError('check', { kind: 'Container', name: container });
      if (record.request === null) {
        throw new BadRequestError(`check container/${container}: it has not been created yet`);
      }
      return engine.containers.checkCheckpoint(record.request, {
        ...checkpointAllowances(record.manifest?.spec ?? record.request.spec),
        ...allowances,
      });
    },
    async remove(checkpoints) {
      const instance = await writer();
      for (const name of checkpoints) refuseRemoval(instance, name);
      for (const name of checkpoints) await removeOne(instance, name);
    },
  };
}

/** The checkpoint failed, which the summary tells of: there is nothing that an image could be made of. */
class NothingSavedError extends Error {
  override readonly name = 'NothingSavedError';
}

function refuseRemoval({ records }: Instance, { container, checkpoint }: CheckpointName): void {
  const what = `remove checkpoint of container/${container}`;
  const record = records.containers.get(container);
  if (record === null) {
    throw new NotFoundError('remove checkpoint of', { kind: 'Container', name: container });
  }
  if (!keptCheckpointsOf(record).some(({ id }) => id === checkpoint)) {
    throw new BadRequestError(
      `${what}: it has none of number ${String(checkpoint)}; see: tsctr checkpoint list`,
    );
  }
  if (record.state === 'Checkpointed' && record.checkpoint?.id === checkpoint) {
    throw new BadRequestError(
      `${what}: its memory is nowhere else; bring it back with tsctr restore ${container}, or begin anew with tsctr restart ${container}`,
    );
  }
}

async function removeOne(
  { records, engine }: Instance,
  { container, checkpoint }: CheckpointName,
): Promise<void> {
  // The record first: it must never tell of a checkpoint that is only half there.
  const record = await records.containers.edit(container, (present) => ({
    ...present,
    ...withKept(keptCheckpointsOf(present).filter(({ id }) => id !== checkpoint)),
  }));
  if (record !== null && record.request !== null) {
    await engine.containers.removeCheckpoint(record.request, checkpoint);
  }
}
