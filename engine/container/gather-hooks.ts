import { hookDefinition, HostFileError, parseHostFile } from '../../schemas/index.ts';
import type { OciSpec } from '../../schemas/index.ts';
import { EngineError } from '../engine-error.ts';
import { HOST_FILES } from '../host-files.ts';
import { chooseHooks, mergeHookDirectories } from '../spec/choose-hooks.ts';
import type { ChosenHooks, NamedHook } from '../spec/choose-hooks.ts';
import type { ContainerContext } from './container-context.ts';
import { readHostDocuments } from './host-documents.ts';

/**
 * The hooks of the host's directories, or of those that the manifest names, whose conditions hold for this spec. A file that is
 * no hook is an error with its name: an administrator who wrote it counts on it.
 */
export async function gatherHooks(context: ContainerContext, spec: OciSpec): Promise<ChosenHooks> {
  const { request, parts } = context;
  const directories = request.spec.hooksDirs ?? (parts.hostFiles ?? HOST_FILES).hooks;
  const hooks = mergeHookDirectories(
    await Promise.all(directories.map((directory) => readHooks(directory, request.name))),
  );
  return chooseHooks(hooks, {
    annotations: spec.annotations,
    command: spec.process.args[0] ?? '',
    hasBindMounts: (request.spec.volumes ?? []).some(({ hostPath }) => hostPath !== undefined),
  });
}

async function readHooks(directory: string, container: string): Promise<NamedHook[]> {
  const documents = await readHostDocuments(directory, ['.json']);
  return documents.map(({ name, file, text }) => {
    try {
      return { fileName: name, definition: parseHostFile(hookDefinition, text, file) };
    } catch (error) {
      if (!(error instanceof HostFileError)) throw error;
      throw new EngineError('BAD_REQUEST', `read hooks of container ${container}: ${error.message}`, {
        cause: error,
        hint: 'correct the file, or take it out of the directory',
      });
    }
  });
}
