// Lays what is compiled into prebuilds/, from where a package runs without a compiler. Part of `npm pack`.
import { spawnSync } from 'node:child_process';
import { chmodSync, copyFileSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';

/** In build/Release, and in prebuilds/: node-gyp-build reads the tags in the name of the addon. */
const FILES = {
  'tsctr_native.node': 'tsctr_native.napi.glibc.node',
  'tsctr-client': 'tsctr-client',
  'tsctr-conntrack.so': 'tsctr-conntrack.so',
  'tsctr-exited': 'tsctr-exited',
  'tsctr-lazy-pages': 'tsctr-lazy-pages',
  'tsctr-restore': 'tsctr-restore',
  'tsctr-tar': 'tsctr-tar',
};

process.chdir(path.dirname(import.meta.dirname));
if (!process.report.getReport().header.glibcVersionRuntime) {
  throw new Error('prebuild: expected a machine with the GNU C library, as the name of the addon says');
}
const target = `prebuilds/linux-${process.arch}`;
rmSync('prebuilds', { recursive: true, force: true });
mkdirSync(target, { recursive: true });
for (const [built, name] of Object.entries(FILES)) {
  const file = path.join(target, name);
  copyFileSync(path.join('build/Release', built), file);
  chmodSync(file, 0o755);
  // Debugging information is several times the size of the code.
  const strip = spawnSync('strip', ['--strip-unneeded', file], { encoding: 'utf8' });
  if (strip.status !== 0) throw new Error(`prebuild: strip ${file}: ${strip.stderr || strip.error?.message}`);
  console.log(`${file}: ${readFileSync(file).length} bytes`);
}
