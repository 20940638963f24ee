import path from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { SOCK_STREAM } from '../../../native/index.ts';
import type { CriuRestoreStatistics, OciSpec } from '../../../schemas/index.ts';
import { containerCgroup } from '../../cgroup/cgroup-path.ts';
import { isFrozen, setFrozen } from '../../cgroup/freezer.ts';
import type { ContainerContext } from '../../container/container-context.ts';
import { rootfsPath } from '../../container/container-context.ts';
import { saveProcess } from '../../container/container-process.ts';
import { runtimeContainer } from '../../container/stages/runtime-container.ts';
import { cgroupYard } from '../../criu/cgroup-yard.ts';
import { chooseConfigFile } from '../../criu/config-file.ts';
import type { CriuNotifyHandlers } from '../../criu/criu-notify.ts';
import { RESTORE_LOG } from '../../criu/options.ts';
import { restore } from '../../criu/restore.ts';
import type { CriuRestoreRequest } from '../../criu/restore.ts';
import type { LazyPages } from '../../criu/lazy-pages.ts';
import type { CheckpointAllowances } from '../../contract/checkpoint-allowances.ts';
import type { Stage } from '../../stage.ts';
import { CHECKPOINT_FILES } from '../kept/checkpoint-record.ts';
import type { CheckpointRecord } from '../kept/checkpoint-record.ts';
import { restoredExternals } from '../external-mounts.ts';
import { followLinks } from '../follow-links.ts';
import { emptyCgroup } from './kill-leftovers.ts';
import { startLazyMemory } from './lazy-memory.ts';
import { NETWORK_PLACE, startLauncher } from './launch-criu.ts';
import type { LaunchedCriu, WaitingLauncher } from './launch-criu.ts';
import { formatLsmProfile, lsmProfileOf } from '../lsm-profile.ts';
import { reuseParked, unpark } from '../parked-runtime.ts';
import { startPlaceholder } from './placeholder.ts';
import type { Placeholder } from './placeholder.ts';
import { runRestoreHooks } from './restore-hooks.ts';
import { mountRestoreRoot, unmountRestoreRoot } from './restore-root.ts';
import { adoptProcess, describeProcess, verifyRuntime } from './runtime-state.ts';
import type { Stopwatch } from '../stopwatch.ts';
import { writeVolatile } from '../../volatile-file.ts';
import { readAtOnce } from '../../read-at-once.ts';

/** One restore: from where, with what, and what came of it. */
export interface RestoreJob {
  readonly operation: string;
  readonly criu: string;
  /** The file with what CRIU knows of this kernel; null where CRIU keeps it itself. */
  readonly knowledge: string | null;
  /** The directory of the checkpoint. */
  readonly directory: string;
  /** It came out of an archive: what confines the processes is not taken from its images. */
  readonly isArchived: boolean;
  readonly record: CheckpointRecord;
  readonly allowances: CheckpointAllowances;
  /** Memory comes while it runs already; null: all of it before. */
  readonly lazy: {
    /** Goes when all pages have come; null: nothing does. */
    readonly discardedDirectory: string | null;
    pages: LazyPages | null;
  } | null;
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
  readonly watch: Stopwatch;
  /** From when it waits; what launches CRIU. */
  launcher: WaitingLauncher | null;
  pid: number;
  statistics: CriuRestoreStatistics | null;
  /** The runtime's word, asked for while CRIU goes on. */
  verified: Promise<void> | null;
}

/** The monitor, as soon as it has a bundle: it loads while the container is prepared, and waits to be told what to launch. */
export function waitingLauncher(job: RestoreJob): Stage<ContainerContext> {
  return {
    name: 'waiting-launcher',
    up(context) {
      job.launcher = startLauncher(context, path.join(job.directory, CHECKPOINT_FILES.images));
      return Promise.resolve();
    },
    async down() {
      await job.launcher?.abandon();
    },
  };
}

/** In the place of the stage that creates the container: its processes come out of the images. */
export function restoredContainer(job: RestoreJob): Stage<ContainerContext> {
  return {
    name: 'restored-container',
    async up(context) {
      const { parts, request, paths } = context;
      const spec = JSON.parse(await readAtOnce(paths.config)) as OciSpec;
      job.watch.lap('prepare');
      const placeholder = (await reuseParked(context, spec, job)) ?? (await startPlaceholder(context, spec));
      job.watch.lap('placeholder');
      try {
        await bringBack(context, job, spec, placeholder);
      } finally {
        await placeholder.end();
        if (typeof placeholder.network === 'number') parts.kernel.close(placeholder.network);
        unmountRestoreRoot(parts.kernel, paths.bundle);
      }
      // The freezer's state is among what CRIU saves of a cgroup, and the container was frozen then.
      const cgroup = containerCgroup(parts.cgroupOwner, request);
      if (isFrozen(parts.cgroupLayout, cgroup)) await setFrozen(parts.cgroupLayout, cgroup, false);
      job.watch.lap('finish');
    },
    async down(context) {
      unmountRestoreRoot(context.parts.kernel, context.paths.bundle);
      await emptyCgroup(context.parts, context.request);
      await runtimeContainer.down(context);
    },
  };
}

