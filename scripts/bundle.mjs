// What the build puts into dist/.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createRequire } from 'node:module';
import { existsSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';

const root = path.dirname(import.meta.dirname);

/** Each becomes <name>.js. */
const PROGRAMS = { program: 'cli/program.ts', 'unpack-worker': 'engine/image/unpack-worker.ts' };
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

/**
 * What is run when one of its exports is first asked for, and not with whoever imports it: most commands need none of these, and their top
 * levels are a good part of the time that a command takes to load. Builtins of Node by name, packages by name, files of ours by path.
 */
const RUN_WHEN_USED = [
  'node:http',
  'node:https',
  'node:worker_threads',
  'protobufjs',
  'schemas/checkpoint/archive-signature.ts',
  'schemas/oci/cdi-spec.ts',
  'schemas/checkpoint/checkpoint-environment.ts',
  'schemas/checkpoint/checkpoint-manifest.ts',
  'schemas/data/config-map.ts',
  'schemas/configuration/configuration.ts',
  'schemas/checkpoint/declared-checkpoint.ts',
  'schemas/volume/declared-volume.ts',
  'schemas/oci/hook-definition.ts',
  'schemas/checkpoint/podman-archive.ts',
  'schemas/oci/seccomp-document.ts',
  'schemas/data/secret.ts',
  'schemas/volume/volume-manifest.ts',
  'schemas/record/volume-record.ts',
];

/** Puts an object in the place of such a module that has a getter for each export. */
const runWhenUsed = {
  name: 'run-when-used',
  setup(build) {
    const files = new Map(
      RUN_WHEN_USED.filter((name) => name.endsWith('.ts')).map((name) => [path.join(root, name), name]),
    );
    for (const file of files.keys()) {
      if (!existsSync(file)) throw new Error(`${file}: to be run when used, and not there`);
    }
    // The path is written into the bundle, which must not name the directory that it was built in.
    const place = (name, module, resolveDir) => ({
      path: name,
      namespace: 'when-used',
      pluginData: { module, resolveDir },
    });
    build.onResolve({ filter: /./ }, ({ path: name, importer, namespace, resolveDir }) => {
      if (namespace === 'when-used') return undefined;
      if (RUN_WHEN_USED.includes(name)) return place(name, name, resolveDir);
      const file = name.startsWith('.') ? path.resolve(resolveDir, name) : '';
      return files.has(file) && !path.dirname(importer).includes('node_modules')
        ? place(files.get(file), file, resolveDir)
        : undefined;
    });
    build.onLoad({ filter: /./, namespace: 'when-used' }, async ({ pluginData }) => {
      const { module, resolveDir } = pluginData;
      const getters = (await exportsOf(module)).map((name) => `get ${name}() { return load().${name}; }`);
      const contents = `const load = () => require(${JSON.stringify(module)});\nmodule.exports = { ${getters.join(', ')} };`;
      return { contents, resolveDir, loader: 'js' };
    });
  },
};

/** The names that a module exports. */
async function exportsOf(module) {
  if (!module.endsWith('.ts')) return Object.keys(createRequire(import.meta.url)(module));
  const { build } = await import('esbuild');
  const { metafile } = await build({
    entryPoints: [module],
    bundle: true,
    packages: 'external',
    format: 'esm',
    write: false,
    metafile: true,
    outdir: root,
  });
  return Object.values(metafile.outputs)[0].exports;
}

/** Returns the names of what it has written. */
async function bundle(directory, entryPoints, define = {}) {
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
    loader: { '.proto': 'text' },
    banner: { js: BANNER },
    define: { ...MODULE_META, ...define },
    metafile: true,
    // Part of the time that a command takes to load is reading. Names stay: stack traces are read.
    minifyWhitespace: true,
    minifySyntax: true,
    plugins: [englishOnly, runWhenUsed],
    logLevel: 'warning',
    // import.meta.resolve is for what runs from the sources.
    logOverride: { 'empty-import-meta': 'silent' },
  });
  return Object.keys(metafile.outputs).map((file) => path.basename(file));
}

/** Makes all that dist/ holds in `directory`, with the code cache for the Node that runs this. */
export async function bundleAll(directory) {
  const programs = await bundle(directory, PROGRAMS);
  const text = readFileSync(path.join(directory, 'program.js'));
  // It is read byte by byte: V8 keeps it in half of the space, and need not decode it.
  if (text.some((byte) => byte > 127)) throw new Error('program.js: expected ASCII alone');
  const hash = createHash('sha256').update(text).digest('hex').slice(0, 16);
  const starters = await bundle(directory, STARTERS, { PROGRAM_HASH: JSON.stringify(hash) });
  // The files are no ES modules, whatever the package says.
  writeFileSync(path.join(directory, 'package.json'), '{ "type": "commonjs" }\n');
  const made = new Set([...programs, ...starters, 'package.json']);
  for (const name of readdirSync(directory)) {
    if (!made.has(name)) rmSync(path.join(directory, name), { recursive: true });
  }
  const maker = path.join(directory, 'make-code-cache.js');
  const { status, signal } = spawnSync(process.execPath, [maker], { stdio: 'inherit' });
  if (status !== 0) throw new Error(`${maker} ended with ${status ?? signal}`);
}
