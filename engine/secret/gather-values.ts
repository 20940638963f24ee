import type { ContainerRequest } from '../../schemas/index.ts';
import type { ValueSources } from '../spec/spec-input.ts';
import type { DataEntries, DataSources } from '../volume/data-sources.ts';

/** The names of the config maps and secrets that the container's variables refer to. */
export interface ReferredData {
  configMaps: Set<string>;
  secrets: Set<string>;
}

export function dataOfVariables({ spec }: Pick<ContainerRequest, 'spec'>): ReferredData {
  const configMaps = new Set<string>();
  const secrets = new Set<string>();
  for (const { configMapRef, secretRef } of spec.envFrom ?? []) {
    if (configMapRef !== undefined) configMaps.add(configMapRef.name);
    if (secretRef !== undefined) secrets.add(secretRef.name);
  }
  for (const { valueFrom } of spec.env ?? []) {
    if (valueFrom?.configMapKeyRef !== undefined) configMaps.add(valueFrom.configMapKeyRef.name);
    if (valueFrom?.secretKeyRef !== undefined) secrets.add(valueFrom.secretKeyRef.name);
  }
  for (const { name, env } of spec.secrets ?? []) if (env !== undefined) secrets.add(name);
  return { configMaps, secrets };
}

/** The values for the container's variables, as text; a name that there is none of is left out, for the spec to complain about. */
export async function gatherValues(
  request: Pick<ContainerRequest, 'spec'>,
  sources: DataSources,
): Promise<Pick<ValueSources, 'configMaps' | 'secrets'>> {
  const { configMaps, secrets } = dataOfVariables(request);
  const read = async (names: Set<string>, source: (name: string) => Promise<DataEntries | null>) => {
    const found: Record<string, Record<string, string>> = {};
    for (const name of names) {
      const entries = await source(name);
      if (entries !== null) found[name] = toText(entries);
    }
    return found;
  };
  return {
    configMaps: await read(configMaps, (name) => sources.configMap(name)),
    secrets: await read(secrets, (name) => sources.secret(name)),
  };
}

function toText(entries: DataEntries): Record<string, string> {
  return Object.fromEntries(
    Object.entries(entries).map(([key, value]) => [key, Buffer.from(value).toString('utf8')]),
  );
}
