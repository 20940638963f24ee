import type { OciMount } from '../../schemas/index.ts';
import { EngineError } from '../engine-error.ts';
import { INIT_PATH } from './command.ts';
import type { SpecInput } from './spec-input.ts';

/** Bind mounts of the files and directories that the engine provides, in the order of their names. */
export function providedMounts(input: SpecInput): OciMount[] {
  return Object.entries(input.providedFiles)
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([destination, source]) => ({
      destination,
      type: 'bind',
      source,
      options: ['bind', 'rprivate', ...protection(destination, input)],
    }));
}

/** The init process of `init: true`, out of the host's catatonit. */
export function initMount(input: SpecInput): OciMount[] {
  const { request, host } = input;
  if (request.spec.init !== true) return [];
  const source = host.tools.catatonit;
  if (source === null) {
    throw new EngineError(
      'TOOL_MISSING',
      `build mounts of container ${request.name}: spec.init needs catatonit, which this host lacks`,
      { hint: 'install the package catatonit, or drop spec.init' },
    );
  }
  return [{ destination: INIT_PATH, type: 'bind', source, options: ['bind', 'ro', 'private'] }];
}

/**
 * In a read-only container the provided files are read-only as well. /dev/shm stays writable, unless the tmpfs mounts
 * were turned off too.
 */
function protection(destination: string, { request }: SpecInput): string[] {
  const { spec } = request;
  const readOnly = spec.securityContext?.readOnlyRootFilesystem === true;
  const restrictions = ['nosuid', 'noexec', 'nodev'];
  if (destination === '/dev/shm') {
    return readOnly && spec.readOnlyTmpfs === false ? ['ro', ...restrictions] : restrictions;
  }
  return readOnly ? ['ro', ...restrictions] : [];
}
