import { posix } from 'node:path';
import type { OciProcess, OciUser } from '../../schemas/index.ts';
import { buildCapabilities } from './capabilities.ts';
import { buildArgs } from './command.ts';
import { buildEnvironment, manifestVariables } from './environment.ts';
import { buildRlimits } from './rlimits.ts';
import { appArmorProfile } from './security.ts';
import { chooseNamespace } from './namespaces.ts';
import type { SpecInput } from './spec-input.ts';

const DEFAULT_UMASK = 0o022;

/** `process`: what is run, as whom, where and with which rights. */
export function buildProcess(input: SpecInput): OciProcess {
  const { spec } = input.request;
  const variables = manifestVariables(input);
  const profile = appArmorProfile(input);
  const oomScoreAdj = spec.oomScoreAdj ?? inheritedOomScore(input);
  return {
    ...(spec.tty === true && { terminal: true }),
    user: buildUser(input),
    args: buildArgs(input, variables),
    env: buildEnvironment(input, { hostname: resolveHostname(input), variables }),
    cwd: workingDirectory(input),
    capabilities: buildCapabilities(input),
    rlimits: buildRlimits(input),
    ...(spec.securityContext?.allowPrivilegeEscalation === false && { noNewPrivileges: true }),
    ...(profile !== null && { apparmorProfile: profile }),
    ...(typeof input.seLinux?.processLabel === 'string' && { selinuxLabel: input.seLinux.processLabel }),
    ...(oomScoreAdj !== null && { oomScoreAdj }),
  };
}

/**
 * The daemon is protected from being killed for memory, and what it starts would be, too. What makes it a likelier victim stays: to take
 * that back is not everybody's right.
 */
function inheritedOomScore({ limits }: SpecInput): number | null {
  return (limits.oomScoreAdj ?? 0) < 0 ? 0 : null;
}

/** The name that the container sees: asked for, the pod's, the host's where it shares that, else its own. */
export function resolveHostname(input: SpecInput): string {
  const { request, host } = input;
  if (chooseNamespace(input, 'uts').kind === 'host') return host.hostname;
  return request.spec.hostname ?? request.pod?.name ?? request.name;
}

/** `spec.workingDir`, else the image's, else `/`. */
export function workingDirectory({
  request,
  imageConfig,
}: Pick<SpecInput, 'request' | 'imageConfig'>): string {
  const directory = request.spec.workingDir ?? imageConfig?.WorkingDir ?? '';
  // An image may name a relative directory; it counts from the root.
  return directory.startsWith('/') ? directory : `/${directory}`;
}

/** Whether `path` is `place` or lies below it; both absolute, however they are written. */
export function isWithin(path: string, place: string): boolean {
  return posix.normalize(`${path}/`).startsWith(posix.normalize(`${place}/`));
}

function buildUser({ request, user, cdi }: SpecInput): OciUser {
  const { umask } = request.spec;
  const gids = [...new Set([...user.additionalGids, ...(cdi?.additionalGids ?? [])])];
  return {
    uid: user.uid,
    gid: user.gid,
    umask: umask === undefined ? DEFAULT_UMASK : Number.parseInt(umask, 8),
    ...(gids.length > 0 && { additionalGids: gids }),
  };
}
