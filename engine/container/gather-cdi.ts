import { cdiSpec, HostFileError, parseHostFile } from '../../schemas/index.ts';
import { EngineError } from '../engine-error.ts';
import { HOST_FILES } from '../host-files.ts';
import { cdiEdits } from '../spec/cdi.ts';
import type { CdiDeviceNode, CdiEdits, CdiFile } from '../spec/cdi.ts';
import type { ContainerEdits, DeviceNode } from '../spec/spec-input.ts';
import type { ContainerContext, EngineParts } from './container-context.ts';
import { readHostDocuments } from './host-documents.ts';
import { devicesAt } from './resolve-devices.ts';

/** What the CDI devices of the manifest ask for; null when it names none. */
export async function gatherCdi({ request, parts }: ContainerContext): Promise<ContainerEdits | null> {
  const names = request.spec.cdiDevices ?? [];
  if (names.length === 0) return null;
  const { files, faults } = await readCdiFiles(parts);
  let edits: CdiEdits;
  try {
    edits = cdiEdits(names, files);
  } catch (error) {
    if (!(error instanceof EngineError) || faults.length === 0) throw error;
    // The device that is missing probably stands in one of the files that could not be read.
    throw new EngineError('BAD_REQUEST', `${error.message}; ${faults.join('; ')}`, {
      cause: error,
      ...(error.hint !== null && { hint: error.hint }),
    });
  }
  for (const fault of faults) parts.notice?.(request.name, fault);
  return { ...edits, deviceNodes: edits.deviceNodes.flatMap((node) => toDeviceNodes(parts, node)) };
}

async function readCdiFiles(parts: EngineParts): Promise<{ files: CdiFile[]; faults: string[] }> {
  const files: CdiFile[] = [];
  const faults: string[] = [];
  for (const [priority, directory] of (parts.hostFiles ?? HOST_FILES).cdi.entries()) {
    for (const { file, text } of await readHostDocuments(directory, ['.json', '.yaml'])) {
      try {
        files.push({ file, priority, spec: parseHostFile(cdiSpec, text, file) });
      } catch (error) {
        if (!(error instanceof HostFileError)) throw error;
        faults.push(error.message);
      }
    }
  }
  return { files, faults };
}

/** Numbers and type that the specification leaves open are those of the device on the host. */
function toDeviceNodes({ kernel }: EngineParts, node: CdiDeviceNode): DeviceNode[] {
  const permissions = node.permissions ?? 'rwm';
  const { major, minor } = node;
  // `u` is an older word for a character device.
  const type = node.type === 'u' ? 'c' : node.type;
  const own = {
    ...(node.fileMode !== undefined && { fileMode: node.fileMode }),
    ...(node.uid !== undefined && { uid: node.uid }),
    ...(node.gid !== undefined && { gid: node.gid }),
  };
  if (type !== undefined && major !== undefined && minor !== undefined) {
    return [{ path: node.path, type, major, minor, permissions, ...own }];
  }
  const hostPath = node.hostPath ?? node.path;
  const found = devicesAt(kernel, hostPath, node.path, permissions);
  if (found.length > 0) return found.map((device) => ({ ...device, ...own }));
  throw new EngineError('BAD_REQUEST', `add CDI device node ${hostPath}: it does not exist, or is no device`);
}
