// npm run build: compiles the addon when its sources have changed, and bundles the entries to dist/.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

/** Each becomes dist/<name>.js. */
const ENTRIES = { main: 'cli/main.ts', oci: 'cli/oci.ts', 'unpack-worker': 'engine/image/unpack-worker.ts' };

const NATIVE_OUTPUTS = [
  'build/Release/tsctr_native.node',
  'build/Release/tsctr-client',
  'build/Release/tsctr-conntrack.so',
  'build/Release/tsctr-exited',
  'build/Release/tsctr-restore',
  'build/Release/tsctr-tar',
];
const NATIVE_STAMP = 'build/native-sources.sha256';
/** Where Debian's libnode-dev puts the headers; without them node-gyp downloads those of the running Node. */
const SYSTEM_HEADERS = '/usr/include/node/node.h';

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
process.chdir(root);

/** A hash of all that the addon is made of. */
function hashOfNativeSources() {
  const sources = readdirSync('native/src').sort();
  const hash = createHash('sha256').update(`${process.version} ${process.arch}\n`);
  const addonApi = 'node_modules/node-addon-api/package.json';
  for (const file of ['binding.gyp', addonApi, ...sources.map((name) => `native/src/${name}`)]) {
    const text = readFileSync(file);
    hash.update(`${file} ${text.length}\n`).update(text);
  }
  return hash.digest('hex');
}

function buildNative() {
  const hash = hashOfNativeSources();
  const stamp = existsSync(NATIVE_STAMP) ? readFileSync(NATIVE_STAMP, 'utf8') : '';
  if (stamp === hash && NATIVE_OUTPUTS.every((file) => existsSync(file))) return;
  const args = ['configure', 'build', '--jobs', 'max', '--loglevel', 'warn'];
  if (existsSync(SYSTEM_HEADERS)) args.push('--nodedir=/usr');
  const nodeGyp = 'node_modules/node-gyp/bin/node-gyp.js';
  const run = spawnSync(process.execPath, [nodeGyp, ...args], { encoding: 'utf8' });
  if (run.status !== 0) {
    process.stderr.write(`${run.stdout ?? ''}${run.stderr ?? ''}`);
    throw new Error(`build native addon: node-gyp ended with ${run.status ?? run.signal}; see above`);
  }
  // The compiler's warnings, without the list of what was compiled.
  process.stderr.write(run.stderr);
  writeFileSync(NATIVE_STAMP, hash);
}

/** CommonJS packages in the bundle ask for `require`, which an ES module does not have. */
const REQUIRE_BANNER =
  "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);";

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

async function bundle() {
  const present = Object.entries(ENTRIES).filter(([, source]) => existsSync(source));
  for (const [name, source] of Object.entries(ENTRIES)) {
    if (!existsSync(source)) console.log(`dist/${name}.js: skipped, there is no ${source} yet`);
  }
  if (present.length === 0) return;
  const { build } = await import('esbuild');
  const { metafile } = await build({
    entryPoints: Object.fromEntries(present),
    outdir: 'dist',
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    sourcemap: 'linked',
    legalComments: 'none',
    loader: { '.proto': 'text' },
    banner: { js: REQUIRE_BANNER },
    metafile: true,
    // Half of the time that a command takes to load is parsing. Names stay: stack traces are read.
    minifyWhitespace: true,
    minifySyntax: true,
    plugins: [englishOnly],
    logLevel: 'warning',
  });
  // Chunks carry a hash in their names: those of earlier builds would pile up.
  for (const name of readdirSync('dist')) {
    if (!Object.hasOwn(metafile.outputs, `dist/${name}`)) rmSync(`dist/${name}`, { recursive: true });
  }
}

buildNative();
await bundle();
