import type { TestRoot } from './test-root.ts';
import { until } from './until.ts';

/** What `get -o json` says of one container, as far as tests ask. */
export interface ListedStatus {
  state: string;
  status: string;
  ready: boolean;
  pid: number | null;
  containerID: string | null;
  /** Null of a pod. */
  image: string | null;
  startedAt: string | null;
  exitCode: number | null;
  oomKilled: boolean;
  restartCount: number;
  backoffUntil: string | null;
  lastError: string | null;
  note: string;
  conditions: { type: string; status: string; reason: string; message: string }[];
}

export interface ListedMember extends ListedStatus {
  name: string;
}

export interface Listed {
  kind: string;
  metadata: { name: string };
  status: ListedStatus & { initContainerStatuses?: ListedMember[]; containerStatuses?: ListedMember[] };
}

/** Everything that the instance has. */
export async function listAll(testRoot: TestRoot): Promise<Listed[]> {
  return (JSON.parse(await testRoot.output(['get', '-o', 'json'])) as { items: Listed[] }).items;
}

/** One of them, `container/web`; null when there is none. */
export async function find(testRoot: TestRoot, name: string): Promise<Listed | null> {
  const items = await listAll(testRoot);
  return items.find((item) => `${item.kind.toLowerCase()}/${item.metadata.name}` === name) ?? null;
}

/** The status of one that must be there. */
export async function statusOf(testRoot: TestRoot, name: string): Promise<Listed['status']> {
  const item = await find(testRoot, name);
  if (item === null) throw new Error(`get: expected ${name}, found none`);
  return item.status;
}

/** Waits until it is so, and returns the status that was. */
export function untilStatus(
  testRoot: TestRoot,
  name: string,
  { what, timeoutMs = 60_000 }: { what: string; timeoutMs?: number },
  isSo: (status: Listed['status']) => boolean,
): Promise<Listed['status']> {
  return until(
    async () => {
      const item = await find(testRoot, name);
      return item !== null && isSo(item.status) ? item.status : null;
    },
    { what: `${name} ${what}`, timeoutMs },
  );
}

export function untilGone(testRoot: TestRoot, name: string): Promise<true> {
  return until(async () => (await find(testRoot, name)) === null, { what: `${name} is gone` }).then(
    () => true,
  );
}
