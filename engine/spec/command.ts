import { EngineError } from '../engine-error.ts';
import { expandVariables } from './expand-variables.ts';
import type { SpecInput } from './spec-input.ts';

/** Where the init of `init: true` appears in the container. */
export const INIT_PATH = '/run/tsctr-init';

/**
 * `process.args`. As in Kubernetes `command` replaces the image's entrypoint and drops its command, `args` replaces its
 * command, and both may refer to variables of the manifest as $(NAME).
 */
export function buildArgs(input: SpecInput, variables: ReadonlyMap<string, string>): string[] {
  const { spec, name } = input.request;
  const args = commandOf(input, variables);
  if (args.length === 0 || args[0] === '') {
    throw new EngineError(
      'BAD_REQUEST',
      `build spec of container ${name}: no command to run: expected spec.command or one of the image, found neither`,
      { hint: 'set spec.command' },
    );
  }
  return spec.init === true ? [INIT_PATH, '--', ...args] : args;
}

/** The command without an init before it; empty where nobody says one. */
export function commandOf(
  { request, imageConfig }: Pick<SpecInput, 'request' | 'imageConfig'>,
  variables: ReadonlyMap<string, string>,
): string[] {
  const expand = (words: readonly string[] | undefined): string[] =>
    (words ?? []).map((word) => expandVariables(word, variables));
  const command = expand(request.spec.command);
  const args = expand(request.spec.args);
  if (command.length > 0) return [...command, ...args];
  const entrypoint = imageConfig?.Entrypoint ?? [];
  return [...entrypoint, ...(args.length > 0 ? args : (imageConfig?.Cmd ?? []))];
}
