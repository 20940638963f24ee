import type {
  CheckpointName,
  CheckpointService,
  CreateCheckpointRequest,
  RestoreRequest,
} from '../api/checkpoint-service.ts';
import type { ApplyEvent, ApplySummary, ResourceName } from '../api/service.ts';
import { keptCheckpointsOf } from '../../schemas/index.ts';
import { BadRequestError, checkpointAllowances, NotFoundError } from '../../reconciler/index.ts';
import type { Instance } from './instance.ts';
import { viewCheckpoints } from './checkpoint-views.ts';

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
    async create({ names, ...wish }: CreateCheckpointRequest, onEvent, signal) {
      const { reconciler } = await writer();
      await reconciler.checkpoint({ names, wish });
      return settle(names, onEvent, signal);
    },
    async restore({ names, archive, image, ...how }: RestoreRequest, onEvent, signal) {
      const { reconciler, engine } = await writer();
      if (image !== undefined) {
        await engine.images.ensure(image, 'IfNotPresent', signal === undefined ? {} : { signal });
      }
      await reconciler.restore({
        names,
        wish: { archive, ...how, ...(image === undefined ? {} : { image }) },
      });
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
    key: async () => (await writer()).engine.containers.archiveKey(),
    async declared() {
      return viewCheckpoints(await reader());
    },
    async remove(checkpoints) {
      const instance = await writer();
      for (const name of checkpoints) refuseRemoval(instance, name);
      for (const name of checkpoints)
        await instance.runner.removeCheckpoint({ kind: 'remove-checkpoint', ...name });
    },
  };
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
