import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { hasErrno } from '../../native/index.ts';
import { parseSignal } from '../../schemas/index.ts';
import type { ContainerRequest, DataKind, Rotation } from '../../schemas/index.ts';
import { usedData } from '../secret/used-data.ts';
import { writeDurably } from '../store/durable-file.ts';
import { resolveUserNamespace } from '../userns/resolve-user-namespace.ts';
import { isDataVolume } from '../volume/data-files.ts';
import { updateDataVolume } from '../volume/data-volume.ts';
import { createContext } from './container-context.ts';
import type { ContainerContext, EngineParts } from './container-context.ts';
import { refreshSecrets } from './provide-secrets.ts';
import { signalContainer } from './stop-container.ts';

/** Version and rotation of what the container refers to, by kind and name. */
type Versions = Record<string, { version: string; rotation: Rotation }>;

/** Notes with which values the container was made. */
export async function noteDataVersions({ parts, request, paths }: ContainerContext): Promise<void> {
  const versions = await presentVersions(parts, request);
  if (Object.keys(versions).length > 0) await writeDurably(noteFile(paths.bundle), JSON.stringify(versions));
}

/**
 * Brings changed values of config maps and secrets into a container that runs: its files change in place, and it gets the signal
 * that the rotation of a changed one names. The note comes last, so that after a crash all of it is done again.
 */
export async function refreshData(parts: EngineParts, request: ContainerRequest): Promise<void> {
  const context = createContext(parts, request);
  const file = noteFile(context.paths.bundle);
  const before = await readNote(file);
  if (before === null) return;
  const now = await presentVersions(parts, request);
  const changed = Object.entries(now).filter(([key, { version }]) => before[key]?.version !== version);
  if (changed.length === 0) return;
  context.userNamespace = await resolveUserNamespace(context);
  if (request.image !== null) context.imageConfig = await parts.images.config(request.image.id);
  await refreshSecrets(context);
  for (const volume of request.spec.volumes ?? []) {
    const isMounted = request.spec.volumeMounts?.some(({ name }) => name === volume.name) === true;
    if (isMounted && isDataVolume(volume)) await updateDataVolume(context, volume);
  }
  const signals = new Set(
    changed.flatMap(([, { rotation }]) =>
      rotation.policy === 'signal' ? [rotation.signal ?? 'SIGHUP'] : [],
    ),
  );
  for (const signal of signals) await signalContainer(parts, request, parseSignal(signal));
  await writeDurably(file, JSON.stringify(now));
}

function noteFile(bundle: string): string {
  return path.join(bundle, 'data-versions.json');
}

async function presentVersions(parts: EngineParts, request: ContainerRequest): Promise<Versions> {
  const versions: Versions = {};
  for (const { kind, name } of usedData(request.spec)) {
    const stored = await parts.data.read(kind, name);
    if (stored !== null) versions[keyOf(kind, name)] = { version: stored.version, rotation: stored.rotation };
  }
  return versions;
}

function keyOf(kind: DataKind, name: string): string {
  return `${kind.toLowerCase()}/${name}`;
}

async function readNote(file: string): Promise<Versions | null> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as Versions;
  } catch (error) {
    if (hasErrno(error, 'ENOENT')) return null;
    throw error;
  }
}
