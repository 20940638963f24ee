/**
 * An esbuild plugin: each module of ours becomes a function that runs when one of its exports is first used.
 *
 * By itself esbuild puts the functions of all modules into one scope. They are unpacked from the code cache and made as the program loads,
 * and the top level of a module runs with that of whoever imports it; most commands need a third of them. So every file is made CommonJS,
 * which esbuild wraps in a function, and `require` stands where an import is used:
 *
 *     import { planPod } from './plan-pod.ts';                    export const plan = (pod) => planPod(pod);
 *     module.exports = { get plan() { return plan; } };           const plan = (pod) => (0, require('./plan-pod.ts').planPod)(pod);
 *
 * The order in which modules run is another then. Nobody sees that, since ours only define (`sideEffects: false` in package.json). Lines
 * stay what they are, for stack traces; columns are those that esbuild knows.
 */
import { readFileSync } from 'node:fs';
import path from 'node:path';

/** Where packages and builtins of Node get a wrapper of their own: they too run when used. */
const OUTSIDE = 'outside';

// The form of what esbuild writes, one statement a line.
/** Named imports, a default, or all as one object, which has a name of the file's own and is made at once. */
const IMPORT = /^var (\w+) = (?:__toESM\()?(require\("[^"]+"\))\)?;$/gm;
/** What a file begins with: helpers, then what it exports, each as a function that returns it. */
const EXPORTS = /^[^]*?^__export\((\w+), \{\n([^]*?)\n\}\);\nmodule\.exports = __toCommonJS\(\1\);$/m;
const EXPORT = /^ {2}(\w+): \(\) => (.+?),?$/gm;

/** @param define esbuild's, for what only ES modules have, as `import.meta.url`. */
export function lazyModules({ define }) {
  return {
    name: 'lazy-modules',
    setup(build) {
      const transform = build.esbuild.transform;
      // Resolved here, for esbuild takes a file for an ES module when a package.json calls it one.
      build.onResolve({ filter: /\.ts$/ }, ({ path: name, resolveDir }) => ({
        path: path.resolve(resolveDir, name),
      }));
      build.onLoad({ filter: /\.ts$/ }, async ({ path: file }) => ({
        contents: requireWhereUsed(file, await commonJs(file, { transform, define })),
        loader: 'js',
      }));
      build.onResolve({ filter: /^[^./]/ }, ({ path: name, kind, importer, resolveDir }) =>
        kind === 'require-call' && importer.endsWith('.ts')
          ? { path: name, namespace: OUTSIDE, pluginData: { resolveDir } }
          : undefined,
      );
      build.onLoad({ filter: /./, namespace: OUTSIDE }, ({ path: name, pluginData: { resolveDir } }) => ({
        contents: `const it = require(${JSON.stringify(name)});
          module.exports = it.__esModule ? it : Object.create(it, { default: { value: it } });`,
        resolveDir,
      }));
      // Of a package that has both, the ES modules: less than half of zod's CommonJS.
      build.onResolve({ filter: /./, namespace: OUTSIDE }, ({ path: name, kind, resolveDir }) =>
        kind === 'require-call' ? build.resolve(name, { kind: 'import-statement', resolveDir }) : undefined,
      );
    },
  };
}

/** The file as CommonJS. Where it exports all of another, their names stand, so that the other need not run to tell them. */
async function commonJs(file, { transform, define }) {
  let source = readFileSync(file, 'utf8');
  if (source.includes('import_')) throw new Error(`${file}: names that begin with import_ are the bundler's`);
  for (const [statement, name] of source.matchAll(/^export \* from '(.+)';$/gm)) {
    const other = await commonJs(path.resolve(path.dirname(file), name), { transform, define });
    const names = exportsOf(other).map(({ name }) => name);
    source = source.replace(statement, `export { ${names.join(', ')} } from '${name}';`);
  }
  const options = { loader: 'ts', format: 'cjs', platform: 'node', target: 'node20', define };
  const location = { sourcefile: path.basename(file), sourcemap: 'inline' };
  const { code } = await transform(source, { ...options, ...location });
  return code;
}

/** The names that CommonJS of esbuild's exports, and what each stands for. */
function exportsOf(code) {
  const [, , table = ''] = EXPORTS.exec(code) ?? [];
  return [...table.matchAll(EXPORT)].map(([, name, value]) => ({ name, value }));
}

function requireWhereUsed(file, code) {
  const getters = exportsOf(code).map(({ name, value }) => `get ${name}() { return ${value}; }`);
  const requires = new Map();
  const used = new Set();
  const lazy = code
    .replace(EXPORTS, (beginning) => {
      const lines = beginning.split('\n').length;
      return `'use strict'; module.exports = { ${getters.join(', ')} };${'\n'.repeat(lines - 1)}`;
    })
    .replaceAll(IMPORT, (_, name, required) => {
      if (!name.startsWith('import_')) return `var ${name} = ${required};`;
      requires.set(name, required);
      return '';
    })
    .replaceAll(/\bimport_\w+/g, (name) => {
      if (!requires.has(name)) return name;
      used.add(name);
      return `(${requires.get(name)})`;
    });
  const unused = [...requires.keys()].filter((name) => !used.has(name)).map((name) => requires.get(name));
  if (unused.length > 0)
    throw new Error(`${file}: ${unused.join(', ')} for its effect, which would never run`);
  const helper = getters.length > 0 ? /\b__(?:toESM|reExport|copyProps|export)\(.*/.exec(lazy) : null;
  if (helper !== null) throw new Error(`${file}: ${helper[0]}: esbuild writes what is not known here`);
  return lazy;
}
