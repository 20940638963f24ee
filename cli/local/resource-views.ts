import type { ResourceView } from '../api/service.ts';
import { viewContainer, viewPod } from '../output/resource-status.ts';
import type { Instance } from './instance.ts';

/** All resources as `get` shows them: what is on record, checked against the host. */
export async function viewResources(instance: Instance): Promise<ResourceView[]> {
  const { records, runner } = instance;
  const now = Date.now();
  const containers = await Promise.all(
    records.containers.list().map(async (record) => (await runner.observe(record)).record),
  );
  return [
    ...containers.filter(({ pod }) => pod === null).map((record) => viewContainer(record, now)),
    ...records.pods.list().map((record) =>
      viewPod(
        record,
        containers.filter(({ pod }) => pod === record.name),
        now,
      ),
    ),
  ];
}
