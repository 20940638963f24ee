import type { OciDevice, OciResources } from '../../schemas/index.ts';
import { isPrivileged } from './capabilities.ts';
import type { DeviceNode, SpecInput } from './spec-input.ts';

/** `linux.devices`: nodes beyond those that every runtime makes by itself (config-linux.md, "Default Devices"). */
export function buildDevices(input: SpecInput): OciDevice[] {
  return allNodes(input).map((node) => {
    const { path, type, major, minor, fileMode, uid, gid } = node;
    return {
      path,
      type,
      major,
      minor,
      ...(fileMode !== undefined && { fileMode }),
      ...(uid !== undefined && { uid }),
      ...(gid !== undefined && { gid }),
    };
  });
}

/**
 * `linux.resources.devices`: nothing but what was asked for, or everything when privileged. In a user namespace the
 * kernel keeps device nodes away by itself, and the rules could not be set.
 */
export function buildDeviceRules(input: SpecInput): Pick<OciResources, 'devices'> {
  if (input.userNamespace !== undefined) return {};
  if (isPrivileged(input)) return { devices: [{ allow: true, access: 'rwm' }] };
  const allowed = allNodes(input)
    .filter((node): node is DeviceNode & { type: 'c' | 'b' } => node.type !== 'p')
    .map(({ type, major, minor, permissions }) => ({ allow: true, type, major, minor, access: permissions }));
  return { devices: [{ allow: false, access: 'rwm' }, ...allowed] };
}

function allNodes({ deviceNodes, cdi }: SpecInput): readonly DeviceNode[] {
  return [...deviceNodes, ...(cdi?.deviceNodes ?? [])];
}
