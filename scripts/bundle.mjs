// What the build puts into dist/.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { lazyModules } from './lazy-modules.mjs';

const root = path.dirname(import.meta.dirname);

// Each becomes <name>.js.
const PROGRAM = { program: 'cli/program.ts' };
const WORKER = { 'unpack-worker': 'engine/image/unpack-worker.ts' };
/** What loads program.js, of which they know the hash. */
const STARTERS = {
  main: 'cli/start/main.ts',
  oci: 'cli/start/oci.ts',
  'make-code-cache': 'cli/start/make-code-cache.ts',
};

/** What the bundles have in the place of what only ES modules have. The first URL of a process takes milliseconds: few need one. */
const BANNER = "const __meta = { get url() { return require('node:url').pathToFileURL(__filename).href; } };";
const MODULE_META = { 'import.meta.url': '__meta.url', 'import.meta.dirname': '__dirname' };

/** zod brings its messages in fifty languages, of which nobody here asks for more than one; together they are 300 KiB to load. */
const englishOnly = {
  name: 'zod-english-only',
  setup(build) {
    build.onLoad({ filter: /[\\/]zod[\\/]v4[\\/]locales[\\/]index\.js$/ }, () => ({
      contents: "export { default as en } from './en.js';",
      loader: 'js',
    }));
  },
};

/** Returns the names of what it has written. */
async function bundle(directory, entryPoints, { define = {}, plugins = [] } = {}) {
  const { build } = await import('esbuild');
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints,
    outdir: directory,
    bundle: true,
    // Node has a code cache for scripts, and none for ES modules.
    format: 'cjs',
    platform: 'node',
    target: 'node20',
    sourcemap: 'linked',
    legalComments: 'none',
    banner: { js: BANNER },
    define: { ...MODULE_META, ...define },
    metafile: true,
    // Part of the time that a command takes to load is reading. Names stay: stack traces are read.
    minifyWhitespace: true,
    minifySyntax: true,
    plugins,
    logLevel: 'warning',
    // import.meta.resolve is for what runs from the sources.
    logOverride: { 'empty-import-meta': 'silent' },
  });
  return Object.keys(metafile.outputs).map((file) => path.basename(file));
}

/** Makes all that dist/ holds in `directory`, with the code cache for the Node that runs this. */
export async function bundleAll(directory) {
  const plugins = [englishOnly, lazyModules({ define: MODULE_META })];
  const program = await bundle(directory, PROGRAM, { plugins });
  const worker = await bundle(directory, WORKER);
  const text = readFileSync(path.join(directory, 'program.js'));
  // It is read byte by byte: V8 keeps it in half of the space, and need not decode it.
  if (text.some((byte) => byte > 127)) throw new Error('program.js: expected ASCII alone');
  const hash = createHash('sha256').update(text).digest('hex').slice(0, 16);
  const starters = await bundle(directory, STARTERS, { define: { PROGRAM_HASH: JSON.stringify(hash) } });
  // The files are no ES modules, whatever the package says.
  writeFileSync(path.join(directory, 'package.json'), '{ "type": "commonjs" }\n');
  const made = new Set([...program, ...worker, ...starters, 'package.json']);
  for (const name of readdirSync(directory)) {
    if (!made.has(name)) rmSync(path.join(directory, name), { recursive: true });
  }
  const maker = path.join(directory, 'make-code-cache.js');
  const { status, signal } = spawnSync(process.execPath, [maker], { stdio: 'inherit' });
  if (status !== 0) throw new Error(`${maker} ended with ${status ?? signal}`);
}
