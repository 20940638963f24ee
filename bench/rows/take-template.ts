import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Bench } from '../bench.ts';
import { containerManifest } from '../workload.ts';
import type { ManifestOptions } from '../workload.ts';

/** Gives the floor its config.json: that of a container which tsctr made of the same manifest. */
export async function takeTemplate(
  { tsctr, floor, directory }: Bench,
  { command, spec }: ManifestOptions = {},
): Promise<void> {
  const manifest = path.join(directory, 'template.yaml');
  const options = { ...(command === undefined ? {} : { command }), ...(spec === undefined ? {} : { spec }) };
  await writeFile(manifest, containerManifest('template', options));
  await tsctr.command(['apply', '-f', manifest, '--wait']);
  await floor.takeTemplate(tsctr, 'template');
  await tsctr.command(['delete', '-f', manifest]);
}
