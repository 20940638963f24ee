import type { DataName, ResourceName } from '../api/service.ts';
import type { Invocation } from '../command-line/command.ts';

/** What the manifests in the files of `-f` name. */
export async function namesInFiles({
  options,
  io,
}: Pick<Invocation, 'options' | 'io'>): Promise<{ names: ResourceName[]; data: DataName[] }> {
  const [{ loadManifests, ManifestError }, { readManifestFiles }] = await Promise.all([
    import('../../schemas/index.ts'),
    import('./read-manifest-files.ts'),
  ]);
  const files = await readManifestFiles(options.list('file'), io, { recursive: options.flag('recursive') });
  const loaded = files.map(({ text, file }) => loadManifests(text, file));
  const problems = loaded.flatMap((one) => one.problems);
  if (problems.length > 0) throw new ManifestError(problems);
  const named: { names: ResourceName[]; data: DataName[] } = { names: [], data: [] };
  for (const { manifest } of loaded.flatMap((one) => one.manifests)) {
    const { name } = manifest.metadata;
    if (manifest.kind === 'Container' || manifest.kind === 'Pod')
      named.names.push({ kind: manifest.kind, name });
    else named.data.push({ kind: manifest.kind, name });
  }
  return named;
}
