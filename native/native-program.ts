import { existsSync } from 'node:fs';
import path from 'node:path';
import { packageRoot } from './package-root.ts';

type NativeProgram =
  'tsctr-conntrack.so' | 'tsctr-exited' | 'tsctr-lazy-pages' | 'tsctr-restore' | 'tsctr-tar';

/** The absolute path of a compiled program of ours. Throws an error that says what to do when it has not been built. */
export function nativeProgram(name: NativeProgram): string {
  const root = packageRoot();
  // In the order in which the addon is looked for: own build, then the one that came with the package.
  const places = ['build/Release', `prebuilds/linux-${process.arch}`];
  const found = places.map((place) => path.join(root, place, name)).find((file) => existsSync(file));
  if (found !== undefined) return found;
  throw new Error(`find ${name} in ${root}: not built; run \`npm run build\` in that directory`);
}
