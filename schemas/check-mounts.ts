import path from 'node:path';
import type { ContainerSpec } from './container.ts';
import type { FieldIssue } from './field-issue.ts';
import type { FieldPath } from './field-path.ts';
import { badValue, duplicate, exactlyOne, findDuplicates, unknownName } from './make-issue.ts';
import { suggestion } from './suggest-name.ts';
import { volume } from './volume.ts';
import type { Volume, VolumeMount } from './volume.ts';

const VOLUME_SOURCES = Object.keys(volume.shape).filter((name) => name !== 'name');

/** The volumes of a Container or Pod: each with a name of its own and exactly one source. */
export function checkVolumes(volumes: readonly Volume[]): FieldIssue[] {
  const parent = ['spec', 'volumes'];
  return [
    ...findDuplicates(
      volumes,
      ({ name }) => name,
      ({ name }, i) => duplicate([...parent, i, 'name'], `a volume \`${name}\` stands above already`),
    ),
    ...volumes.flatMap((one, i) => {
      const issue = exactlyOne([...parent, i], one, VOLUME_SOURCES, 'the source of the volume');
      return issue === null ? [] : [issue];
    }),
    ...volumes.flatMap(({ hostPath }, i) => leadsUp([...parent, i, 'hostPath', 'path'], hostPath?.path)),
  ];
}

type Mounting = Pick<ContainerSpec, 'volumeMounts' | 'tmpfs'>;

/** What is mounted into one container: of volumes that exist, to places that differ. */
export function checkMounts(spec: Mounting, volumes: readonly Volume[], parent: FieldPath): FieldIssue[] {
  const mounts = spec.volumeMounts ?? [];
  const names = volumes.map(({ name }) => name);
  const places = [
    ...mounts.map((mount, i) => ({ mountPath: mount.mountPath, at: [...parent, 'volumeMounts', i] })),
    ...(spec.tmpfs ?? []).map((mount, i) => ({ mountPath: mount.mountPath, at: [...parent, 'tmpfs', i] })),
  ];
  return [
    ...mounts.flatMap((mount, i) => checkMount(mount, names, [...parent, 'volumeMounts', i])),
    ...places.flatMap(({ mountPath, at }) => leadsUp([...at, 'mountPath'], mountPath)),
    ...places
      .filter(({ mountPath }) => path.posix.normalize(mountPath) === '/')
      .map(({ at }) => badValue([...at, 'mountPath'], 'nothing can be mounted over the root filesystem')),
    ...findDuplicates(
      places,
      ({ mountPath }) => path.posix.normalize(`${mountPath}/`),
      ({ mountPath, at }) =>
        duplicate([...at, 'mountPath'], `something else is mounted on ${mountPath} already`),
    ),
  ];
}

function checkMount(mount: VolumeMount, volumes: readonly string[], at: FieldPath): FieldIssue[] {
  const issues = leadsUp([...at, 'subPath'], mount.subPath);
  if (mount.subPath?.startsWith('/') === true) {
    issues.push(
      badValue(
        [...at, 'subPath'],
        `expected a path within the volume, found ${JSON.stringify(mount.subPath)}`,
      ),
    );
  }
  if (volumes.includes(mount.name)) return issues;
  const known = volumes.length === 0 ? ': spec.volumes is empty' : suggestion(mount.name, volumes);
  return [...issues, unknownName([...at, 'name'], `no volume is called \`${mount.name}\`${known}`)];
}

function leadsUp(at: FieldPath, value: string | undefined): FieldIssue[] {
  if (value?.split('/').includes('..') !== true) return [];
  return [badValue(at, `expected a path without \`..\`, found ${JSON.stringify(value)}`)];
}
