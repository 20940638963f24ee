import { existsSync } from 'node:fs';
import { mkdir, readFile, rmdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { CLONE_NEWNET, SOCK_STREAM } from '../../native/index.ts';
import type { Kernel } from '../../native/index.ts';
import type { OciSpec } from '../../schemas/index.ts';
import { restoredExternals } from '../checkpoint/external-mounts.ts';
import { followLinks } from '../checkpoint/follow-links.ts';
import { startPlaceholder } from '../checkpoint/restore/placeholder.ts';
import type { Placeholder } from '../checkpoint/restore/placeholder.ts';
import { runRestoreHooks } from '../checkpoint/restore/restore-hooks.ts';
import { mountRestoreRoot, unmountRestoreRoot } from '../checkpoint/restore/restore-root.ts';
import { adoptProcess, describeProcess, verifyRuntime } from '../checkpoint/restore/runtime-state.ts';
import { cgroupYard } from '../criu/cgroup-yard.ts';
import { CRIU_RPC_PLACE, spawnCriu } from '../criu/criu-client.ts';
import type { CriuNotifyHandlers } from '../criu/criu-notify.ts';
import { removeMountYard } from '../criu/mount-yard.ts';
import { RESTORE_LOG } from '../criu/options.ts';
import type { CriuAllowances, CriuVariations } from '../criu/options.ts';
import { restore } from '../criu/restore.ts';
import type { CriuRestoreRequest } from '../criu/restore.ts';
import { EngineError } from '../engine-error.ts';
import { deleteContainer, isKnown, readSpec, stateDirectory } from './bundle-runtime.ts';
import type { BundleParts } from './bundle-runtime.ts';
import { DESCRIPTORS_FILE } from './checkpoint-bundle.ts';
import { emptyProcs, procsFilesOf } from './container-cgroup.ts';
import { chooseConfigFile } from '../criu/config-file.ts';
import {
  hasExternalNetwork,
  inheritedNamespaces,
  joinedNamespaces,
  openPidNamespace,
} from './external-namespaces.ts';

/** What `restore` of an OCI runtime can be told. */
export interface BundleRestoreOptions {
  bundle: string;
  imagesDirectory: string;
  workDirectory: string;
  pidFile: string | null;
  /** A socket that waits for the terminal's master. */
  consoleSocket: string | null;
  allowances: CriuAllowances;
  variations: CriuVariations;
  lsmProfile: string | null;
  lsmMountContext: string | null;
  /** Takes everything back. */
  signal?: AbortSignal;
}

const TIMEOUT_MS = 600_000;

/**
 * Brings a container back into an OCI runtime. Its first process is a child of this one, with the standard streams of this one, so that
 * it becomes a child of whoever takes over ours. On failure nothing of it is left.
 */
export async function restoreBundle(
  parts: BundleParts,
  id: string,
  options: BundleRestoreOptions,
): Promise<{ pid: number }> {
  const operation = `restore container ${id}`;
  await parts.criu.requireMinimum();
  if (options.variations.lazyPages === true) await parts.criu.requireFeatures(['lazy_pages']);
  const spec = await readSpec(options.bundle);
  if (isKnown(parts, id)) {
    throw new EngineError('BAD_REQUEST', `${operation}: container with given ID already exists`);
  }
  if (!existsSync(path.join(options.imagesDirectory, 'inventory.img'))) {
    throw new EngineError(
      'CHECKPOINT_INCOMPLETE',
      `${operation}: a complete checkpoint cannot be found in ${options.imagesDirectory}`,
    );
  }
  if (spec.process.terminal === true && options.consoleSocket === null) {
    throw new EngineError(
      'BAD_REQUEST',
      `${operation}: it has a terminal, for which --console-socket is needed`,
    );
  }
  await mkdir(options.workDirectory, { recursive: true, mode: 0o700 });
  const pidFile = options.pidFile ?? path.join(options.workDirectory, 'restored.pid');
  const paths = { bundle: options.bundle, config: path.join(options.bundle, 'config.json'), pidFile };
  const request = { id, name: id };
  let procs: string[] = [];
  try {
    const placeholder = await startPlaceholder({ parts, request, paths }, spec);
    procs = procsFilesOf(parts.cgroupLayout, placeholder.cgroupRoots);
    return await bringBack(parts, { id, operation, spec, placeholder, procs, pidFile, options });
  } catch (error) {
    const [first] = procs;
    if (first !== undefined) await emptyProcs(parts.kernel, first);
    await deleteContainer(parts, id);
    throw error;
  }
}

interface RestoreJob {
  id: string;
  operation: string;
  spec: OciSpec;
  placeholder: Placeholder;
  procs: readonly string[];
  pidFile: string;
  options: BundleRestoreOptions;
}

async function bringBack(parts: BundleParts, job: RestoreJob): Promise<{ pid: number }> {
  const { kernel } = parts;
  const { spec, placeholder } = job;
  const { network } = placeholder;
  const namespaces = {
    net: typeof network === 'number' ? network : null,
    pid: openPidNamespace(kernel, spec),
  };
  // Not where the runtime keeps its state: whoever removes that, would remove the root filesystem through a mount that was left.
  const place = path.join(parts.run, 'restores', job.id);
  unmountRestoreRoot(kernel, place);
  const root = mountRestoreRoot(kernel, spec.root.path, place, { readOnly: spec.root.readonly === true });
  try {
    const { fds, inherited } = inheritedNamespaces(namespaces, CRIU_RPC_PLACE + 1);
    // A CRIU with mounts of its own cannot mount the hierarchies in a directory that it got as a descriptor of ours.
    const { file } = parts.criu.knowledge(parts.bootId);
    const knowledge = cgroupYard(parts.cgroupLayout) === null ? null : file;
    const criu = spawnCriu(kernel, parts.criu.path, {
      knowledge,
      descriptors: { stdio: [0, 1, 2], others: fds },
    });
    try {
      for (const procsFile of job.procs) await writeFile(procsFile, String(criu.pid));
      await placeholder.end();
      const { pid } = await restore(kernel, criu, await describeRestore(parts, job, { root, inherited }));
      await verifyRuntime(parts.runCommand, parts.runtime, job.id, pid);
      return { pid };
    } finally {
      await criu.end();
      removeMountYard(job.options.workDirectory);
    }
  } finally {
    await placeholder.end();
    unmountRestoreRoot(kernel, place);
    await rmdir(place);
    for (const fd of Object.values(namespaces)) if (fd !== null) kernel.close(fd);
  }
}

async function describeRestore(
  parts: BundleParts,
  job: RestoreJob,
  { root, inherited }: { root: string; inherited: readonly { key: string; fd: number }[] },
): Promise<CriuRestoreRequest> {
  const { spec, placeholder, options, operation } = job;
  const images = options.imagesDirectory;
  return {
    operation,
    imagesDirectory: images,
    workDirectory: options.workDirectory,
    keptLogFile: path.join(options.workDirectory, RESTORE_LOG),
    root,
    externalMounts: await followLinks(restoredExternals(spec, [], { paths: placeholder.cgroupMounts })),
    inheritedFds: [...(await inheritedPipes(images)), ...inherited],
    joinedNamespaces: joinedNamespaces(spec),
    cgroupRoots: placeholder.cgroupRoots,
    cgroupYard: cgroupYard(parts.cgroupLayout),
    allowances: { ...options.allowances, ...chooseConfigFile(spec, parts.runtime.path) },
    variations: { ...options.variations, emptyNamespaces: await emptyNamespaces(spec, options) },
    ...(options.lsmProfile === null ? {} : { lsmProfile: options.lsmProfile }),
    ...(options.lsmMountContext === null ? {} : { lsmMountContext: options.lsmMountContext }),
    handlers: restoreHandlers(parts, job),
    timeoutMs: TIMEOUT_MS,
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  };
}

async function emptyNamespaces(
  spec: OciSpec,
  { imagesDirectory, variations }: BundleRestoreOptions,
): Promise<number> {
  const network = spec.linux.namespaces.find(({ type }) => type === 'network');
  if (network === undefined || (await hasExternalNetwork(imagesDirectory))) {
    return variations.emptyNamespaces ?? 0;
  }
  return CLONE_NEWNET;
}

/** The pipes that the container had as standard streams: ours take their places. */
async function inheritedPipes(images: string): Promise<{ key: string; fd: number }[]> {
  const file = path.join(images, DESCRIPTORS_FILE);
  const names = JSON.parse(await readFile(file, 'utf8')) as string[];
  return names.flatMap((key, fd) => (key.startsWith('pipe:') ? [{ key, fd }] : []));
}

function restoreHandlers(parts: BundleParts, { id, pidFile, options, spec }: RestoreJob): CriuNotifyHandlers {
  return {
    'setup-namespaces': async ({ pid }) => {
      if (pid !== null) await runRestoreHooks(parts.runCommand, spec, { id, pid, bundle: options.bundle });
    },
    'orphan-pts-master': ({ fds }) => {
      if (options.consoleSocket !== null) sendTerminal(parts.kernel, options.consoleSocket, fds);
    },
    // All is there and nothing runs yet: whoever looks from now on must find the restored process.
    'post-restore': async ({ pid }) => {
      if (pid === null) return;
      adoptProcess(stateDirectory(parts, id), await describeProcess(pid));
      await writeFile(pidFile, String(pid), { mode: 0o644 });
    },
  };
}

function sendTerminal(kernel: Kernel, socket: string, fds: readonly number[]): void {
  const connection = kernel.connectUnix(socket, SOCK_STREAM);
  try {
    kernel.sendmsg(connection, Buffer.from('terminal'), fds);
  } finally {
    kernel.close(connection);
  }
}
