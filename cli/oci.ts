/**
 * The entry of `bin/tsctr-oci` for the two verbs that it does not hand to the runtime. `argv`: the runtime's path, and what
 * tsctr-oci was called with.
 */
import { checkpointBundle, openBundleParts, restoreBundle, deleteContainer } from '../engine/index.ts';
import { createLinuxKernel } from '../native/index.ts';
import { DEFAULT_RUN } from './arguments/global-options.ts';
import { awaitContainer } from './oci/await-container.ts';
import { checkpointOptionsOf, isDetached, restoreOptionsOf } from './oci/oci-options.ts';
import { readArguments } from './oci/read-arguments.ts';
import type { OciArguments } from './oci/read-arguments.ts';
import { reportFailure } from './oci/report-failure.ts';
import { runtimeArguments } from './oci/runtime-arguments.ts';

/** What ends the verb: then all is taken back first. */
const ENDING = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const;

async function main([runtime = '', ...words]: readonly string[]): Promise<number> {
  let global: OciArguments['global'] = new Map();
  try {
    const given = readArguments(words);
    global = given.global;
    return await run(runtime, given);
  } catch (error) {
    reportFailure(error, global);
    return 1;
  }
}

async function run(runtime: string, given: OciArguments): Promise<number> {
  const { global, verb, id } = given;
  const kernel = createLinuxKernel();
  const parts = await openBundleParts(kernel, {
    runtime,
    globalArgs: runtimeArguments(global),
    root: global.get('root') ?? null,
    criu: global.get('criu') ?? null,
    run: process.env['TSCTR_RUN'] ?? DEFAULT_RUN,
  });
  const cwd = process.cwd();
  const giveUp = new AbortController();
  const onSignal = (name: NodeJS.Signals): void => {
    giveUp.abort(new Error(`ended by ${name}`));
  };
  for (const name of ENDING) process.on(name, onSignal);
  if (verb === 'checkpoint') {
    await checkpointBundle(parts, id, { ...checkpointOptionsOf(given, cwd), signal: giveUp.signal });
    return 0;
  }
  const { pid } = await restoreBundle(parts, id, {
    ...restoreOptionsOf(given, cwd),
    signal: giveUp.signal,
  });
  // From here on signals are meant for the container.
  for (const name of ENDING) process.off(name, onSignal);
  if (isDetached(given)) return 0;
  const exitCode = await awaitContainer(kernel, pid);
  await deleteContainer(parts, id);
  return exitCode;
}

void main(process.argv.slice(2)).then((exitCode) => {
  process.exitCode = exitCode;
});
