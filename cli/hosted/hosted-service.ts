import { connectionLost } from '../api/connection-lost.ts';
import type { Service } from '../api/service.ts';

/** The daemon's service for a command in its own process: as over the socket, it outlives the command, and a watch ends with the daemon. */
export function hostedService(service: Service, closing: AbortSignal): Service {
  const { checkpoints, volumes, images } = service;
  return {
    apply: (request, onEvent, signal) => service.apply(request, onEvent, signal),
    delete: (request, onEvent, signal) => service.delete(request, onEvent, signal),
    plan: (request) => service.plan(request),
    list: () => service.list(),
    watch: async (onEvent, signal) => {
      await service.watch(onEvent, AbortSignal.any([signal, closing]));
      if (!signal.aborted) throw connectionLost();
    },
    act: (request, onEvent, signal) => service.act(request, onEvent, signal),
    logs: (name, container) => service.logs(name, container),
    data: () => service.data(),
    host: () => service.host(),
    checkpoints,
    volumes,
    images,
    close: () => Promise.resolve(),
  };
}
