#!/usr/bin/env node
/**
 * Runs test files in parallel, one process each, with a time limit.
 *
 *   node scripts/run-tests.mjs [path…] [--exclude path]… [--grep pattern] [--jobs n] [--timeout seconds] [--again-alone] [--verbose]
 *
 * Paths are files or directories, and begin in the order given; `--grep` takes a regular expression that the path or the text of a file must match, so that
 * the slug of a behaviour finds its tests. With `--again-alone` a file that failed beside others is run once more by itself, and says so when
 * it passes then. The last line is `N passed, N failed, N skipped`.
 *
 * uvu's own exit code misses a `before` hook that throws, a thrown value that is no Error, a forgotten `.run()` and a forgotten
 * `.only`: here what did not pass has failed, and a skip without a printed reason (test/support/skip.ts) is a failure too.
 */
import { spawn } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs, stripVTControlCharacters } from 'node:util';
import { build } from 'esbuild';

const root = path.dirname(import.meta.dirname);

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    exclude: { type: 'string', multiple: true, default: [] },
    grep: { type: 'string', short: 'g' },
    jobs: { type: 'string', short: 'j', default: String(availableParallelism()) },
    timeout: { type: 'string', default: '60' },
    'again-alone': { type: 'boolean', default: false },
    verbose: { type: 'boolean', short: 'v', default: false },
  },
});
const jobs = positiveNumber('--jobs', options.jobs);
const timeoutMs = positiveNumber('--timeout', options.timeout) * 1000;

function positiveNumber(name, text) {
  const value = Number(text);
  if (!(value > 0)) throw new Error(`${name}: expected a positive number, found ${text}`);
  return value;
}

function findTests() {
  const excluded = options.exclude.map((name) => path.resolve(name));
  const isExcluded = (file) => excluded.some((name) => file === name || file.startsWith(name + path.sep));
  const pattern = options.grep === undefined ? null : new RegExp(options.grep);
  const files = (positionals.length > 0 ? positionals : ['test']).flatMap((name) =>
    statSync(name).isDirectory()
      ? readdirSync(name, { recursive: true })
          .map((entry) => path.resolve(name, entry))
          .sort()
      : [path.resolve(name)],
  );
  return [...new Set(files)]
    .filter((file) => file.endsWith('.test.ts') && !isExcluded(file))
    .filter((file) => pattern === null || pattern.test(file) || pattern.test(readFileSync(file, 'utf8')));
}

/** Bundled files keep the location of their source: fixtures and the addon are found from there. */
const keepLocation = {
  name: 'keep-location',
  setup(esbuild) {
    esbuild.onLoad({ filter: /\.ts$/ }, (args) => {
      if (args.path.includes('/node_modules/')) return undefined;
      const contents = readFileSync(args.path, 'utf8')
        .replaceAll(/\bimport\.meta\.url\b/g, JSON.stringify(pathToFileURL(args.path).href))
        .replaceAll(/\bimport\.meta\.dirname\b/g, JSON.stringify(path.dirname(args.path)))
        .replaceAll(/\bimport\.meta\.filename\b/g, JSON.stringify(args.path));
      return { contents, loader: 'ts' };
    });
  },
};

/** Test files get a uvu that says why a hook has thrown. */
const outspokenUvu = {
  name: 'outspoken-uvu',
  setup(esbuild) {
    const wrapper = path.join(root, 'test/support/outspoken-uvu.ts');
    esbuild.onResolve({ filter: /^uvu$/ }, (args) =>
      args.importer === wrapper ? undefined : { path: wrapper },
    );
  },
};

/**
 * Bundles each file into `outdir`: starting a bundle takes a third of the time that a loader takes in every process. Returns
 * source → bundle; a file that cannot be bundled is missing there, and does not take the others with it.
 */
async function bundle(files, outdir) {
  const entries = new Map(files.map((file, index) => [file, `${index}-${path.basename(file, '.ts')}`]));
  const buildEntries = (chosen, logLevel) =>
    build({
      entryPoints: Object.fromEntries(chosen.map(([file, name]) => [name, file])),
      outdir,
      outExtension: { '.js': '.mjs' },
      absWorkingDir: root,
      bundle: true,
      packages: 'external',
      format: 'esm',
      platform: 'node',
      target: 'node20',
      sourcemap: 'linked',
      loader: { '.proto': 'text' },
      plugins: [keepLocation, outspokenUvu],
      logLevel,
    });
  const isBuilt = (chosen, logLevel) =>
    buildEntries(chosen, logLevel).then(
      () => true,
      () => false,
    );
  let built = [...entries];
  if (!(await isBuilt(built, 'silent'))) {
    const single = await Promise.all(built.map((entry) => isBuilt([entry], 'error')));
    built = built.filter((_, index) => single[index]);
  }
  return new Map(built.map(([file, name]) => [file, path.join(outdir, `${name}.mjs`)]));
}

const running = new Set();

function killGroup(child) {
  try {
    process.kill(-child.pid, 'SIGKILL');
  } catch {
    // It has ended.
  }
}

