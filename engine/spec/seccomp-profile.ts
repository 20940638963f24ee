import { constants } from 'node:os';
import { parseHostFile, seccompDocument } from '../../schemas/index.ts';
import type { OciSeccomp, OciSyscallRule, SeccompDocument } from '../../schemas/index.ts';
import { seccompArchitectures } from './seccomp-default.ts';

/** What the conditions of a profile are held against. */
export interface SeccompContext {
  architecture: string;
  /** The container's bounding set, `boundingSet`. */
  capabilities: readonly string[];
  /** As uname(2) says: `6.12.3-amd64`. */
  kernel: string;
}

type Rule = NonNullable<SeccompDocument['syscalls']>[number];
type Conditions = NonNullable<Rule['includes']>;

/**
 * The profile in a file, in the form of the OCI spec or of the engines (podman, docker, CRI-O), for this host and container.
 * Throws HostFileError. Rules for another architecture, kernel or set of capabilities are left out: passed on as they are,
 * their conditions would be lost and the calls allowed.
 */
export function parseSeccompProfile(text: string, file: string, context: SeccompContext): OciSeccomp {
  const profile = parseHostFile(seccompDocument, text, file);
  const architectures = profileArchitectures(profile, context.architecture);
  const errnoRet = errorNumber(profile.defaultErrnoRet, profile.defaultErrno);
  return {
    defaultAction: profile.defaultAction,
    ...(errnoRet !== null && { defaultErrnoRet: errnoRet }),
    ...(architectures.length > 0 && { architectures }),
    ...(profile.flags !== undefined && { flags: profile.flags }),
    ...(profile.listenerPath !== undefined && { listenerPath: profile.listenerPath }),
    ...(profile.listenerMetadata !== undefined && { listenerMetadata: profile.listenerMetadata }),
    syscalls: (profile.syscalls ?? []).filter((rule) => applies(rule, context)).flatMap(toOciRule),
  };
}

function profileArchitectures({ architectures, archMap }: SeccompDocument, architecture: string): string[] {
  if (architectures != null && architectures.length > 0) return architectures;
  const native = seccompArchitectures(architecture)[0];
  const mapped = archMap?.find((entry) => entry.architecture === native);
  return mapped === undefined ? [] : [mapped.architecture, ...(mapped.subArchitectures ?? [])];
}

/** All of `includes` and none of `excludes` must hold. */
function applies({ includes, excludes }: Rule, context: SeccompContext): boolean {
  const { caps = [], arches = [], minKernel } = includes ?? {};
  if (!caps.every((cap) => context.capabilities.includes(cap))) return false;
  if (arches.length > 0 && !namesArchitecture(arches, context)) return false;
  if (minKernel !== undefined && !isAtLeast(context.kernel, minKernel)) return false;
  return excludes === undefined || !isExcluded(excludes, context);
}

function isExcluded({ caps = [], arches = [], minKernel }: Conditions, context: SeccompContext): boolean {
  if (caps.some((cap) => context.capabilities.includes(cap))) return true;
  if (namesArchitecture(arches, context)) return true;
  return minKernel !== undefined && isAtLeast(context.kernel, minKernel);
}

/** By Go's name (`amd64`) or by seccomp's. A 32-bit companion of the native architecture counts as well. */
function namesArchitecture(arches: readonly string[], { architecture }: SeccompContext): boolean {
  const own = seccompArchitectures(architecture);
  return arches.some(
    (name) => name === architecture || own.includes(name) || seccompArchitectures(name)[0] === own[0],
  );
}

function isAtLeast(kernel: string, wanted: string): boolean {
  const numbers = (version: string): [number, number] => {
    const [major = '0', minor = '0'] = version.split(/[.-]/);
    return [Number.parseInt(major, 10), Number.parseInt(minor, 10)];
  };
  const [[major, minor], [wantedMajor, wantedMinor]] = [numbers(kernel), numbers(wanted)];
  return major > wantedMajor || (major === wantedMajor && minor >= wantedMinor);
}

function toOciRule({ name, names, action, errnoRet, errno, args }: Rule): OciSyscallRule[] {
  const all = [...(name === undefined ? [] : [name]), ...(names ?? [])];
  if (all.length === 0) return [];
  const code = errorNumber(errnoRet, errno);
  return [
    {
      names: all,
      action,
      ...(code !== null && { errnoRet: code }),
      ...(args != null &&
        args.length > 0 && {
          args: args.map(({ index, value, valueTwo, op }) => ({
            index,
            value,
            ...(valueTwo !== undefined && { valueTwo }),
            op,
          })),
        }),
    },
  ];
}

/** The name goes first: it is right on every architecture. */
function errorNumber(number: number | null | undefined, name: string | undefined): number | null {
  const known: Readonly<Record<string, number>> = constants.errno;
  return (name !== undefined && Object.hasOwn(known, name) ? known[name] : undefined) ?? number ?? null;
}
