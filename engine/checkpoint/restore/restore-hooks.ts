import type { OciHook, OciSpec } from '../../../schemas/index.ts';
import { EngineError } from '../../engine-error.ts';
import type { RunCommand } from '../../process/run-command.ts';

/** Run by a runtime while it creates a container: around a placeholder they would see the wrong process. */
const CREATION_STAGES = ['prestart', 'createRuntime', 'createContainer', 'startContainer'] as const;
const DEFAULT_TIMEOUT_S = 60;

/**
 * The same config.json without them: those after the start and after the end stay with the runtime. The text is changed and not parsed
 * and written: it holds 64-bit numbers that JSON.parse would round.
 */
export function withoutCreationHooks(config: string, { hooks = {} }: OciSpec): string {
  if (CREATION_STAGES.every((stage) => (hooks[stage] ?? []).length === 0)) return config;
  // Inside of a string the quotes would stand behind backslashes.
  const pattern = new RegExp(`"(${CREATION_STAGES.join('|')})"(\\s*:)`, 'g');
  return config.replace(pattern, '"dev.tsctr.$1"$2');
}

/**
 * To be called when the restored process is there in its namespaces, and nothing of it runs. As at a creation, prestart hooks come
 * before those of createRuntime; the hooks inside of the container have left what they did in what was saved.
 */
export async function runRestoreHooks(
  runCommand: RunCommand,
  spec: OciSpec,
  { id, pid, bundle }: { id: string; pid: number; bundle: string },
): Promise<void> {
  const { ociVersion, annotations, hooks = {} } = spec;
  const state = JSON.stringify({ ociVersion, id, status: 'creating', pid, bundle, annotations });
  for (const stage of ['prestart', 'createRuntime'] as const) {
    for (const hook of hooks[stage] ?? []) await runHook(runCommand, hook, { stage, id, state, bundle });
  }
}

async function runHook(
  runCommand: RunCommand,
  hook: OciHook,
  { stage, id, state, bundle }: { stage: string; id: string; state: string; bundle: string },
): Promise<void> {
  const result = await runCommand({
    file: hook.path,
    args: hook.args?.slice(1) ?? [],
    env: Object.fromEntries((hook.env ?? []).map((entry) => entry.split(/=(.*)/s, 2) as [string, string])),
    cwd: bundle,
    input: state,
    timeoutMs: (hook.timeout ?? DEFAULT_TIMEOUT_S) * 1000,
  });
  if (result.exitCode === 0) return;
  const how =
    result.exitCode === null ? `signal ${String(result.signal)}` : `exit code ${String(result.exitCode)}`;
  const said = result.stderr.trim().split('\n').at(-1) ?? '';
  throw new EngineError(
    'COMMAND_FAILED',
    `run ${stage} hook ${hook.path} for container ${id}: ${how}: ${said}`,
  );
}
