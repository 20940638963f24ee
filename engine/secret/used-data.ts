import type { ContainerRequest, DataKind } from '../../schemas/index.ts';
import { dataOfVariables } from './gather-values.ts';

/** Every config map and secret that a container refers to: in variables, files of its own, and volumes. */
export function usedData(spec: ContainerRequest['spec']): { kind: DataKind; name: string }[] {
  const { configMaps, secrets } = dataOfVariables({ spec });
  for (const { name } of spec.secrets ?? []) secrets.add(name);
  for (const volume of spec.volumes ?? []) {
    if (volume.configMap !== undefined) configMaps.add(volume.configMap.name);
    if (volume.secret !== undefined) secrets.add(volume.secret.secretName);
    for (const { configMap, secret } of volume.projected?.sources ?? []) {
      if (configMap !== undefined) configMaps.add(configMap.name);
      if (secret !== undefined) secrets.add(secret.name);
    }
  }
  return [
    ...[...configMaps].map((name) => ({ kind: 'ConfigMap', name }) as const),
    ...[...secrets].map((name) => ({ kind: 'Secret', name }) as const),
  ];
}
