import type { CdiContainerEdits, CdiSpec, OciHook, OciHooks } from '../../schemas/index.ts';
import { EngineError } from '../engine-error.ts';
import type { ResolvedMount } from './spec-input.ts';

/** A specification and the file that it stands in. */
export interface CdiFile {
  file: string;
  /** Position of its directory: the later one's devices replace those of the same name before it. */
  priority: number;
  spec: CdiSpec;
}

/** A device node of CDI, where number and type may be left for the host to say. */
export type CdiDeviceNode = NonNullable<CdiContainerEdits['deviceNodes']>[number];

export interface CdiEdits {
  env: string[];
  deviceNodes: CdiDeviceNode[];
  mounts: ResolvedMount[];
  hooks: OciHooks;
  additionalGids: number[];
}

/** `vendor.com/class=name`, as against the path of a device. */
export function isCdiName(name: string): boolean {
  return /^[A-Za-z][A-Za-z0-9_.-]*\/[A-Za-z][A-Za-z0-9_-]*=[A-Za-z0-9]([A-Za-z0-9_.:-]*[A-Za-z0-9])?$/.test(
    name,
  );
}

/**
 * What the named devices ask for: first that of each file they stand in, once, then their own. Throws BAD_REQUEST for a device
 * that no file has, or that two files of one directory have.
 */
export function cdiEdits(names: readonly string[], files: readonly CdiFile[]): CdiEdits {
  const edits: CdiContainerEdits[] = [];
  const seen = new Set<CdiSpec>();
  for (const name of new Set(names)) {
    const { spec, device } = findDevice(name, files);
    if (!seen.has(spec) && spec.containerEdits !== undefined) edits.push(spec.containerEdits);
    seen.add(spec);
    edits.push(device.containerEdits);
  }
  return {
    env: edits.flatMap(({ env }) => env ?? []),
    deviceNodes: edits.flatMap(({ deviceNodes }) => deviceNodes ?? []),
    mounts: edits.flatMap(({ mounts }) => mounts ?? []).map(toMount),
    hooks: toHooks(edits.flatMap(({ hooks }) => hooks ?? [])),
    additionalGids: [...new Set(edits.flatMap(({ additionalGids }) => additionalGids ?? []))],
  };
}

function findDevice(
  name: string,
  files: readonly CdiFile[],
): { spec: CdiSpec; device: CdiSpec['devices'][number] } {
  const equals = name.indexOf('=');
  const [kind, wanted] = [name.slice(0, equals), name.slice(equals + 1)];
  const found = files.flatMap(({ file, priority, spec }) =>
    spec.kind === kind
      ? spec.devices
          .filter((device) => device.name === wanted)
          .map((device) => ({ file, priority, spec, device }))
      : [],
  );
  const highest = Math.max(...found.map(({ priority }) => priority));
  const [first, second] = found.filter(({ priority }) => priority === highest);
  if (first === undefined) {
    throw new EngineError('BAD_REQUEST', `add device ${name}: no CDI specification of this host has it`, {
      hint: knownDevices(files),
    });
  }
  if (second !== undefined) {
    throw new EngineError('BAD_REQUEST', `add device ${name}: both ${first.file} and ${second.file} have it`);
  }
  return first;
}

function knownDevices(files: readonly CdiFile[]): string {
  const names = files.flatMap(({ spec }) => spec.devices.map((device) => `${spec.kind}=${device.name}`));
  return names.length === 0
    ? 'put a specification into /etc/cdi or /var/run/cdi'
    : `this host has ${names.sort().join(', ')}`;
}

function toMount({
  hostPath,
  containerPath,
  options = [],
}: NonNullable<CdiContainerEdits['mounts']>[number]): ResolvedMount {
  return { hostPath, containerPath, options, readOnly: options.includes('ro') };
}

function toHooks(hooks: NonNullable<CdiContainerEdits['hooks']>): OciHooks {
  const chosen: OciHooks = {};
  for (const { hookName, path, args, env, timeout } of hooks) {
    const hook: OciHook = {
      path,
      ...(args !== undefined && { args }),
      ...(env !== undefined && { env }),
      ...(timeout !== undefined && { timeout }),
    };
    chosen[hookName] = [...(chosen[hookName] ?? []), hook];
  }
  return chosen;
}
