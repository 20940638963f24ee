import { isDeepStrictEqual } from 'node:util';
import type { ContainerRecord, PodRecord } from '../../schemas/index.ts';
import type { ResourceView } from '../api/service.ts';
import { viewContainer, viewPod } from '../output/resource-status.ts';
import type { Instance } from './instance.ts';

/** What is wrong with a file that a source follows, in words; empty when it is in order. */
export type ProblemsIn = (file: string) => readonly string[];

/** What is read, and of which files something is wrong. */
export interface ViewSource {
  /** The records as they are now. */
  reader(): Promise<Instance>;
  problemsIn: ProblemsIn;
}

/**
 * All resources as `get` shows them: what is on record, checked against the host and against the files it came from; and the instance
 * that has been looked at.
 */
export async function viewResources(
  source: ViewSource,
): Promise<{ views: ResourceView[]; instance: Instance }> {
  const now = Date.now();
  const { containers, pods, instance } = await readSettled(source);
  const views = [
    ...containers.filter(({ pod }) => pod === null).map((record) => viewContainer(record, now)),
    ...pods.map((record) =>
      viewPod(
        record,
        containers.filter(({ pod }) => pod === record.name),
        now,
      ),
    ),
  ];
  return {
    views: views.map((view) => withProblems(view, source.problemsIn(view.record.owner.file))),
    instance,
  };
}

/** How often others may have been at it. */
const MOST_READINGS = 5;

/**
 * The records, made to agree with the host. A reader holds no lock: where both disagree, somebody may have changed both after the records
 * were read, as a cleanup does. Then they are read again.
 */
async function readSettled(
  source: ViewSource,
): Promise<{ containers: ContainerRecord[]; pods: PodRecord[]; instance: Instance }> {
  for (let reading = 1; ; reading++) {
    const instance = await source.reader();
    const { records, runner } = instance;
    const [read, pods] = [records.containers.list(), records.pods.list()];
    const containers = await Promise.all(read.map(async (record) => (await runner.observe(record)).record));
    const corrected = read.filter((record, index) => containers[index] !== record);
    if (corrected.length === 0 || reading === MOST_READINGS) return { containers, pods, instance };
    const later = (await source.reader()).records.containers;
    if (corrected.every((record) => isDeepStrictEqual(later.get(record.name), record)))
      return { containers, pods, instance };
  }
}

/** What is there stays as it was before the file turned bad. */
function withProblems(view: ResourceView, problems: readonly string[]): ResourceView {
  const [first] = problems;
  if (first === undefined) return view;
  const note = view.note === '' ? first : `${first}; ${view.note}`;
  const conditions = view.conditions.map((condition) =>
    condition.type === 'AsWished'
      ? { ...condition, status: 'False' as const, reason: 'BadManifest', message: problems.join('; ') }
      : condition,
  );
  return { ...view, note, conditions };
}
