import { keptCheckpointsOf, type ContainerRecord, type KeptCheckpoint } from '../../../schemas/index.ts';
import type { ResourceView } from '../../api/service.ts';
import { CliError } from '../../command-line/cli-error.ts';

/** A container with a checkpoint that it has. */
export interface Kept {
  name: string;
  record: ContainerRecord;
  checkpoint: KeptCheckpoint;
}

/** Of containers, and of the members of pods; of each the newest first. */
export function keptCheckpoints(views: readonly ResourceView[]): Kept[] {
  return views
    .flatMap(({ record, members }) => (record.kind === 'Container' ? [record] : members))
    .flatMap((record) =>
      keptCheckpointsOf(record).map((checkpoint) => ({ name: record.name, record, checkpoint })),
    );
}

/** A container as it was typed, and which of its checkpoints: `web@3`, `container/web`. */
export interface TypedCheckpoint {
  name: string;
  /** Null: none was named. */
  id: number | null;
}

export function parseCheckpointName(word: string): TypedCheckpoint {
  const [, name = word, id] = /^(?:container\/)?(.*?)(?:@(\d+))?$/.exec(word) ?? [];
  return { name, id: id === undefined ? null : Number(id) };
}

export function formatCheckpointName({ name, checkpoint }: Pick<Kept, 'name' | 'checkpoint'>): string {
  return `${name}@${String(checkpoint.id)}`;
}

/** Those that are meant, newest first: all of a container of which none was named. */
export function matching(kept: readonly Kept[], { name, id }: TypedCheckpoint): Kept[] {
  return kept.filter((each) => each.name === name && (id === null || each.checkpoint.id === id));
}

/** As `matching`; none is an error. */
export function requireMatching(kept: readonly Kept[], word: string, command: string): [Kept, ...Kept[]] {
  const typed = parseCheckpointName(word);
  const [first, ...others] = matching(kept, typed);
  if (first !== undefined) return [first, ...others];
  const found = typed.id === null ? 'has none' : `has none of number ${String(typed.id)}`;
  throw new CliError(
    'NOT_FOUND',
    `checkpoint ${command}: container/${typed.name} ${found}`,
    'see what there is with: tsctr checkpoint list',
  );
}
