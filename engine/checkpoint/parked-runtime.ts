import { createHash } from 'node:crypto';
import { existsSync, rmSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { AT_FDCWD, hasErrno, O_RDONLY } from '../../native/index.ts';
import type { ContainerRequest, OciSpec } from '../../schemas/index.ts';
import type { ContainerContext, EngineParts } from '../container/container-context.ts';
import { cgroupExternals } from './external-mounts.ts';
import { emptyCgroup, procsFiles } from './restore/kill-leftovers.ts';
import type { MountInfo } from './mount-info.ts';
import { cgroupRoots } from './restore/placeholder.ts';
import type { Placeholder, RestoredNetwork } from './restore/placeholder.ts';
import { readAtOnce } from '../read-at-once.ts';

/**
 * A container that was ended by its checkpoint leaves what the runtime had made for it: the runtime's state, and the cgroups with
 * their limits and device rules. They are parked until it is restored, which then needs no placeholder: of all that a restore
 * does, that was the longest part. Anything else that is done to the container takes them away first.
 */
export interface ParkedRuntime {
  /** Without its namespaces and cgroups the runtime's state is worth nothing. */
  bootId: string;
  /** The runtime's. */
  program: string;
  /** Of the config.json from which the runtime made all this: for another one it has to begin anew. */
  configSha256: string;
  cgroupRoots: Placeholder['cgroupRoots'];
  cgroupMounts: [string, string][];
  /** `cgroup.procs` of each hierarchy. */
  procsFiles: string[];
}

/** Beside the runtime's own files, so that it goes with them. */
const NOTE = 'tsctr-parked.json';

function noteFile(parts: EngineParts, request: ContainerRequest): string {
  return path.join(parts.paths.runtime, request.id, NOTE);
}

/** What to note of a container that still runs. */
export async function describeRuntime(
  { parts, request }: ContainerContext,
  container: { pid: number; config: string; mounts: readonly MountInfo[] },
): Promise<ParkedRuntime> {
  const cgroups = await readAtOnce(`/proc/${String(container.pid)}/cgroup`);
  return {
    bootId: parts.facts.bootId,
    program: parts.runtime.programOf(request.id),
    configSha256: sha256(container.config),
    cgroupRoots: cgroupRoots(cgroups),
    cgroupMounts: [...cgroupExternals(container.mounts, parts.cgroupLayout)],
    procsFiles: procsFiles(parts, request),
  };
}

/** From now on a cleanup leaves the runtime's part. The container has ended, by its checkpoint. */
export async function parkRuntime(
  { parts, request, paths }: ContainerContext,
  parked: ParkedRuntime,
): Promise<void> {
  // The end of a container is when its poststop hooks run, which the runtime does when it deletes it.
  const { hooks } = JSON.parse(await readAtOnce(paths.config)) as OciSpec;
  if (Object.values(hooks ?? {}).some((list) => (list as unknown[]).length > 0)) return;
  // It takes a scope away as soon as it is empty.
  if (parts.cgroupOwner.manager === 'systemd') return;
  // Only a gain of time: where the runtime has no state any more there is nothing to park.
  await writeFile(noteFile(parts, request), JSON.stringify(parked), { mode: 0o600 }).catch(
    (error: unknown) => {
      if (!hasErrno(error, 'ENOENT')) throw error;
    },
  );
}

export function isParked(parts: EngineParts, request: ContainerRequest): boolean {
  return existsSync(noteFile(parts, request));
}

export function unpark(parts: EngineParts, request: ContainerRequest): void {
  rmSync(noteFile(parts, request), { force: true });
}

/**
 * What was parked, when it fits the container as it is to be now; otherwise it is taken away, and a placeholder is needed: so for what comes
 * out of an archive, whose root filesystem has none of the mount points that the runtime had made.
 */
export async function reuseParked(
  context: ContainerContext,
  spec: OciSpec,
  { isArchived }: { isArchived: boolean },
): Promise<Placeholder | null> {
  const { parts, request } = context;
  const parked = await readNote(noteFile(parts, request));
  if (parked === null || isArchived || !(await fits(context, spec, parked))) {
    await dropParked(parts, request);
    return null;
  }
  await emptyCgroup(parts, request);
  parts.runtime.claim(request.id);
  return {
    cgroupRoots: parked.cgroupRoots,
    cgroupMounts: new Map(parked.cgroupMounts),
    network: networkOf(context, spec),
    end: () => Promise.resolve(),
  };
}

/** Takes away what is parked, by the program that has made it. */
export async function dropParked(parts: EngineParts, request: ContainerRequest): Promise<void> {
  const parked = await readNote(noteFile(parts, request));
  if (parked !== null && parked.program !== parts.runtime.programOf(request.id)) {
    await mkdir(parts.paths.container(request.id).bundle, { recursive: true, mode: 0o700 });
    parts.runtime.claim(request.id, parked.program);
  }
  await parts.runtime.delete(request.id);
}

/**
 * Hooks are a reason for a placeholder, since the runtime runs them, and so is a user namespace, which owns the network namespace.
 */
async function fits(
  { parts, request, paths }: ContainerContext,
  spec: OciSpec,
  parked: ParkedRuntime,
): Promise<boolean> {
  const procs = procsFiles(parts, request);
  const hooks = Object.values(spec.hooks ?? {}).flat();
  return (
    parked.bootId === parts.facts.bootId &&
    parked.program === parts.runtime.path &&
    parked.configSha256 === sha256(await readAtOnce(paths.config)) &&
    procs.length > 0 &&
    procs.join() === parked.procsFiles.join() &&
    hooks.length === 0 &&
    !spec.linux.namespaces.some(({ type }) => type === 'user')
  );
}

/** Of the kernel parameters only those of the network: CRIU brings back the others. */
function networkOf({ parts }: ContainerContext, { linux }: OciSpec): RestoredNetwork {
  const network = linux.namespaces.find(({ type }) => type === 'network');
  if (network === undefined) return 'host';
  if (network.path !== undefined) return parts.kernel.openat2(AT_FDCWD, network.path, { flags: O_RDONLY });
  const sysctls = Object.entries(linux.sysctl ?? {}).filter(([name]) => /^net[./]/.test(name));
  return { sysctls: Object.fromEntries(sysctls) };
}

async function readNote(file: string): Promise<ParkedRuntime | null> {
  try {
    return JSON.parse(await readAtOnce(file)) as ParkedRuntime;
  } catch (error) {
    if (error instanceof SyntaxError || hasErrno(error, 'ENOENT')) return null;
    throw error;
  }
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
