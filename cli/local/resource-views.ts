import type { ResourceView } from '../api/service.ts';
import { viewContainer, viewPod } from '../output/resource-status.ts';
import type { Instance } from './instance.ts';

/** What is wrong with a file that a source follows, in words; empty when it is in order. */
export type ProblemsIn = (file: string) => readonly string[];

/** All resources as `get` shows them: what is on record, checked against the host and against the files it came from. */
export async function viewResources(instance: Instance, problemsIn: ProblemsIn): Promise<ResourceView[]> {
  const { records, runner } = instance;
  const now = Date.now();
  const containers = await Promise.all(
    records.containers.list().map(async (record) => (await runner.observe(record)).record),
  );
  const views = [
    ...containers.filter(({ pod }) => pod === null).map((record) => viewContainer(record, now)),
    ...records.pods.list().map((record) =>
      viewPod(
        record,
        containers.filter(({ pod }) => pod === record.name),
        now,
      ),
    ),
  ];
  return views.map((view) => withProblems(view, problemsIn(view.record.owner.file)));
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
