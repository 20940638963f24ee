import { socketsFor } from '../../process/passed-sockets.ts';
import { startMonitor } from '../../runtime/waiting-monitor.ts';
import type { Stage } from '../../stage.ts';
import type { ContainerContext } from '../container-context.ts';
import { monitorRequest } from '../monitor-request.ts';
import { relaySocket } from '../notify-socket.ts';

/** The monitor, as soon as it has a bundle: it loads while the bundle is filled, and waits to be told that the runtime may create. */
export const waitingMonitor: Stage<ContainerContext> = {
  name: 'waiting-monitor',

  up(context) {
    const { parts, request } = context;
    const notifySocket = relaySocket(request);
    context.monitor = startMonitor(parts.kernel, parts.facts.conmon.path, parts.runtime, {
      ...monitorRequest(context),
      systemdCgroup: parts.facts.cgroupManager === 'systemd',
      ...(notifySocket !== null && { notifySocket }),
      passedFds: socketsFor(request).map(({ fd }) => fd),
    });
    return Promise.resolve();
  },

  async down({ monitor }) {
    await monitor?.abandon();
  },
};
