import { createListeners } from './listeners.ts';
import type { ResourceName } from './resource-key.ts';

/** What can happen to a resource. */
export const EVENT_TYPES = [
  'init',
  'start',
  'stop',
  'restart',
  'died',
  'pause',
  'unpause',
  'checkpoint',
  'restore',
  'export',
  'update',
  'cleanup',
  'remove',
  'health',
] as const;

export type EventType = (typeof EVENT_TYPES)[number];

/** One thing that happened: for the daemon's log, `events` and `describe`. */
export interface ResourceEvent {
  /** ISO 8601 in UTC. */
  time: string;
  type: EventType;
  resource: ResourceName;
  /** Of the instance; null where there is none. */
  id: string | null;
  /** `exitCode` of `died`, `status` of `health`, `image`, `pid` … */
  attributes: Readonly<Record<string, string>>;
}

export interface EventBus {
  emit(event: ResourceEvent): void;
  /** Returns a function that ends the subscription. */
  subscribe(listener: (event: ResourceEvent) => void): () => void;
}

/** One bus for all resources. A listener that throws is the business of `onListenerError`, never of the emitter. */
export function createEventBus(options: { onListenerError: (error: unknown) => void }): EventBus {
  const listeners = createListeners<ResourceEvent>(options.onListenerError);
  return {
    emit: (event) => {
      listeners.tell(event);
    },
    subscribe: (listener) => listeners.add(listener),
  };
}
