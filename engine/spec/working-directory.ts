import { EngineError } from '../engine-error.ts';
import { isWithin, workingDirectory } from './process.ts';
import type { SpecInput } from './spec-input.ts';

/** What is at the working directory in the mounted root filesystem, after links were followed inside it. */
export interface WorkingDirectoryFinding {
  /** The place that links lead to; the path itself where there are none. */
  path: string;
  kind: 'directory' | 'other' | 'missing';
}

/** `create`: with the container's user as owner. */
export type WorkingDirectoryPlan = 'leave' | 'create';

/**
 * Whether the working directory has to be made. One in a volume or other mount is the volume's own matter; the image's own is
 * made when it is missing; one that the manifest asks for must be there. Throws BAD_REQUEST.
 */
export function planWorkingDirectory(
  input: Pick<SpecInput, 'request' | 'imageConfig' | 'volumes'>,
  found: WorkingDirectoryFinding,
): WorkingDirectoryPlan {
  const asked = workingDirectory(input);
  if (isInMount(found.path, input) || isInMount(asked, input) || found.kind === 'directory') return 'leave';
  const operation = `prepare working directory of container ${input.request.name}: ${asked}`;
  if (found.kind === 'other') {
    const place = found.path === asked ? 'it' : `${found.path}, where it leads,`;
    throw new EngineError('BAD_REQUEST', `${operation}: expected a directory, but ${place} is none`);
  }
  if (input.request.spec.workingDir === undefined) return 'create';
  throw new EngineError('BAD_REQUEST', `${operation} does not exist in the image`, {
    hint: 'name a directory of the image or of a volume in spec.workingDir',
  });
}

function isInMount(path: string, { volumes, request }: Pick<SpecInput, 'request' | 'volumes'>): boolean {
  const places = [
    ...volumes.map(({ containerPath }) => containerPath),
    ...(request.spec.tmpfs ?? []).map(({ mountPath }) => mountPath),
  ];
  return places.some((place) => isWithin(path, place));
}
