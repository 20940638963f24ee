import { rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { AT_FDCWD, hasErrno, O_RDONLY, SIGKILL } from '../../../native/index.ts';
import type { Kernel } from '../../../native/index.ts';
import type { ContainerRequest, OciSpec } from '../../../schemas/index.ts';
import type { EngineParts } from '../../container/container-context.ts';
import { EngineError } from '../../engine-error.ts';
import type { ContainerPaths } from '../../host-paths.ts';
import { ownEnvironment } from '../../process/run-command.ts';
import { readPidFile } from '../../process/pid-file.ts';
import { runtimeError } from '../../runtime/oci-runtime.ts';
import type { OciRuntime } from '../../runtime/oci-runtime.ts';
import { cgroupExternals } from '../external-mounts.ts';
import { readMountInfo } from '../mount-info.ts';
import { withoutCreationHooks } from './restore-hooks.ts';
import { readAtOnce } from '../../read-at-once.ts';

/** The descriptor of a network namespace, which the caller closes; or the settings of one that is yet to be made. */
export type RestoredNetwork = number | { sysctls: Readonly<Record<string, string>> } | 'host';

/** A placeholder and what it leaves behind: cgroups with limits, the runtime's state, mount points, and a network namespace. */
export interface Placeholder {
  /** For CRIU, by /proc/<pid>/cgroup: the container's path in each hierarchy. */
  cgroupRoots: { ctrl?: string; path: string }[];
  /** Where the container sees the version 1 hierarchies, and what they are on the host. */
  cgroupMounts: Map<string, string>;
  network: RestoredNetwork;
  /** Ends it, and returns when it is dead. May be called again. */
  end(): Promise<void>;
}

/** What is needed of a container, and of the engine, for its placeholder. */
export interface PlaceholderContext {
  parts: Pick<EngineParts, 'kernel' | 'cgroupLayout'> & {
    runtime: Pick<OciRuntime, 'path' | 'globalArgs' | 'claim'>;
  };
  request: Pick<ContainerRequest, 'id' | 'name'>;
  paths: Pick<ContainerPaths, 'bundle' | 'config' | 'pidFile'>;
}

const CREATE_TIMEOUT_MS = 60_000;
const DEATH_TIMEOUT_MS = 10_000;

/**
 * Has the runtime create the container from its bundle, around a process that never runs what it should: what it makes, and CRIU does
 * not, is there then. The process is to be ended when CRIU has come into its cgroup. In between the cgroup must not be empty: systemd
 * would take the scope away, with the limits and the rules for devices.
 */
export async function startPlaceholder(context: PlaceholderContext, spec: OciSpec): Promise<Placeholder> {
  const { kernel } = context.parts;
  const pid = await createPlaceholder(context, spec);
  const end = endOnce(context, pid);
  try {
    const [cgroups, mounts] = await Promise.all([
      readAtOnce(`/proc/${String(pid)}/cgroup`),
      readMountInfo(pid),
    ]);
    return {
      cgroupRoots: cgroupRoots(cgroups),
      cgroupMounts: cgroupExternals(mounts, context.parts.cgroupLayout),
      network: openNetworkNamespace(kernel, pid, spec),
      end,
    };
  } catch (error) {
    await end();
    throw error;
  }
}

/** Kills it by a descriptor that is taken now: later the pid may be somebody else's. */
function endOnce({ parts, request }: PlaceholderContext, pid: number): () => Promise<void> {
  const { kernel } = parts;
  const pidfd = kernel.pidfdOpen(pid, 0);
  const kill = async (): Promise<void> => {
    try {
      kernel.pidfdSendSignal(pidfd, SIGKILL);
      if (await kernel.pollReadable(pidfd, DEATH_TIMEOUT_MS)) return;
    } catch (error) {
      if (hasErrno(error, 'ESRCH')) return;
      throw error;
    } finally {
      kernel.close(pidfd);
    }
    throw new EngineError('TIMED_OUT', `restore container/${request.name}: pid ${String(pid)} does not die`);
  };
  let ended: Promise<void> | null = null;
  return () => (ended ??= kill());
}

function openNetworkNamespace(kernel: Kernel, pid: number, spec: OciSpec): number | 'host' {
  if (!spec.linux.namespaces.some(({ type }) => type === 'network')) return 'host';
  return kernel.openat2(AT_FDCWD, `/proc/${String(pid)}/ns/net`, { flags: O_RDONLY });
}

/** proc_pid_cgroup(5) as `cg_root`: each controller of a version 1 hierarchy by itself, version 2 as the empty name. */
export function cgroupRoots(text: string): { ctrl?: string; path: string }[] {
  const lines = text.split('\n').filter((line) => line !== '');
  const entries = lines.map((line) => {
    const [, controllers = '', ...rest] = line.split(':');
    return { controllers: controllers.split(','), path: rest.join(':') };
  });
  // With nothing but version 2 there is one root for all.
  if (entries.length === 1 && entries[0]?.controllers[0] === '') return [{ path: entries[0].path }];
  return entries.flatMap(({ controllers, path: cgroup }) =>
    controllers.map((ctrl) => ({ ctrl, path: cgroup })),
  );
}

async function createPlaceholder(context: PlaceholderContext, spec: OciSpec): Promise<number> {
  const { parts, request, paths } = context;
  const { kernel, runtime } = parts;
  const what = `restore container/${request.name}`;
  const original = await readAtOnce(paths.config);
  const config = placeholderConfig(original, spec);
  if (config !== original) await writeFile(paths.config, config);
  const log = path.join(paths.bundle, 'placeholder.log');
  runtime.claim(request.id);
  // Not by runCommand: the placeholder would hold the pipes of its output.
  const child = kernel.spawn({
    file: runtime.path,
    args: [
      ...[runtime.path, ...runtime.globalArgs, '--log', log, '--log-format', 'json', 'create'],
      ...['--bundle', paths.bundle, '--pid-file', paths.pidFile, request.id],
    ],
    env: Object.entries(ownEnvironment()).map(([name, value]) => `${name}=${value}`),
    fds: [null, null, null],
    newProcessGroup: true,
  });
  const timer = setTimeout(() => {
    kernel.pidfdSendSignal(child.pidfd, SIGKILL);
  }, CREATE_TIMEOUT_MS);
  try {
    const exit = await kernel.waitChild(child.pidfd);
    if (exit.code !== 0) throw runtimeError(what, await lastMessage(log));
  } finally {
    clearTimeout(timer);
    kernel.close(child.pidfd);
    if (config !== original) await writeFile(paths.config, original);
    await rm(log, { force: true });
  }
  const pid = await readPidFile(paths.pidFile);
  if (pid === null) throw runtimeError(what, 'the runtime wrote no pid file');
  return pid;
}

function placeholderConfig(original: string, spec: OciSpec): string {
  const config = withoutCreationHooks(original, spec);
  // The terminal comes with the restored process; this one has nobody to give it to.
  return spec.process.terminal === true ? config.replace(/"terminal":\s*true/, '"terminal":false') : config;
}

async function lastMessage(log: string): Promise<string> {
  const lines = (await readAtOnce(log).catch(() => '')).trim().split('\n');
  try {
    return (JSON.parse(lines.at(-1) ?? '') as { msg?: string }).msg ?? '';
  } catch {
    return lines.at(-1) ?? '';
  }
}
