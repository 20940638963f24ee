import type {
  CheckpointService,
  CreateCheckpointRequest,
  RestoreRequest,
} from '../api/checkpoint-service.ts';
import type { ApplyEvent, ApplySummary, ResourceName } from '../api/service.ts';
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
    async create({ names, ...wish }: CreateCheckpointRequest, onEvent, signal) {
      const { reconciler } = await writer();
      await reconciler.checkpoint({ names, wish });
      return settle(names, onEvent, signal);
    },
    async restore({ names }: RestoreRequest, onEvent, signal) {
      const { reconciler } = await writer();
      await reconciler.restore(names);
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
    async remove(names) {
      const instance = await writer();
      const checked = names.map((name) => removable(instance, name));
      for (const { name } of checked) await removeOne(instance, name);
    },
  };
}

function removable({ records }: Instance, resource: ResourceName): ResourceName {
  const what = 'remove checkpoint of';
  const record = resource.kind === 'Container' ? records.containers.get(resource.name) : null;
  if (record === null) throw new NotFoundError(what, resource);
  if (record.checkpoint === null) {
    throw new BadRequestError(`${what} container/${record.name}: it has none; see: tsctr checkpoint list`);
  }
  if (record.state === 'Checkpointed') {
    throw new BadRequestError(
      `${what} container/${record.name}: its memory is nowhere else; bring it back with tsctr restore ${record.name}, or begin anew with tsctr restart ${record.name}`,
    );
  }
  return resource;
}

async function removeOne({ records, engine }: Instance, name: string): Promise<void> {
  // The record first: it must never tell of a checkpoint that is only half there.
  const record = await records.containers.edit(name, (present) => ({ ...present, checkpoint: null }));
  if (record !== null && record.request !== null) await engine.containers.removeCheckpoint(record.request);
}
