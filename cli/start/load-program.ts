import { readFileSync } from 'node:fs';
import path from 'node:path';
import { constants, Script } from 'node:vm';
import type * as ProgramModule from '../program.ts';

type Program = typeof ProgramModule;

/** Set by the build: the beginning of the SHA-256 of program.js, so that a cache of another build is never taken. */
declare const PROGRAM_HASH: string;

const PROGRAM = path.join(import.meta.dirname, 'program.js');
/** What V8 has compiled of it: vm.Script's `cachedData`. */
export const CODE_CACHE = path.join(import.meta.dirname, `program-${PROGRAM_HASH}.v8cache`);

export interface LoadedProgram {
  program: Program;
  /** The code cache for what has been compiled until now. */
  createCodeCache: () => Buffer;
}

/**
 * Loads program.js. Compiling it takes longer than all else before a command begins, so what was compiled is kept beside it; V8
 * refuses the cache of another version or with other flags, and compiles then. Node has no such cache for ES modules, and none
 * for CommonJS before version 22, hence the script in a function of our own.
 */
export function loadProgram({ cached }: { cached: boolean }): LoadedProgram {
  const source = `(function (exports, require, module, __filename, __dirname) {${readFileSync(PROGRAM, 'latin1')}\n})`;
  const cachedData = cached ? readIfThere(CODE_CACHE) : undefined;
  const script = new Script(source, {
    filename: PROGRAM,
    importModuleDynamically: constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
    ...(cachedData === undefined ? {} : { cachedData }),
  });
  const module = { exports: {} };
  const run = script.runInThisContext() as (...args: unknown[]) => void;
  run(module.exports, require, module, PROGRAM, import.meta.dirname);
  return { program: module.exports as Program, createCodeCache: () => script.createCachedData() };
}

function readIfThere(file: string): Buffer | undefined {
  try {
    return readFileSync(file);
  } catch {
    // Only a cache.
    return undefined;
  }
}
