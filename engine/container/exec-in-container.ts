import type { ContainerRequest } from '../../schemas/index.ts';
import { EngineError } from '../engine-error.ts';
import type { ExecOptions, ExecResult } from '../engine.ts';
import type { EngineParts } from './container-context.ts';

const DEFAULT_MAX_OUTPUT_BYTES = 64 * 1024;

/** Runs a command as the container's own user in its environment and working directory, and waits for it. */
export async function execInContainer(
  parts: EngineParts,
  request: ContainerRequest,
  options: ExecOptions,
): Promise<ExecResult> {
  try {
    const result = await parts.runCommand({
      file: parts.runtime.path,
      args: [...parts.runtime.globalArgs, 'exec', request.id, ...options.command],
      timeoutMs: options.timeoutMs,
      maxOutputBytes: options.maxOutputBytes ?? DEFAULT_MAX_OUTPUT_BYTES,
      ...(options.signal === undefined ? {} : { signal: options.signal }),
    });
    return {
      exitCode: result.exitCode ?? 128 + (result.signal ?? 0),
      output: result.stdout.toString('utf8') + result.stderr,
      timedOut: false,
    };
  } catch (error) {
    if (error instanceof EngineError && error.code === 'TIMED_OUT') {
      return { exitCode: -1, output: error.message, timedOut: true };
    }
    throw error;
  }
}
