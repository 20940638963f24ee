import type { OciHook } from '../../schemas/index.ts';
import { EngineError } from '../engine-error.ts';
import type { ContainerContext } from './container-context.ts';

const DEFAULT_TIMEOUT_S = 60;
const MAX_SPEC_BYTES = 16 << 20;

/**
 * Hands the spec to each precreate hook on its standard input and takes what it prints as the spec from then on, oci-hooks(5).
 * The first hook that fails, or prints no spec, ends the creation.
 */
export async function runPrecreateHooks(
  { parts, request, paths }: ContainerContext,
  hooks: readonly OciHook[],
  spec: string,
): Promise<string> {
  let text = spec;
  for (const hook of hooks) {
    const what = `run precreate hook ${hook.path} for container ${request.name}`;
    const result = await parts.runCommand({
      file: hook.path,
      args: hook.args?.slice(1) ?? [],
      env: Object.fromEntries((hook.env ?? []).map(splitVariable)),
      cwd: paths.bundle,
      input: text,
      timeoutMs: (hook.timeout ?? DEFAULT_TIMEOUT_S) * 1000,
      maxOutputBytes: MAX_SPEC_BYTES,
    });
    if (result.exitCode !== 0) {
      const how =
        result.exitCode === null
          ? `ended by signal ${String(result.signal)}`
          : `exit code ${String(result.exitCode)}`;
      throw new EngineError('COMMAND_FAILED', `${what}: ${how}: ${lastLine(result.stderr)}`);
    }
    text = result.stdout.toString('utf8');
    if (!isSpec(text)) {
      throw new EngineError(
        'COMMAND_FAILED',
        `${what}: expected an OCI spec on its standard output, found none`,
      );
    }
  }
  return text;
}

/** As text: numbers of 64 bits would not survive being parsed and written again. */
function isSpec(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && 'process' in value && 'root' in value;
  } catch {
    return false;
  }
}

function splitVariable(entry: string): [string, string] {
  const equals = entry.indexOf('=');
  return [entry.slice(0, equals), entry.slice(equals + 1)];
}

function lastLine(text: string): string {
  return text.trim().split('\n').at(-1) ?? '';
}
