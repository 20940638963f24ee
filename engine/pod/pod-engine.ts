import { mkdir, writeFile } from 'node:fs/promises';
import { hasErrno } from '../../native/index.ts';
import type { PinNamespacesRequest } from '../../native/index.ts';
import { parseBytes } from '../../schemas/index.ts';
import type { PodRecord } from '../../schemas/index.ts';
import { removePodCgroup } from '../cgroup/parent-cgroups.ts';
import type { EngineParts } from '../container/container-context.ts';
import type { PodEngine } from '../contract/pod-engine.ts';
import type { PodPaths } from '../host-paths.ts';
import { isMountPoint, mountPointsBelow } from '../rootfs/is-mount-point.ts';
import { unmountAll } from '../rootfs/mount-overlay.ts';
import { mountTmpfs } from '../rootfs/mount-tmpfs.ts';
import { goDown, goUp } from '../stage.ts';
import type { Stage } from '../stage.ts';
import { intoHost } from '../userns/id-translation.ts';
import type { IdMaps } from '../userns/id-translation.ts';
import { mapsOfRange, mapTexts, POD_RANGE_SIZE } from '../userns/resolve-user-namespace.ts';

interface PodContext {
  parts: EngineParts;
  pod: PodRecord;
  paths: PodPaths;
}

/** Pods hold their namespaces by pinned bind mounts: no process sleeps for them. */
export function createPodEngine(parts: EngineParts): PodEngine {
  const contextOf = (pod: PodRecord): PodContext => ({ parts, pod, paths: parts.paths.pod(pod.id) });
  return {
    prepare: (pod, options = {}) =>
      goUp(POD_STAGES, contextOf(pod), {
        operation: `prepare pod/${pod.name}`,
        observe: parts.observeEffect,
        ...(options.signal === undefined ? {} : { signal: options.signal }),
      }),
    release: (pod) =>
      goDown([podStorage, ...POD_STAGES], contextOf(pod), {
        operation: `release pod/${pod.name}`,
        observe: parts.observeEffect,
      }),
  };
}

/** What outlives a reboot. Only a release takes it away: a preparation that fails must not cost a pod its volumes. */
const podStorage: Stage<PodContext> = {
  name: 'pod-storage',
  up: () => Promise.resolve(),
  async down({ parts, pod, paths }) {
    await parts.kernel.removeTree(paths.state);
    await parts.idRanges.release(pod.id);
  },
};

const podDirectories: Stage<PodContext> = {
  name: 'pod-directories',
  async up({ paths }) {
    for (const directory of [
      paths.state,
      paths.directory,
      paths.shm,
      paths.memoryDirs,
      paths.emptyDirs,
      paths.files,
    ]) {
      await mkdir(directory, { recursive: true, mode: 0o700 });
    }
  },
  async down({ parts, pod, paths }) {
    for (const point of mountPointsBelow(paths.directory)) unmountAll(parts.kernel, point);
    await parts.kernel.removeTree(paths.directory);
    await removePodCgroup(parts, pod.id);
  },
};

const podNamespaces: Stage<PodContext> = {
  name: 'pod-namespaces',
  async up({ parts, pod, paths }) {
    const wanted = wantedNamespaces(pod, paths);
    const request: PinNamespacesRequest = {};
    const maps = await podMaps(parts, pod);
    if (maps !== null && !isMountPoint(paths.user)) {
      // The others belong to it: it comes with them, or they would be the host's to change.
      for (const file of Object.values(wanted)) unmountAll(parts.kernel, file);
      await writeFile(paths.user, '', { flag: 'a', mode: 0o600 });
      request.user = { path: paths.user, ...mapTexts(maps) };
    }
    for (const [kind, file] of Object.entries(wanted) as ['net' | 'ipc' | 'uts', string][]) {
      if (isMountPoint(file)) continue;
      await writeFile(file, '', { flag: 'a', mode: 0o600 });
      request[kind] = file;
    }
    if (request.uts !== undefined) request.hostname = pod.manifest.spec.hostname ?? pod.name;
    const sysctls = pod.manifest.spec.securityContext?.sysctls ?? [];
    if (request.net !== undefined && sysctls.length > 0) {
      request.sysctls = Object.fromEntries(sysctls.map(({ name, value }) => [name, value]));
    }
    if (Object.keys(request).length > 0) await parts.kernel.pinNamespaces(request);
  },
  down({ parts, paths }) {
    for (const file of [paths.net, paths.ipc, paths.uts, paths.user]) {
      try {
        unmountAll(parts.kernel, file);
      } catch (error) {
        if (!hasErrno(error, 'ENOTDIR')) throw error;
      }
    }
    return Promise.resolve();
  },
};

const podSharedMemory: Stage<PodContext> = {
  name: 'pod-shared-memory',
  async up({ parts, pod, paths }) {
    if (pod.manifest.spec.hostIPC === true) return;
    const maps = await podMaps(parts, pod);
    const owner =
      maps === null ? {} : { uid: String(intoHost(maps).uid(0)), gid: String(intoHost(maps).gid(0)) };
    mountTmpfs(parts.kernel, paths.shm, { mode: '1777', size: String(parseBytes('64Mi')), ...owner });
  },
  down({ parts, paths }) {
    unmountAll(parts.kernel, paths.shm);
    return Promise.resolve();
  },
};

const POD_STAGES = [podDirectories, podNamespaces, podSharedMemory] as const;

/** `hostUsers: false`: a range of ids that the pod keeps for as long as it exists; null: the users of the host. */
async function podMaps(parts: EngineParts, pod: PodRecord): Promise<IdMaps | null> {
  if (pod.manifest.spec.hostUsers !== false) return null;
  return mapsOfRange(await parts.idRanges.allocate(pod.id, POD_RANGE_SIZE));
}

/** Which namespaces the members share: those that are not the host's. */
function wantedNamespaces(pod: PodRecord, paths: PodPaths): Partial<Record<'net' | 'ipc' | 'uts', string>> {
  const { hostNetwork, hostIPC } = pod.manifest.spec;
  return {
    ...(hostNetwork === true ? {} : { net: paths.net, uts: paths.uts }),
    ...(hostIPC === true ? {} : { ipc: paths.ipc }),
  };
}
