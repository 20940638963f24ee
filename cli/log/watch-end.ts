import type { ContainerRecord } from '../../schemas/index.ts';
import type { ResourceName, ResourceView, Service } from '../api/service.ts';

export interface WatchEndOptions {
  name: ResourceName;
  /** Name of the record of the container whose end is waited for. */
  record: string;
  /** Opens the service anew, after a daemon has gone away. */
  service(): Promise<Service>;
  signal: AbortSignal;
}

const RECONNECT_MS = 1000;

/** Resolves when the container no longer runs, or the signal is given. A daemon that is restarted in between is waited for. */
export async function watchEnd(options: WatchEndOptions): Promise<void> {
  const { name, record, signal } = options;
  const done = new AbortController();
  const both = AbortSignal.any([signal, done.signal]);
  const look = (view: ResourceView, gone: boolean): void => {
    if (view.resource.kind !== name.kind || view.resource.name !== name.name) return;
    if (gone || !isAlive(containersOf(view).find((container) => container.name === record))) done.abort();
  };
  while (!both.aborted) {
    try {
      const service = await options.service();
      const watching = service.watch(look, both);
      // What happened between the first look and the watch.
      const now = (await service.list()).find(
        ({ resource }) => resource.kind === name.kind && resource.name === name.name,
      );
      if (now === undefined) done.abort();
      else look(now, false);
      await watching;
    } catch {
      // The log file is there whether a daemon is or not: go on, and ask again.
    }
    if (!both.aborted) await new Promise((resolve) => setTimeout(resolve, RECONNECT_MS));
  }
}

/** The records of the containers of a resource. */
export function containersOf(view: ResourceView): readonly ContainerRecord[] {
  return view.record.kind === 'Container' ? [view.record] : view.members;
}

export function isAlive(record: ContainerRecord | undefined): boolean {
  if (record === undefined) return false;
  return ['Created', 'Running', 'Restored', 'Paused', 'Stopping'].includes(record.state);
}
