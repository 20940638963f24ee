import { mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { sweep } from './sweep.ts';
import { runTsctr, startTsctr, tsctrOutput } from './tsctr.ts';
import type { Instance, RunningTsctr, TsctrOptions, TsctrResult } from './tsctr.ts';

/** An instance of tsctr of its own, in a temporary directory. */
export interface TestRoot extends Instance {
  directory: string;
  /** An empty directory for a daemon to watch. */
  manifests: string;
  tsctr(args: readonly string[], options?: TsctrOptions): Promise<TsctrResult>;
  /** Standard output; anything but exit code 0 is an error. */
  output(args: readonly string[], options?: TsctrOptions): Promise<string>;
  start(args: readonly string[], options?: Pick<TsctrOptions, 'env' | 'cwd'>): RunningTsctr;
  /** Writes a file below `directory` and returns its path. */
  write(name: string, text: string): Promise<string>;
  /**
   * Ends the instance by force, with all its containers, and removes it. Returns in words what there was to end: nothing,
   * when the test had deleted all that it made.
   */
  remove(): Promise<string[]>;
}

/** Makes one. The runner gives each test file a directory that it sweeps itself should the test be killed. */
export async function createTestRoot(): Promise<TestRoot> {
  // Short: paths of sockets below it have at most 107 bytes.
  const directory = await mkdtemp(path.join(process.env['TSCTR_TEST_DIR'] ?? '/tmp', 'r-'));
  const instance = { root: path.join(directory, 'root'), run: path.join(directory, 'run') };
  const manifests = path.join(directory, 'manifests');
  for (const name of [instance.root, instance.run, manifests]) await mkdir(name, { mode: 0o700 });
  return {
    ...instance,
    directory,
    manifests,
    tsctr: (args, options) => runTsctr(instance, args, options),
    output: (args, options) => tsctrOutput(instance, args, options),
    start: (args, options) => startTsctr(instance, args, options),
    write: async (name, text) => {
      const file = path.join(directory, name);
      await mkdir(path.dirname(file), { recursive: true });
      await writeFile(file, text);
      return file;
    },
    remove: () => sweep(directory, [instance.run]),
  };
}
