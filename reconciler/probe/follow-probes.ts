import type { Engine } from '../../engine/index.ts';
import { isoTime } from '../clock.ts';
import type { EventBus } from '../event.ts';
import type { PassDeps } from '../pass/pass-deps.ts';
import type { ReconcileLoop } from '../loop/reconcile-loop.ts';
import { keyOf, type ResourceKey } from '../resource-key.ts';
import { createProber, type Prober } from './prober.ts';

/** A prober whose findings become events, wishes and passes of the loop. It does not probe before it is started. */
export function followProbes(
  { records, clock, wishes }: PassDeps,
  loop: Pick<ReconcileLoop, 'put' | 'report'>,
  {
    engine,
    events,
    onError,
  }: {
    engine: Pick<Engine, 'containers'>;
    events: EventBus;
    onError: (error: unknown, key: ResourceKey | null) => void;
  },
): Prober {
  const tell = (name: string, attributes: Record<string, string>): void => {
    const id = records.containers.get(name)?.request?.id ?? null;
    const time = isoTime(clock.now());
    events.emit({ time, type: 'health', resource: { kind: 'Container', name }, id, attributes });
  };
  return createProber({
    records,
    exec: (request, options) => engine.containers.exec(request, options),
    clock,
    onFailure: (container, failure) => {
      wishes.probeFailures.set(container, failure);
      tell(container, {
        status: 'unhealthy',
        message: `${failure.probe} probe failed: ${failure.message}`,
      });
      loop.put(keyOf({ kind: 'Container', name: container }));
    },
    onReadiness: ({ name, ready, request }, message) => {
      const resource = { kind: 'Container', name } as const;
      if (ready && request !== null) {
        engine.containers.notifyHealthy(request).catch((error: unknown) => {
          onError(error, keyOf(resource));
        });
      }
      tell(name, { status: ready ? 'healthy' : 'unhealthy', message });
      loop.report({ resource, what: ready ? 'ready' : 'waiting', detail: message });
      loop.put(keyOf(resource));
    },
    onError: (error) => {
      onError(error, null);
    },
  });
}
