import type { OciCapabilities, OciProcess } from '../../schemas/index.ts';
import type { ExecSessionOptions } from '../access.ts';
import type { ResolvedUser } from '../spec/user.ts';

/**
 * The process of a session: the container's own with another command, and what was asked for besides. `user` is null to stay
 * the container's.
 */
export function execProcessSpec(
  base: OciProcess,
  options: ExecSessionOptions,
  user: ResolvedUser | null,
): OciProcess {
  const rest = { ...base };
  delete rest.terminal;
  delete rest.consoleSize;
  const { tty, size } = options;
  return {
    ...rest,
    ...(tty === true && { terminal: true }),
    ...(tty === true && size !== undefined && { consoleSize: { height: size.rows, width: size.columns } }),
    args: [...options.command],
    env: mergeEnvironment(base.env, {
      ...(user !== null && { HOME: user.home }),
      ...(tty === true && !base.env.some((entry) => entry.startsWith('TERM=')) && { TERM: 'xterm' }),
      ...options.env,
    }),
    cwd: options.cwd ?? base.cwd,
    rlimits: base.rlimits.map(({ type, soft, hard }) => ({ type, soft: asLimit(soft), hard: asLimit(hard) })),
    ...(user !== null && {
      user: { ...base.user, uid: user.uid, gid: user.gid, additionalGids: [...user.additionalGids] },
      capabilities: capabilitiesFor(base.capabilities, user),
    }),
  };
}

const RLIM_INFINITY = 2n ** 64n - 1n;

/** JSON.parse rounds RLIM_INFINITY up to what does not fit into 64 bits. */
function asLimit(value: number | bigint): number | bigint {
  return value > Number.MAX_SAFE_INTEGER ? RLIM_INFINITY : value;
}

/** Root has what the container may ever have; anybody else nothing, as execve(2) would leave it. */
function capabilitiesFor({ bounding = [] }: OciCapabilities, user: ResolvedUser): OciCapabilities {
  return user.uid === 0 ? { bounding, effective: bounding, permitted: bounding } : { bounding };
}

function mergeEnvironment(base: readonly string[], added: Readonly<Record<string, string>>): string[] {
  const kept = base.filter((entry) => !Object.hasOwn(added, entry.slice(0, entry.indexOf('='))));
  return [...kept, ...Object.entries(added).map(([name, value]) => `${name}=${value}`)];
}
