import { OCI_HOOK_STAGES } from '../../schemas/index.ts';
import type { HookDefinition, OciHook, OciHooks } from '../../schemas/index.ts';

/** A hook of one of the directories, by the name of its file. */
export interface NamedHook {
  fileName: string;
  definition: HookDefinition;
}

/** What the conditions of hooks are held against. */
export interface HookSubject {
  annotations: Readonly<Record<string, string>>;
  /** `process.args[0]`. */
  command: string;
  /** Whether the manifest mounts anything of the host. */
  hasBindMounts: boolean;
}

export interface ChosenHooks {
  /** What the runtime runs. */
  spec: OciHooks;
  /** What the engine runs on the finished spec, which these may change. */
  precreate: OciHook[];
}

/** Of two files with one name the later directory's counts: an administrator's over a package's. */
export function mergeHookDirectories(directories: readonly (readonly NamedHook[])[]): NamedHook[] {
  const byName = new Map(directories.flat().map((hook) => [hook.fileName, hook]));
  return [...byName.values()].sort((one, other) => compareNames(one.fileName, other.fileName));
}

/** The hooks whose conditions hold, for each stage in the order of their files' names. */
export function chooseHooks(hooks: readonly NamedHook[], subject: HookSubject): ChosenHooks {
  const chosen = hooks.map(({ definition }) => definition).filter(({ when }) => isWanted(when, subject));
  const ofStage = (stage: string): OciHook[] =>
    chosen
      .filter(({ stages }) => stages.some((wanted) => wanted === stage))
      .map(({ hook }) => toOciHook(hook));
  const spec: OciHooks = {};
  for (const stage of OCI_HOOK_STAGES) {
    const found = ofStage(stage);
    if (found.length > 0) spec[stage] = found;
  }
  return { spec, precreate: ofStage('precreate') };
}

/** All conditions that are given must hold, and one must be given (oci-hooks(5)). */
function isWanted(when: HookDefinition['when'], subject: HookSubject): boolean {
  const answers: boolean[] = [];
  if (when.always !== undefined) answers.push(when.always);
  if (when.hasBindMounts === true) answers.push(subject.hasBindMounts);
  for (const [key, value] of Object.entries(when.annotations ?? {})) {
    const [keys, values] = [new RegExp(key), new RegExp(value)];
    answers.push(Object.entries(subject.annotations).some(([k, v]) => keys.test(k) && values.test(v)));
  }
  if (when.commands !== undefined && when.commands.length > 0) {
    answers.push(when.commands.some((pattern) => new RegExp(pattern).test(subject.command)));
  }
  return answers.length > 0 && answers.every(Boolean);
}

function toOciHook({ path, args, env, timeout }: HookDefinition['hook']): OciHook {
  return {
    path,
    ...(args !== undefined && { args }),
    ...(env !== undefined && { env }),
    ...(timeout !== undefined && { timeout }),
  };
}

function compareNames(one: string, other: string): number {
  const [a, b] = [one.toLowerCase(), other.toLowerCase()];
  if (a === b) return one < other ? -1 : 1;
  return a < b ? -1 : 1;
}