async function bringBack(
  context: ContainerContext,
  job: RestoreJob,
  spec: OciSpec,
  placeholder: Placeholder,
): Promise<void> {
  const { parts, paths } = context;
  const images = path.join(job.directory, CHECKPOINT_FILES.images);
  const root = mountRestoreRoot(parts.kernel, rootfsPath(context), paths.bundle, {
    readOnly: spec.root.readonly === true,
  });
  const descriptors = JSON.parse(
    await readAtOnce(path.join(job.directory, CHECKPOINT_FILES.descriptors)),
  ) as string[];
  if (job.lazy !== null) job.lazy.pages = await startLazyMemory(context, { ...job, ...job.lazy, images });
  if (job.launcher === null) throw new Error(`${job.operation}: no launcher waits`);
  const launched = job.launcher.launch({
    criu: job.criu,
    knowledge: job.knowledge,
    network: placeholder.network,
  });
  try {
    const restoreRequest = await describeRestore(context, job, {
      spec,
      placeholder,
      root,
      images,
      descriptors,
      launched,
    });
    await launched.joined();
    const { pid, statistics } = await restore(parts.kernel, launched, restoreRequest);
    job.watch.lap('restore');
    const [monitored] = await Promise.all([launched.monitor, job.verified ?? verifyContainer(context, pid)]);
    job.watch.lap('verify');
    job.pid = monitored;
    job.statistics = statistics;
  } finally {
    launched.handOver();
    launched.close();
  }
}

interface RestoreParts {
  spec: OciSpec;
  placeholder: Placeholder;
  root: string;
  images: string;
  descriptors: readonly string[];
  launched: LaunchedCriu;
}

async function describeRestore(
  context: ContainerContext,
  job: RestoreJob,
  restoreParts: RestoreParts,
): Promise<CriuRestoreRequest> {
  const { parts, paths } = context;
  const { spec, placeholder, descriptors } = restoreParts;
  return {
    operation: job.operation,
    imagesDirectory: restoreParts.images,
    workDirectory: paths.bundle,
    keptLogFile: path.join(paths.logs, RESTORE_LOG),
    root: restoreParts.root,
    externalMounts: await followLinks(
      restoredExternals(spec, job.record.externalMounts, { paths: placeholder.cgroupMounts }),
    ),
    inheritedFds: [
      ...descriptors.flatMap((key, fd) => (key.startsWith('pipe:') ? [{ key, fd }] : [])),
      ...(job.record.networkNamespace === null || placeholder.network === 'host'
        ? []
        : [{ key: job.record.networkNamespace, fd: NETWORK_PLACE }]),
    ],
    joinedNamespaces: joinedNamespaces(spec),
    cgroupRoots: placeholder.cgroupRoots,
    cgroupYard: cgroupYard(parts.cgroupLayout),
    ...(job.lazy !== null && { variations: { lazyPages: true } }),
    allowances: { ...job.allowances, ...chooseConfigFile(spec, parts.runtime.path) },
    ...(job.isArchived && { lsmProfile: formatLsmProfile(lsmProfileOf(spec)) }),
    handlers: restoreHandlers(context, job, restoreParts),
    observe: parts.observeEffect,
    timeoutMs: job.timeoutMs,
    ...(job.signal === undefined ? {} : { signal: job.signal }),
  };
}

/** What is joined by path: the network comes by descriptor, and CRIU knows no way for a cgroup namespace. */
function joinedNamespaces(spec: OciSpec): { ns: string; ns_file: string }[] {
  return spec.linux.namespaces.flatMap(({ type, path: file }) => {
    const ns = { ipc: 'ipc', uts: 'uts', user: 'user', time: 'time' }[type as string];
    return ns === undefined || file === undefined ? [] : [{ ns, ns_file: file }];
  });
}

function verifyContainer({ parts, request }: ContainerContext, pid: number): Promise<void> {
  return verifyRuntime(parts.runCommand, parts.runtime, request.id, pid);
}

function restoreHandlers(
  context: ContainerContext,
  job: RestoreJob,
  { launched, placeholder, spec }: RestoreParts,
): CriuNotifyHandlers {
  const { parts, request, paths } = context;
  return {
    'pre-restore': async () => {
      launched.handOver();
      await placeholder.end();
    },
    'setup-namespaces': async ({ pid }) => {
      if (pid === null) return;
      await runRestoreHooks(parts.runCommand, spec, { id: request.id, pid, bundle: paths.bundle });
    },
    'orphan-pts-master': ({ fds }) => {
      const connection = parts.kernel.connectUnix(path.join(paths.bundle, 'console-socket'), SOCK_STREAM);
      try {
        parts.kernel.sendmsg(connection, Buffer.from('terminal'), fds);
      } finally {
        parts.kernel.close(connection);
      }
    },
    // All is there and nothing runs yet: whoever looks from now on must find the restored process.
    'post-restore': async ({ pid }) => {
      if (pid === null) return;
      parts.observeEffect('restore.adopt', 'before');
      await saveProcess(paths, pid, parts.facts.bootId);
      adoptProcess(path.join(parts.paths.runtime, request.id), await describeProcess(pid));
      writeVolatile(paths.pidFile, String(pid), 0o600);
      unpark(parts, request);
      // After the answer: to start a process takes as long as CRIU's next step, which need not wait for it.
      job.verified = nextTurn().then(() => verifyContainer(context, pid));
      // CRIU may fail before anybody waits for it.
      job.verified.catch(() => undefined);
      job.lazy?.pages?.letRun();
      parts.observeEffect('restore.adopt', 'after');
    },
  };
}
