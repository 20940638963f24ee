import { socketsFor } from '../../process/passed-sockets.ts';
import { startMonitor } from '../../runtime/waiting-monitor.ts';
import type { Stage } from '../../stage.ts';
import type { ContainerContext } from '../container-context.ts';
import { relaySocket } from '../notify-socket.ts';

/** The monitor, as soon as it has a bundle: it loads while the bundle is filled, and waits to be told that the runtime may create. */
export const waitingMonitor: Stage<ContainerContext> = {
  name: 'waiting-monitor',

  up(context) {
    const { parts, request, paths } = context;
    const notifySocket = relaySocket(request);
    context.monitor = startMonitor(parts.kernel, parts.facts.conmon.path, parts.runtime, {
      id: request.id,
      name: request.name,
      bundle: paths.bundle,
      pidFile: paths.pidFile,
      monitorPidFile: paths.monitorPidFile,
      exitDirectory: parts.paths.exits,
      persistDirectory: paths.persist,
      logFile: paths.log,
      terminal: request.spec.tty === true,
      stdin: request.spec.stdin === true,
      systemdCgroup: parts.facts.cgroupManager === 'systemd',
      ...(notifySocket !== null && { notifySocket }),
      passedFds: socketsFor(request).map(({ fd }) => fd),
      scope: parts.monitors,
      exitCommand: parts.exitCommand === null ? null : [...parts.exitCommand, request.id],
    });
    return Promise.resolve();
  },

  async down({ monitor }) {
    await monitor?.abandon();
  },
};
