import type { ManifestProblem } from '../../schemas/index.ts';
import type { OwnedManifest } from '../../reconciler/index.ts';
import type { ManifestText } from '../api/service.ts';
import type { KnownManifests } from './known-manifests.ts';

/** Reads manifests as one set: what is wrong with any of them is wrong with all. */
export async function readManifestSet(
  files: readonly ManifestText[],
  known: KnownManifests,
): Promise<{ manifests: OwnedManifest[]; problems: ManifestProblem[] }> {
  const { checkSet, loadManifests } = await import('../../schemas/index.ts');
  const loaded = files.map((file) => ({ file, ...known.load(file.text, file.file, loadManifests) }));
  const problems = [
    ...loaded.flatMap((each) => each.problems),
    ...checkSet(loaded.flatMap((each) => each.manifests)),
  ];
  const manifests = loaded.flatMap((each) =>
    each.manifests.map(({ manifest }) => ({ manifest, file: each.file.path })),
  );
  return { manifests, problems };
}