/** Runs one file in a process group of its own, and reads what uvu says at the end. */
function runFile(file, bundled, scratch) {
  return new Promise((resolve) => {
    const startedMs = performance.now();
    const child = spawn(process.execPath, ['--enable-source-maps', bundled], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, NO_COLOR: '1', TSCTR_TEST_DIR: scratch, TMPDIR: scratch },
      detached: true,
    });
    running.add(child);
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text) => (output += text));
    let timedOut = false;
    const timer = setTimeout(() => {
      timedOut = true;
      killGroup(child);
    }, timeoutMs);
    child.on('exit', (code, signal) => {
      clearTimeout(timer);
      // A child that it left behind may hold its output open.
      killGroup(child);
      const grace = setTimeout(() => child.stdout.destroy() && child.stderr.destroy(), 1000);
      child.on('close', () => {
        clearTimeout(grace);
        running.delete(child);
        resolve({ file, ms: performance.now() - startedMs, ...judge(output, { code, signal, timedOut }) });
      });
    });
  });
}

function judge(output, { code, signal, timedOut }) {
  const text = stripVTControlCharacters(output);
  const number = (name) => {
    const found = [...text.matchAll(new RegExp(`^ {2}${name}:\\s+(\\d+)`, 'gm'))].at(-1);
    return found === undefined ? null : Number(found[1]);
  };
  const [total, passed, skipped] = [number('Total'), number('Passed') ?? 0, number('Skipped') ?? 0];
  const skips = [...text.matchAll(/^SKIP (.+)$/gm)].map((match) => match[1]);
  const problem = timedOut
    ? `did not end within ${timeoutMs / 1000} s`
    : total === null
      ? `ended early (${signal ?? `exit code ${code}; a forgotten .run()?`})`
      : total + skipped === 0
        ? 'no tests ran (a forgotten .run()?)'
        : skipped > skips.length
          ? `${skipped} skipped, ${skips.length} of them with a reason (a forgotten .only?)`
          : total === passed && code !== 0
            ? `exit code ${code} although every test passed`
            : null;
  const failed = Math.max((total ?? 0) - passed, problem === null ? 0 : 1);
  return { output: text, passed, failed, skipped, skips, problem };
}

function unbundled(file) {
  const problem = 'could not be bundled, see above';
  return { file, ms: 0, output: '', passed: 0, failed: 1, skipped: 0, skips: [], problem };
}

function report(result) {
  const counts = [`${result.passed} passed`];
  if (result.failed > 0) counts.push(`${result.failed} failed`);
  if (result.skipped > 0) counts.push(`${result.skipped} skipped`);
  const name = path.relative(process.cwd(), result.file);
  const problem = result.problem === null ? '' : `: ${result.problem}`;
  console.log(
    `${result.failed > 0 ? 'FAIL' : 'ok  '} ${name} (${counts.join(', ')}, ${Math.round(result.ms)} ms)${problem}`,
  );
  if (result.failed > 0 || options.verbose) console.log(result.output.replace(/^(?=.)/gm, '     '));
  else for (const reason of result.skips) console.log(`     skipped: ${reason}`);
}

async function main() {
  const startedMs = performance.now();
  const files = findTests();
  const waiting = [...files.entries()];
  const cache = path.join(root, 'node_modules/.cache');
  mkdirSync(cache, { recursive: true });
  const outdir = mkdtempSync(path.join(cache, 'tests-'));
  // Short: paths of sockets below it have at most 107 bytes.
  const scratch = mkdtempSync('/tmp/tt-');
  // The root of a user namespace passes through to its container.
  chmodSync(scratch, 0o711);
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'])
    process.once(signal, () => {
      process.exitCode = 130;
      waiting.length = 0;
      running.forEach(killGroup);
    });
  process.on('exit', () => {
    rmSync(outdir, { recursive: true, force: true });
    // Empty unless something went wrong here; what a test left is swept after each.
    rmSync(scratch, { recursive: true, force: true });
  });
  const sweeper = path.join(root, 'test/support/sweep.ts');
  const bundles = await bundle([...files, sweeper], outdir);
  const { sweep } = await import(pathToFileURL(bundles.get(sweeper)).href);

  const results = [];
  const work = async (turn = 0) => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const [position, file] = next;
      const index = `${position}${'a'.repeat(turn)}`;
      const own = path.join(scratch, String(index));
      mkdirSync(own);
      const bundled = bundles.get(file);
      const result = bundled === undefined ? unbundled(file) : await runFile(file, bundled, own);
      // Only a test that was killed should leave anything; what an ended one leaves is a failure that is said.
      const left = await sweep(own);
      if (left.length > 0 && result.problem === null) {
        result.problem = `left behind: ${left.join(', ')}`;
        result.failed += 1;
      }
      report(result);
      results.push(result);
    }
  };
  await Promise.all(Array.from({ length: Math.min(jobs, files.length) }, () => work()));
  if (options['again-alone']) await runAgainAlone();

  async function runAgainAlone() {
    const failed = results.filter((result) => result.failed > 0);
    for (const before of process.exitCode === undefined ? failed : []) {
      console.log(`again, alone: ${path.relative(process.cwd(), before.file)}`);
      results.splice(results.indexOf(before), 1);
      waiting.push([files.indexOf(before.file), before.file]);
      await work(1);
    }
  }

  const sum = (key) => results.reduce((total, result) => total + result[key], 0);
  console.log(`${files.length} files in ${((performance.now() - startedMs) / 1000).toFixed(1)} s`);
  console.log(`${sum('passed')} passed, ${sum('failed')} failed, ${sum('skipped')} skipped`);
  process.exitCode ||= files.length === 0 || sum('failed') > 0 ? 1 : 0;
}

await main();
