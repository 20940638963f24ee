import { existsSync } from 'node:fs';
import type { ContainerAccess } from '../engine/index.ts';
import type { Service } from './api/service.ts';
import type { DaemonHandle, DaemonOptions } from './daemon/daemon-handle.ts';
import { socketPathOf } from './arguments/service-options.ts';
import type { ServiceOptions } from './arguments/service-options.ts';

/** The service: the daemon's when it answers, else one in this process, which takes the lock when it first writes. */
export async function openService(options: ServiceOptions): Promise<Service> {
  const socket = socketPathOf(options.run);
  // Where there is not even a socket the client need not be loaded.
  if (existsSync(socket)) {
    const { connectDaemon } = await import('./api/client.ts');
    const remote = await connectDaemon(socket, options.root);
    if (remote !== null) return remote;
  }
  const { openLocalService } = await import('./local/open-local-service.ts');
  return openLocalService(options);
}

/** Takes the lock and starts the loop. */
export async function openDaemon(options: DaemonOptions): Promise<DaemonHandle> {
  const { startDaemon } = await import('./local/start-daemon.ts');
  return startDaemon(options);
}

/**
 * Called by conmon's exit command when no daemon runs: handles the exit of one container; null: waits for back-offs only. A host that
 * goes down ends the containers itself, and waits for us: the next boot starts what should run.
 */
export async function cleanupContainer(
  options: ServiceOptions,
  id: string | null,
  signal: AbortSignal,
): Promise<void> {
  const { isHostStopping } = await import('./local/host-stopping.ts');
  if (await isHostStopping()) return;
  if (id === null) {
    const { keepRetrying } = await import('./local/keep-retrying.ts');
    return keepRetrying(options, signal);
  }
  const { handleExit } = await import('./local/handle-exit.ts');
  await handleExit(options, id, signal);
}

/** Looks into containers and works inside of them, without the daemon: nothing of that is on record. */
export async function openAccess(options: ServiceOptions): Promise<ContainerAccess> {
  const [{ createEngine }, { createLinuxKernel }, { readConfiguration }] = await Promise.all([
    import('../engine/index.ts'),
    import('../native/index.ts'),
    import('./local/read-configuration.ts'),
  ]);
  // The runtime that made the container is the only one that knows it.
  const { runtime } = await readConfiguration(options.config);
  const { access } = await createEngine({
    kernel: createLinuxKernel(),
    root: options.root,
    run: options.run,
    ...(runtime !== undefined && { runtime }),
  });
  return access;
}
