import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Bench } from '../bench.ts';
import { containerManifest } from '../workload.ts';

/** Gives the floor its config.json: that of a container which tsctr made of the same manifest. */
export async function takeTemplate({ tsctr, floor, directory }: Bench): Promise<void> {
  const manifest = path.join(directory, 'template.yaml');
  await writeFile(manifest, containerManifest('template'));
  await tsctr.command(['apply', '-f', manifest, '--wait']);
  await floor.takeTemplate(tsctr, 'template');
  await tsctr.command(['delete', '-f', manifest]);
}
