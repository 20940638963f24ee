import { execFile } from 'node:child_process';
import { mkdir, rename, stat } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import type { TestRoot } from './test-root.ts';

export const DEMO_IMAGE = 'localhost/demo:1';

const REPOSITORY = path.resolve(import.meta.dirname, '../..');
const SCRIPT = path.join(REPOSITORY, 'scripts/make-demo-image.mjs');

/** The OCI archive of the demo image, made once and kept beside the npm packages. Returns its path. */
export async function demoImageArchive(): Promise<string> {
  const cache = path.join(REPOSITORY, 'node_modules/.cache');
  const archive = path.join(cache, 'tsctr-demo-image.tar');
  const [made, script] = await Promise.all([stat(archive).catch(() => null), stat(SCRIPT)]);
  if (made !== null && made.mtimeMs > script.mtimeMs) return archive;
  await mkdir(cache, { recursive: true });
  const own = `${archive}.${String(process.pid)}`;
  await promisify(execFile)(process.execPath, [SCRIPT, own]);
  await rename(own, archive);
  return archive;
}

/** Imports it into that instance as `localhost/demo:1`. */
export async function importDemoImage(testRoot: TestRoot): Promise<void> {
  await testRoot.output(['image', 'import', `oci-archive:${await demoImageArchive()}`, DEMO_IMAGE]);
}
