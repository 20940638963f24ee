import { setTimeout } from 'node:timers/promises';
import type { ContainerRecord } from '../../schemas/index.ts';
import type { ResourceName, ResourceView, Service } from '../api/service.ts';

export interface WatchEndOptions {
  name: ResourceName;
  /** Name of the record of the container whose end is waited for. */
  record: string;
  /** Opens a service; it is closed again here. */
  service(): Promise<Service>;
  signal: AbortSignal;
}

const RECONNECT_MS = 1000;

/** Resolves when the container no longer runs, or the signal is given. A daemon that is restarted in between is waited for. */
export async function watchEnd(options: WatchEndOptions): Promise<void> {
  const { name, record, signal } = options;
  const done = new AbortController();
  const both = AbortSignal.any([signal, done.signal]);
  const isMeant = ({ resource }: ResourceView): boolean =>
    resource.kind === name.kind && resource.name === name.name;
  const look = (view: ResourceView | undefined): void => {
    const container = view === undefined ? undefined : containersOf(view).find((one) => one.name === record);
    if (!isAlive(container)) done.abort();
  };
  while (!both.aborted) {
    let service: Service | null = null;
    try {
      service = await options.service();
      let isThere = false;
      await service.watch((event) => {
        if (event.what === 'resource' && isMeant(event.view)) {
          isThere = !event.gone;
          look(isThere ? event.view : undefined);
        } else if (event.what === 'listed' && !isThere) look(undefined);
      }, both);
    } catch {
      // The log file is there whether a daemon is or not: go on, and ask again.
    } finally {
      await service?.close();
    }
    await pause(RECONNECT_MS, both);
  }
}

/** Waits, but no longer than until the signal. */
async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await setTimeout(ms, null, { signal }).catch(() => undefined);
}

/** The records of the containers of a resource. */
export function containersOf(view: ResourceView): readonly ContainerRecord[] {
  return view.record.kind === 'Container' ? [view.record] : view.members;
}

export function isAlive(record: ContainerRecord | undefined): boolean {
  if (record === undefined) return false;
  return ['Created', 'Running', 'Restored', 'Paused', 'Stopping'].includes(record.state);
}
