import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { ContainerRecord } from '../../schemas/index.ts';
import type { Instance } from './tsctr.ts';

/** What stands in the record of a container, for tests that cannot wait for a `get`; null when there is none. */
export async function storedState(
  { root }: Instance,
  name: string,
): Promise<Pick<ContainerRecord, 'state' | 'pid' | 'intent'> | null> {
  const file = path.join(root, 'db/containers', `${name}.json`);
  const text = await readFile(file, 'utf8').catch(() => null);
  if (text === null) return null;
  const { state, pid, intent } = JSON.parse(text) as ContainerRecord;
  return { state, pid, intent };
}
