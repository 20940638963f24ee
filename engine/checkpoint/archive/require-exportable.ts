import type { ContainerRequest } from '../../../schemas/index.ts';
import type { ContainerContext } from '../../container/container-context.ts';
import type { ArchivePlace } from '../../contract/checkpoint-archive.ts';
import { EngineError } from '../../engine-error.ts';

/** Refuses, with BAD_REQUEST, an archive of a container that depends on what is not its own: more than the namespaces of its pod. */
export function requireExportable(
  { request }: Pick<ContainerContext, 'request'>,
  place: Pick<ArchivePlace, 'leaveOut'>,
  operation: string,
): void {
  refuseShared(request, place, operation);
  refuseMappedUsers(request, operation);
}

/** What the members of a pod share goes on living with the others, and is in no archive of one of them. */
function refuseShared(
  request: ContainerRequest,
  { leaveOut }: Pick<ArchivePlace, 'leaveOut'>,
  operation: string,
): void {
  if (request.pod === null || leaveOut.includes('volumes')) return;
  const shared = (request.spec.volumes ?? []).filter(({ emptyDir }) => emptyDir !== undefined);
  const mounted = shared.filter(({ name }) =>
    request.spec.volumeMounts?.some((mount) => mount.name === name),
  );
  const [first] = mounted;
  if (first === undefined) return;
  throw new EngineError(
    'BAD_REQUEST',
    `${operation}: it shares the volume ${first.name} with the other containers of pod/${request.pod.name}, so that an archive would not have it`,
    { hint: 'leave the volumes out with --ignore-volumes' },
  );
}

/** The owners on disk are not those that the container sees, and nobody who imports the archive has the same range of them. */
function refuseMappedUsers(request: ContainerRequest, operation: string): void {
  if (request.spec.userns === undefined) return;
  throw new EngineError(
    'BAD_REQUEST',
    `${operation}: it has a user namespace of its own, whose owners of files an archive cannot carry`,
  );
}
