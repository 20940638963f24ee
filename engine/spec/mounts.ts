import { posix } from 'node:path';
import type { OciMount } from '../../schemas/index.ts';
import { EngineError } from '../engine-error.ts';
import { initMount, providedMounts } from './provided-mounts.ts';
import type { SpecInput } from './spec-input.ts';
import { systemMounts } from './system-mounts.ts';
import { writablePlaces, tmpfsMounts } from './tmpfs-mounts.ts';
import { bindMount, propagationOf } from './bind-mount.ts';

/**
 * `mounts`, parents before what lies beneath them. What the manifest mounts stands in place of what the engine would have
 * put there; two mounts of the manifest at one place are an error, and so is one at `/`.
 */
export function buildMounts(input: SpecInput): OciMount[] {
  const own = manifestMounts(input);
  checkDestinations(own, input.request.name);
  const taken = new Set(own.map(({ destination }) => destination));
  const given = [
    ...systemMounts(input),
    ...writablePlaces(input),
    ...providedMounts(input),
    ...initMount(input),
  ].filter(({ destination }) => !isCovered(destination, taken));
  return sortByDepth([...given, ...own]);
}

/** Container paths of provided files that a mount of the manifest replaces; for the log. */
export function replacedFiles(input: SpecInput): string[] {
  const taken = new Set(manifestMounts(input).map(({ destination }) => destination));
  return Object.keys(input.providedFiles).filter((path) => isCovered(path, taken));
}

/** `linux.rootfsPropagation`: what the most open mount needs; null is the runtime's default (private). */
export function rootPropagation(input: SpecInput): string | null {
  const kinds = input.volumes.map(propagationOf);
  if (kinds.some((kind) => kind.endsWith('shared'))) return 'shared';
  return kinds.find((kind) => kind.endsWith('slave')) ?? null;
}

function manifestMounts(input: SpecInput): OciMount[] {
  const mounts = [...(input.cdi?.mounts ?? []), ...input.volumes].map(bindMount);
  return [...tmpfsMounts(input), ...mounts].map((mount) => ({
    ...mount,
    destination: normalize(mount.destination),
  }));
}

function checkDestinations(mounts: readonly OciMount[], container: string): void {
  const seen = new Set<string>();
  for (const { destination } of mounts) {
    const operation = `build mounts of container ${container}`;
    if (destination === '/') {
      throw new EngineError('BAD_REQUEST', `${operation}: expected a place below the root, found \`/\``);
    }
    if (seen.has(destination)) {
      throw new EngineError('BAD_REQUEST', `${operation}: ${destination} is the place of two mounts`);
    }
    seen.add(destination);
  }
}

/**
 * A mount at the very place covers it; one at /dev brings its own devices with it, and one at /run is left without our
 * marker file, because the engine does not write into volumes.
 */
function isCovered(destination: string, taken: ReadonlySet<string>): boolean {
  if (taken.has(destination)) return true;
  if (taken.has('/dev') && destination.startsWith('/dev/')) return true;
  return taken.has('/run') && destination === '/run/.containerenv';
}

function sortByDepth(mounts: OciMount[]): OciMount[] {
  const depth = ({ destination }: OciMount): number => destination.split('/').length;
  return mounts.sort((one, other) => depth(one) - depth(other));
}

function normalize(path: string): string {
  const normal = posix.normalize(path);
  return normal.length > 1 && normal.endsWith('/') ? normal.slice(0, -1) : normal;
}
