import { hasErrno, nativeProgram, SOCK_SEQPACKET } from '../../../native/index.ts';
import type { Kernel } from '../../../native/index.ts';
import type { ContainerContext } from '../../container/container-context.ts';
import { monitorRequest } from '../../container/monitor-request.ts';
import { createCriuClient, CRIU_RPC_PLACE } from '../../criu/criu-client.ts';
import type { CriuClient } from '../../criu/criu-client.ts';
import { tarShortcut } from '../../criu/tar-shortcut.ts';
import type { OciRuntime } from '../../runtime/oci-runtime.ts';
import { startMonitor } from '../../runtime/waiting-monitor.ts';
import type { WaitingMonitor } from '../../runtime/waiting-monitor.ts';
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

/** What is known of a restore only when its container has been prepared. */
export interface CriuLaunch {
  criu: string;
  /** The file with what it knows of this kernel; null where it keeps that itself. */
  knowledge: string | null;
  network: RestoredNetwork;
}

/** A monitor that has started and waits, with our launcher in the place of the runtime. */
export interface WaitingLauncher {
  /** Has it launch CRIU. The cgroups of the container have to be there. To be called once. */
  launch(launch: CriuLaunch): LaunchedCriu;
  /** Ends it, unless it has launched CRIU. Safe twice. */
  abandon(): Promise<void>;
}

/** The network namespace that CRIU gets, as a descriptor of that number. */
export const NETWORK_PLACE = CRIU_RPC_PLACE + 1;

/**
 * Starts conmon with our launcher in the place of the runtime; `images` is where it is restored from. conmon hands nothing down but stdio, so
 * the launcher fetches the socket, and the network namespace, out of this process by pidfd_getfd(2); a new network namespace it
 * makes itself.
 */
export function startLauncher(context: ContainerContext, images: string): WaitingLauncher {
  const { parts } = context;
  const { kernel } = parts;
  const [ours, theirs] = kernel.socketpair(SOCK_SEQPACKET);
  let monitor: WaitingMonitor;
  try {
    const launcher: Pick<OciRuntime, 'path' | 'globalArgs'> = {
      path: nativeProgram('tsctr-restore'),
      globalArgs: [
        ...[`--owner=${String(process.pid)}`, `--rpc=${String(CRIU_RPC_PLACE)}`],
        `--fd=${String(theirs)}:${String(CRIU_RPC_PLACE)}`,
      ],
    };
    const request = { ...monitorRequest(context), systemdCgroup: false, restoreFrom: images };
    monitor = startMonitor(kernel, parts.facts.conmon.path, launcher, request);
  } catch (error) {
    for (const fd of [ours, theirs]) kernel.close(fd);
    throw error;
  }
  let isOver = false;
  return {
    launch(launch) {
      isOver = true;
      return launchCriu(context, { ours, theirs, monitor, launch });
    },
    async abandon() {
      if (isOver) return;
      isOver = true;
      for (const fd of [ours, theirs]) kernel.close(fd);
      await monitor.abandon();
    },
  };
}

function launchCriu(
  context: ContainerContext,
  {
    ours,
    theirs,
    monitor,
    launch,
  }: { ours: number; theirs: number; monitor: WaitingMonitor; launch: CriuLaunch },
): LaunchedCriu {
  const { kernel } = context.parts;
  let handedOver = false;
  let ended = false;
  const handOver = (): void => {
    if (!handedOver) kernel.close(theirs);
    handedOver = true;
  };
  kernel.sendmsg(
    ours,
    Buffer.from(
      launchArguments(context, launch)
        .map((argument) => `${argument}\0`)
        .join(''),
    ),
    [],
  );
  const released = monitor.release().finally(() => {
    ended = true;
    handOver();
  });
  // Whoever waits for the answer of CRIU may be told of its failure first.
  released.catch(() => undefined);
  const client = createCriuClient(kernel, ours, () => {
    // Its end of the socket stays open until the monitor is done: the launcher may be about to fetch it by its number.
    void killUntil(context, () => ended);
  });
  return { ...client, monitor: released, handOver, joined: () => untilJoined(kernel, ours) };
}

/** For the launcher, besides those that it was started with. */
function launchArguments(
  { parts, request }: ContainerContext,
  { criu, knowledge, network }: CriuLaunch,
): string[] {
  return [
    `--criu=${criu}`,
    ...networkArguments(network),
    `--path-first=${tarShortcut(parts.paths.run)}`,
    ...(knowledge === null ? [] : [`--private-run=${knowledge}`]),
    ...procsFiles(parts, request).map((file) => `--procs=${file}`),
  ];
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
    killInCgroup(parts, request);
    await new Promise((resolve) => setTimeout(resolve, KILL_STEP_MS));
  }
}

const KILL_STEP_MS = 10;
