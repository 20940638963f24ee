import { execFile } from 'node:child_process';
import { mkdir, readFile, rename, stat } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { gunzipSync } from 'node:zlib';
import { writeImageLayout } from './image-layout.ts';
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

/** Imports another image under that name, with the files of the demo image: only its configuration is not the same. */
export async function importTwin(testRoot: TestRoot, name: string): Promise<void> {
  const [demo, twin] = ['demo', 'twin'].map((each) => path.join(testRoot.directory, each)) as [
    string,
    string,
  ];
  await mkdir(demo);
  await promisify(execFile)('tar', ['-xf', await demoImageArchive(), '-C', demo]);
  const blob = (digest: string) => readFile(path.join(demo, 'blobs', digest.replace(':', '/')));
  const index = JSON.parse(await readFile(path.join(demo, 'index.json'), 'utf8')) as {
    manifests: { digest: string }[];
  };
  const manifest = JSON.parse((await blob(index.manifests[0]?.digest ?? '')).toString('utf8')) as {
    layers: { digest: string }[];
  };
  const layers = await Promise.all(
    manifest.layers.map(async ({ digest }) => ({ archive: gunzipSync(await blob(digest)) })),
  );
  writeImageLayout(twin, layers, { config: { Labels: { twin: 'yes' } } });
  await testRoot.output(['image', 'import', `oci:${twin}`, name]);
}
