import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { copyFile, mkdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { hasErrno, MOUNT_ATTR_NODEV } from '../../native/index.ts';
import type { ContainerRequest, OciSpec } from '../../schemas/index.ts';
import { createHostPaths } from '../host-paths.ts';
import { mountPointsBelow } from '../rootfs/is-mount-point.ts';
import { mountOverlay, unmountAll } from '../rootfs/mount-overlay.ts';
import type { DataStore } from '../secret/data-store.ts';
import type { DataEntries } from '../volume/data-sources.ts';
import { buildSpec } from '../spec/build-spec.ts';
import { explainSpec } from '../spec/explain-spec.ts';
import type { ExplainedPart } from '../spec/explain-spec.ts';
import { serializeSpec } from '../spec/serialize-spec.ts';
import { goDown, goUp } from '../stage.ts';
import type { StageList } from '../stage.ts';
import { IdRanges } from '../userns/id-ranges.ts';
import { VolumeStore } from '../volume/volume-store.ts';
import { createContext } from './container-context.ts';
import type { ContainerContext, EngineParts } from './container-context.ts';
import { gatherHooks } from './gather-hooks.ts';
import { gatherSpecInput } from './gather-spec-input.ts';

export interface SpecPreview {
  /** JSON, as the runtime would read it. */
  text: string;
  spec: OciSpec;
  parts: ExplainedPart[];
}

/** Config maps, and keys of secrets, that are not kept yet: they stand in the same files. */
export interface GivenData {
  configMaps?: Readonly<Record<string, DataEntries>>;
  secrets?: Readonly<Record<string, readonly string[]>>;
}

/** What stands where the value of a secret would. */
export function maskOf(secret: string, key: string): string {
  return `(secret ${secret}/${key})`;
}

/**
 * The spec that a creation would use: everything is prepared as for that, in a place of its own, and taken down again. Nothing of
 * the container is touched, nothing of a host path is made, and secrets are masked before they get anywhere. Precreate hooks,
 * which may have effects, are not run.
 */
export async function previewSpec(
  parts: EngineParts,
  request: ContainerRequest,
  preparation: StageList<ContainerContext>,
  known: GivenData = {},
): Promise<SpecPreview> {
  const scratch = path.join(parts.paths.run, `preview-${randomBytes(6).toString('hex')}`);
  const paths = createHostPaths(path.join(scratch, 'root'), path.join(scratch, 'run'));
  const own: EngineParts = {
    ...parts,
    paths,
    volumes: new VolumeStore(parts.kernel, paths),
    idRanges: new IdRanges(paths),
    data: maskedStore(parts.data, known),
    observeEffect: () => undefined,
  };
  const givenRoot = path.join(scratch, 'given-root');
  const context = createContext(own, harmless(request, { host: path.join(scratch, 'host'), givenRoot }));
  const operation = `preview spec of container/${request.name}`;
  try {
    await mkdir(path.join(scratch, 'host'), { recursive: true, mode: 0o711 });
    await shareIdRanges(parts.paths.root, paths.root);
    if (request.spec.rootfs !== undefined) await coverRoot(parts, request.spec.rootfs, givenRoot);
    if (context.pod !== null) {
      for (const directory of [context.pod.files, context.pod.emptyDirs, context.pod.memoryDirs]) {
        await mkdir(directory, { recursive: true });
      }
    }
    await goUp(preparation, context, { operation, observe: own.observeEffect });
    const input = await gatherSpecInput(context);
    const hooks = await gatherHooks(context, buildSpec(input));
    const complete = { ...input, hooks: hooks.spec };
    const text = asOnHost(serializeSpec(buildSpec(complete)), request, path.join(scratch, 'host'))
      .replaceAll(`${paths.root}/`, `${parts.paths.root}/`)
      .replaceAll(`${paths.run}/`, `${parts.paths.run}/`)
      .replaceAll(givenRoot, request.spec.rootfs ?? givenRoot);
    return { text, spec: JSON.parse(text) as OciSpec, parts: explainSpec(complete) };
  } finally {
    await goDown(preparation, context, { operation, observe: own.observeEffect }).finally(async () => {
      for (const point of mountPointsBelow(scratch)) unmountAll(parts.kernel, point);
      await rm(scratch, { recursive: true, force: true });
    });
  }
}

/** The ranges that containers have already are theirs here as well. */
async function shareIdRanges(from: string, to: string): Promise<void> {
  await mkdir(to, { recursive: true, mode: 0o700 });
  await copyFile(path.join(from, 'id-ranges.json'), path.join(to, 'id-ranges.json')).catch(
    (error: unknown) => {
      if (!hasErrno(error, 'ENOENT')) throw error;
    },
  );
}

/** Over a root directory of the host's goes a writable layer that is thrown away. */
async function coverRoot({ kernel }: EngineParts, rootfs: string, target: string): Promise<void> {
  const [upper, work] = [`${target}.upper`, `${target}.work`];
  for (const directory of [target, upper, work]) await mkdir(directory, { recursive: true });
  mountOverlay(kernel, { lowers: [rootfs], upper, work }, target, MOUNT_ATTR_NODEV);
}

/** The places of the host for which others stood in. */
function asOnHost(text: string, { spec }: ContainerRequest, directory: string): string {
  return (spec.volumes ?? []).reduce(
    (all, { name, hostPath }) =>
      hostPath === undefined
        ? all
        : all.replaceAll(JSON.stringify(path.join(directory, name)), JSON.stringify(hostPath.path)),
    text,
  );
}

/** A look makes no directory of the host: where a volume would, one in the scratch place stands in. */
function harmless(
  request: ContainerRequest,
  { host: directory, givenRoot }: { host: string; givenRoot: string },
): ContainerRequest {
  const volumes = request.spec.volumes?.map((volume) => {
    const { hostPath } = volume;
    if (hostPath?.type?.endsWith('OrCreate') !== true || existsSync(hostPath.path)) return volume;
    return { ...volume, hostPath: { ...hostPath, path: path.join(directory, volume.name) } };
  });
  return {
    ...request,
    spec: {
      ...request.spec,
      ...(volumes !== undefined && { volumes }),
      ...(request.spec.rootfs !== undefined && { rootfs: givenRoot }),
    },
  };
}

function maskedStore(store: DataStore, known: GivenData): DataStore {
  return {
    ...store,
    configMap: async (name) => known.configMaps?.[name] ?? store.configMap(name),
    async secret(name) {
      const given = known.secrets?.[name];
      const kept = given === undefined ? await store.secret(name) : null;
      if (given === undefined && kept === null) return null;
      const keys = given ?? Object.keys(kept ?? {});
      return Object.fromEntries(keys.map((key) => [key, Buffer.from(maskOf(name, key))]));
    },
  };
}
