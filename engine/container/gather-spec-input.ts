import { readFileSync } from 'node:fs';
import { availableParallelism, totalmem } from 'node:os';
import path from 'node:path';
import { gatherAppArmorProfile } from '../apparmor/gather-profile.ts';
import type { ContainerRequest } from '../../schemas/index.ts';
import type { CgroupLayout } from '../cgroup/cgroup-layout.ts';
import { cgroupsPathFor } from '../cgroup/cgroup-path.ts';
import { hasSwapLimit } from '../cgroup/swap-limit.ts';
import { EngineError } from '../engine-error.ts';
import { socketsFor } from '../process/passed-sockets.ts';
import { gatherValues } from '../secret/gather-values.ts';
import { labelsOf } from '../selinux/host-labels.ts';
import { boundingSet, parseCapabilityMask } from '../spec/capabilities.ts';
import { splitMappedGids } from '../spec/id-mapping.ts';
import { parseSeccompProfile } from '../spec/seccomp-profile.ts';
import type { SeccompContext } from '../spec/seccomp-profile.ts';
import type { HostLimits, JoinableNamespace, SpecInput } from '../spec/spec-input.ts';
import type { ResolvedUser } from '../spec/user.ts';
import { resolveDestination } from '../volume/resolve-destination.ts';
import { rootfsPath } from './container-context.ts';
import type { ContainerContext } from './container-context.ts';
import { gatherCdi } from './gather-cdi.ts';
import { lookUpUser } from './look-up-user.ts';
import { resolveDevices } from './resolve-devices.ts';

/** Asks the host and the root filesystem for all that the spec is made from. */
export async function gatherSpecInput(context: ContainerContext): Promise<SpecInput> {
  const { request, parts } = context;
  const { seccompProfile } = request.spec.securityContext ?? {};
  const limits = readHostLimits(parts.cgroupLayout);
  const cdi = await gatherCdi(context);
  return {
    request: withRealTmpfs(context),
    imageConfig: context.imageConfig,
    host: parts.facts,
    user: mappedUser(context),
    rootfsPath: rootfsPath(context),
    providedFiles: context.providedFiles,
    namespacePaths: namespacePaths(context),
    volumes: context.volumes,
    cgroupsPath: cgroupsPathFor(parts.cgroupOwner, request),
    ...(parts.monitors !== null && { monitorUnit: parts.monitors.unit }),
    limits,
    deviceNodes: resolveDevices(parts.kernel, request),
    values: {
      capacity: { cpus: availableParallelism(), memoryBytes: totalmem() },
      ...(await gatherValues(request, parts.data)),
    },
    listenSockets: socketsFor(request).map(({ name }) => name),
    ...(cdi !== null && { cdi }),
    ...(await gatherAppArmorProfile(parts, request)),
    ...seLinuxOf(context),
    ...(context.userNamespace !== null && { userNamespace: context.userNamespace }),
    ...(seccompProfile?.type === 'Localhost' && {
      localhostSeccomp: readSeccompProfile(seccompProfile.localhostProfile ?? '', {
        architecture: parts.facts.architecture,
        capabilities: boundingSet({ request, limits }),
        kernel: parts.facts.kernel,
      }),
    }),
  };
}

function seLinuxOf(context: ContainerContext): Pick<SpecInput, 'seLinux'> {
  const labels = labelsOf(context);
  return labels === null ? {} : { seLinux: labels };
}

function namespacePaths(context: ContainerContext): Partial<Record<JoinableNamespace, string>> {
  const { request, pod, userNamespace } = context;
  const user = userNamespace?.joined === true ? { user: userNamespace.file } : {};
  if (pod === null || request.pod === null) return user;
  return { ...Object.fromEntries(request.pod.shared.map((name) => [name, pod[name]])), ...user };
}

/** A tmpfs on a link of the image lies where the link leads. */
function withRealTmpfs(context: ContainerContext): ContainerRequest {
  const { request } = context;
  const { tmpfs } = request.spec;
  if (tmpfs === undefined) return request;
  const real = tmpfs.map((mount) => ({
    ...mount,
    mountPath: resolveDestination(context, mount.mountPath),
  }));
  return { ...request, spec: { ...request.spec, tmpfs: real } };
}

/** A process cannot have a group that its user namespace does not map; it does without, and people are told. */
function mappedUser(context: ContainerContext): ResolvedUser {
  const { parts, request, userNamespace } = context;
  const user = lookUpUser(context);
  if (userNamespace === null) return user;
  const { mapped, unmapped } = splitMappedGids(user.additionalGids, userNamespace.gidMappings);
  if (unmapped.length > 0) {
    parts.notice?.(request.name, `its user namespace has no group ${unmapped.join(', ')}: left out`);
  }
  return { ...user, additionalGids: mapped };
}

/** Hard limits of this process, and its bounding set: nothing beyond can be handed on (proc_pid_limits(5)). */
export function readHostLimits(layout: CgroupLayout): HostLimits {
  const limits = readFileSync('/proc/self/limits', 'utf8');
  const hard = (name: string): number => {
    const value = new RegExp(`^${name} +\\S+ +(\\S+)`, 'm').exec(limits)?.[1] ?? 'unlimited';
    return value === 'unlimited' ? Number.MAX_SAFE_INTEGER : Number(value);
  };
  const mask = /^CapBnd:\s*([0-9a-f]+)/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? '0';
  return {
    nofileHard: hard('Max open files'),
    nprocHard: hard('Max processes'),
    capabilities: parseCapabilityMask(mask),
    swapLimit: hasSwapLimit(layout),
    oomScoreAdj: Number(readFileSync('/proc/self/oom_score_adj', 'utf8')),
  };
}

/** `localhostProfile` is below this directory, as the kubelet has it. */
const SECCOMP_DIRECTORY = '/etc/tsctr/seccomp';

function readSeccompProfile(
  name: string,
  context: SeccompContext,
): NonNullable<SpecInput['localhostSeccomp']> {
  const file = path.resolve(SECCOMP_DIRECTORY, name);
  if (!file.startsWith(`${SECCOMP_DIRECTORY}/`)) {
    throw new EngineError(
      'BAD_REQUEST',
      `read seccomp profile ${name}: expected a path below ${SECCOMP_DIRECTORY}`,
    );
  }
  try {
    return parseSeccompProfile(readFileSync(file, 'utf8'), file, context);
  } catch (error) {
    throw new EngineError('BAD_REQUEST', `read seccomp profile ${file}: ${String(error)}`, { cause: error });
  }
}
