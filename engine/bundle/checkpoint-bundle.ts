import { writeSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { CriuNetworkLock } from '../../schemas/index.ts';
import { freezerDirectory, setFrozen } from '../cgroup/freezer.ts';
import { dumpedExternals } from '../checkpoint/external-mounts.ts';
import { readMountInfo } from '../checkpoint/mount-info.ts';
import { describeProcess } from '../checkpoint/restore/runtime-state.ts';
import { findStoppedProcesses } from '../checkpoint/dump/stopped-processes.ts';
import { cgroupYard } from '../criu/cgroup-yard.ts';
import { dump, preDump, startDump } from '../criu/dump.ts';
import type { DumpRequest } from '../criu/dump.ts';
import { DUMP_LOG, networkLock } from '../criu/options.ts';
import type { CriuAllowances, CriuVariations } from '../criu/options.ts';
import { EngineError } from '../engine-error.ts';
import { findProgram } from '../host.ts';
import { freezerCgroup } from './container-cgroup.ts';
import { dumpedNamespaces } from './external-namespaces.ts';
import { deleteContainer, findContainer, stateDirectory } from './bundle-runtime.ts';
import type { BundleContainer, BundleParts } from './bundle-runtime.ts';
import { chooseConfigFile } from '../criu/config-file.ts';

/** What `checkpoint` of an OCI runtime can be told. */
export interface BundleCheckpointOptions {
  imagesDirectory: string;
  workDirectory: string;
  leaveRunning: boolean;
  /** Only the memory, for a later one that names it as its parent. */
  preDump: boolean;
  /** Relative to the images. */
  parentImages: string | null;
  pageServer: { address: string; port: number } | null;
  /** Gets a NUL byte when pages can be fetched. */
  statusFd: number | null;
  /** How the network is cut off while connections are kept; null: as the host can. */
  networkLock: CriuNetworkLock | null;
  allowances: CriuAllowances;
  variations: CriuVariations;
  /** Lets the container go on as before. */
  signal?: AbortSignal;
}

/** Beside the images, as runc and crun have it: what 0, 1 and 2 of the first process were. */
export const DESCRIPTORS_FILE = 'descriptors.json';
const TIMEOUT_MS = 600_000;

/** Saves a container that an OCI runtime has; unless it is to go on, the runtime forgets it afterwards. */
export async function checkpointBundle(
  parts: BundleParts,
  id: string,
  options: BundleCheckpointOptions,
): Promise<void> {
  const operation = `checkpoint container ${id}`;
  await requireCriu(parts, options);
  const container = await findContainer(parts, id);
  if (container.status !== 'running' && container.status !== 'paused') {
    throw new EngineError(
      'BAD_REQUEST',
      `${operation}: it is ${container.status}, expected running or paused`,
    );
  }
  for (const directory of [options.imagesDirectory, options.workDirectory]) {
    await mkdir(directory, { recursive: true, mode: 0o700 });
  }
  const knowledge = parts.criu.knowledge(parts.bootId);
  const process = startDump(parts.kernel, parts.criu.path, { knowledge: knowledge.file });
  try {
    const request = await describeDump(parts, container, { operation, ...options });
    request.handlers['pre-dump'] = () => knowledge.learnFrom(process.pid);
    if (options.preDump) {
      await preDump(parts.kernel, process, request);
      return;
    }
    const { descriptors } = await describeProcess(container.pid);
    await writeFile(path.join(options.imagesDirectory, DESCRIPTORS_FILE), JSON.stringify(descriptors));
    await whileFrozen(parts, container, (freezer) =>
      dump(parts.kernel, process, { ...request, freezerDirectory: freezer }),
    );
  } finally {
    await process.end();
  }
  if (!options.leaveRunning) await deleteContainer(parts, id);
}

async function requireCriu(parts: BundleParts, options: BundleCheckpointOptions): Promise<void> {
  await parts.criu.requireMinimum();
  const features = [
    ...(options.preDump || options.parentImages !== null ? (['mem_track'] as const) : []),
    ...(options.variations.lazyPages === true ? (['lazy_pages'] as const) : []),
  ];
  if (features.length > 0) await parts.criu.requireFeatures(features);
}

async function describeDump(
  parts: BundleParts,
  { pid, spec }: BundleContainer,
  options: BundleCheckpointOptions & { operation: string },
): Promise<DumpRequest> {
  const { allowances, variations, parentImages, pageServer, statusFd } = options;
  const isEmpty = (variations.emptyNamespaces ?? 0) !== 0;
  const namespaces = await dumpedNamespaces(spec, pid);
  return {
    operation: options.operation,
    pid,
    imagesDirectory: options.imagesDirectory,
    workDirectory: options.workDirectory,
    // It is not taken away: who gave the directory looks for it there.
    keptLogFile: path.join(options.workDirectory, DUMP_LOG),
    rootfs: spec.root.path,
    leaveRunning: options.leaveRunning,
    externalMounts: dumpedExternals(spec, await readMountInfo(pid), parts.runtime.path),
    externalNamespaces: isEmpty ? namespaces.filter((name) => !name.startsWith('net')) : namespaces,
    freezerDirectory: null,
    networkLock:
      options.networkLock ??
      networkLock(allowances, {
        nft: findProgram('nft'),
        iptablesRestore: findProgram('iptables-restore'),
      }),
    cgroupYard: cgroupYard(parts.cgroupLayout),
    allowances: { ...allowances, ...chooseConfigFile(spec, parts.runtime.path) },
    variations,
    ...(parentImages === null ? {} : { parentImages }),
    ...(pageServer === null ? {} : { pageServer }),
    handlers: {
      'status-ready': () => {
        if (statusFd !== null) writeSync(statusFd, '\0');
      },
    },
    timeoutMs: TIMEOUT_MS,
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  };
}

/** CRIU's own freezing waits in steps of 100 ms. */
async function whileFrozen(
  parts: BundleParts,
  { id, status }: BundleContainer,
  action: (freezer: string | null) => Promise<unknown>,
): Promise<void> {
  const { cgroupLayout: layout } = parts;
  const cgroup = await freezerCgroup(layout, stateDirectory(parts, id));
  if (cgroup === null || (await findStoppedProcesses(layout, cgroup)).length > 0) {
    await action(null);
    return;
  }
  if (status !== 'paused') await setFrozen(layout, cgroup, true);
  try {
    await action(freezerDirectory(layout, cgroup));
  } finally {
    // Those that the dump has ended have taken their cgroup with them.
    if (status !== 'paused') await setFrozen(layout, cgroup, false).catch(() => undefined);
  }
}
