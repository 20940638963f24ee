// npm run build: compiles the addon when its sources have changed, and bundles the entries to dist/.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundleAll } from './bundle.mjs';

const NATIVE_OUTPUTS = [
  'build/Release/tsctr_native.node',
  'build/Release/tsctr-client',
  'build/Release/tsctr-conntrack.so',
  'build/Release/tsctr-exited',
  'build/Release/tsctr-lazy-pages',
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

buildNative();
await bundleAll('dist');
