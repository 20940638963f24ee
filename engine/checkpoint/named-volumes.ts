import type { ContainerRequest } from '../../schemas/index.ts';

/** A named volume as a container has it mounted. */
export interface MountedVolume {
  /** Name of the volume itself. */
  claim: string;
  /** Where it is mounted in the container. */
  destination: string;
  /** Only a part of it is mounted. */
  isPart: boolean;
  readOnly: boolean;
}

/** Each place of the container at which a named volume is mounted. */
export function namedVolumesOf({ spec }: Pick<ContainerRequest, 'spec'>): MountedVolume[] {
  const claims = new Map(
    (spec.volumes ?? []).flatMap(({ name, persistentVolumeClaim }) =>
      persistentVolumeClaim === undefined ? [] : [[name, persistentVolumeClaim]],
    ),
  );
  return (spec.volumeMounts ?? []).flatMap(({ name, mountPath, readOnly, subPath, subPathExpr }) => {
    const claim = claims.get(name);
    if (claim === undefined) return [];
    return [
      {
        claim: claim.claimName,
        destination: mountPath,
        isPart: (subPath ?? subPathExpr ?? '') !== '',
        readOnly: readOnly === true || claim.readOnly === true,
      },
    ];
  });
}
