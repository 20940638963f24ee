import { hasErrno, nativeProgram, SOCK_SEQPACKET } from '../../../native/index.ts';
import type { Kernel } from '../../../native/index.ts';
import type { ContainerContext } from '../../container/container-context.ts';
import { monitorRequest } from '../../container/monitor-request.ts';
import { createCriuClient, CRIU_RPC_PLACE } from '../../criu/criu-client.ts';
import type { CriuClient } from '../../criu/criu-client.ts';
import { tarShortcut } from '../../criu/tar-shortcut.ts';
import type { OciRuntime } from '../../runtime/oci-runtime.ts';
import { createUnderMonitor } from '../../runtime/waiting-monitor.ts';
import { killInCgroup, procsFiles } from './kill-leftovers.ts';
import type { RestoredNetwork } from './placeholder.ts';

/** A CRIU under a new monitor, in the cgroups of the container, that waits for its request. */
export interface LaunchedCriu extends CriuClient {
  /** Resolves with the pid in the pid file when CRIU has ended well; the monitor then is its parent. */
  readonly monitor: Promise<number>;
  /** Resolves when CRIU is in the cgroups, or has failed; before that nothing may be asked of it. */
  joined(): Promise<void>;
  /** To be called with the first sign of life: from then on nobody but CRIU holds its end of the socket. */
  handOver(): void;
}

/** The network namespace that CRIU gets, as a descriptor of that number. */
export const NETWORK_PLACE = CRIU_RPC_PLACE + 1;

/**
 * Starts conmon with our launcher in the place of the runtime. conmon hands nothing down but stdio, so the launcher fetches the
 * socket, and the network namespace, out of this process by pidfd_getfd(2); a new network namespace it makes itself.
 */
export function launchCriu(
  context: ContainerContext,
  launch: { criu: string; knowledge: string | null; images: string; network: RestoredNetwork },
): LaunchedCriu {
  const { parts, request } = context;
  const { kernel } = parts;
  const procs = procsFiles(parts, request);
  const [ours, theirs] = kernel.socketpair(SOCK_SEQPACKET);
  let handedOver = false;
  let ended = false;
  const handOver = (): void => {
    if (!handedOver) kernel.close(theirs);
    handedOver = true;
  };
  const launcher: Pick<OciRuntime, 'path' | 'globalArgs'> = {
    path: nativeProgram('tsctr-restore'),
    globalArgs: [
      ...[`--criu=${launch.criu}`, `--owner=${String(process.pid)}`, `--rpc=${String(CRIU_RPC_PLACE)}`],
      `--fd=${String(theirs)}:${String(CRIU_RPC_PLACE)}`,
      ...networkArguments(launch.network),
      `--path-first=${tarShortcut(parts.paths.run)}`,
      ...(launch.knowledge === null ? [] : [`--private-run=${launch.knowledge}`]),
      ...procs.map((file) => `--procs=${file}`),
    ],
  };
  const monitor = createUnderMonitor(kernel, parts.facts.conmon.path, launcher, {
    ...monitorRequest(context),
    systemdCgroup: false,
    restoreFrom: launch.images,
  }).finally(() => {
    ended = true;
    handOver();
  });
  // Whoever waits for the answer of CRIU may be told of its failure first.
  monitor.catch(() => undefined);
  const client = createCriuClient(kernel, ours, () => {
    // Its end of the socket stays open until the monitor is done: the launcher may be about to fetch it by its number.
    void killUntil(context, () => ended);
  });
  return { ...client, monitor, handOver, joined: () => untilJoined(kernel, ours) };
}

/** Our launcher says one word on the socket. Where it fails, the socket ends, which the first call tells. */
async function untilJoined(kernel: Kernel, socket: number): Promise<void> {
  try {
    await kernel.recvmsg(socket, JOINED_BYTES, -1);
  } catch (error) {
    if (!hasErrno(error, 'ECONNRESET')) throw error;
  }
}

/** `joined`. */
const JOINED_BYTES = 6;

function networkArguments(network: RestoredNetwork): string[] {
  if (network === 'host') return [];
  const place = String(NETWORK_PLACE);
  if (typeof network === 'number') return [`--fd=${String(network)}:${place}`];
  const sysctls = Object.entries(network.sysctls).map(([name, value]) => `--sysctl=${name}=${value}`);
  return [`--new-network=${place}`, ...sysctls];
}

/** Again and again, because CRIU may not have come into the cgroup yet. */
async function killUntil({ parts, request }: ContainerContext, isOver: () => boolean): Promise<void> {
  while (!isOver()) {
    await killInCgroup(parts, request);
    await new Promise((resolve) => setTimeout(resolve, KILL_STEP_MS));
  }
}

const KILL_STEP_MS = 10;
