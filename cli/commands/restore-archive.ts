import type { ContainerRecord, OverlookedReason } from '../../schemas/index.ts';
import type { ApplyEvent, ApplySummary, ResourceView, Service } from '../api/service.ts';
import { CliError } from '../command-line/cli-error.ts';
import type { Invocation } from '../command-line/command.ts';
import { readManifestFiles } from '../arguments/read-manifest-files.ts';
import { inspectNamed } from './checkpoint/find-checkpoint.ts';

interface ArchiveWish {
  /** Absolute path. */
  archive: string;
  ignore: OverlookedReason[];
  lazyPages?: boolean;
}

type CarryOut = (
  invocation: Invocation,
  run: (onEvent: (event: ApplyEvent) => void) => Promise<ApplySummary>,
) => Promise<number>;

interface PlainManifest {
  apiVersion: string;
  kind: string;
  metadata: { name: string };
  spec: Record<string, unknown>;
}

/**
 * `tsctr restore <archive>`: the container that the archive is of, or a new one. Its manifest is that of -f, or that of the container
 * of this instance that the archive names: nothing of what it may do is taken out of the archive.
 */
export async function restoreArchive(
  invocation: Invocation,
  wish: ArchiveWish,
  carryOut: CarryOut,
): Promise<number> {
  const { options, signal } = invocation;
  const service = await invocation.service();
  const views = await service.list();
  const manifestFile = options.text('file');
  const given = manifestFile === null ? null : await readOne(invocation, manifestFile);
  const origin = given === null ? await originOf(invocation, wish, views) : null;
  const name = options.text('name') ?? given?.manifest.metadata.name ?? origin?.name ?? '';
  const present = containersOf(views).find((record) => record.name === name);
  if (present !== undefined && given === null) {
    const names = [{ kind: 'Container' as const, name }];
    return carryOut(invocation, (onEvent) =>
      service.checkpoints.restore({ names, ...wish }, onEvent, signal),
    );
  }
  if (present !== undefined) {
    throw new CliError(
      'BAD_INPUT',
      `restore: container/${name} is there already, with a manifest of its own`,
      `name another one with --name, or say tsctr restore ${name} --from ${wish.archive}`,
    );
  }
  const manifest = given?.manifest ?? (origin?.manifest as PlainManifest | null | undefined) ?? null;
  if (manifest === null)
    throw new CliError('BAD_INPUT', `restore: container/${name} has no manifest of its own`);
  const begun = {
    ...manifest,
    metadata: { ...manifest.metadata, name },
    spec: beginWith(manifest.spec, wish),
  };
  const file = { file: manifestFile ?? '-', path: given?.path ?? '-', text: JSON.stringify(begun) };
  return carryOut(invocation, async (onEvent) => {
    const request = { files: [file], prune: false, waitMs: null };
    const summary = await service.apply(request, onEvent, signal);
    if (summary.failed > 0) await forget(service, name);
    return summary;
  });
}

function beginWith(
  spec: Record<string, unknown>,
  { archive, ignore, lazyPages }: ArchiveWish,
): Record<string, unknown> {
  const restore = typeof spec['restore'] === 'object' && spec['restore'] !== null ? spec['restore'] : {};
  const from = { archive, ...(ignore.length > 0 && { ignore }) };
  return {
    ...spec,
    state: 'Running',
    restore: { ...restore, from, ...(lazyPages === true && { lazyPages }) },
  };
}

/** What was asked for once is tried once. */
async function forget(service: Service, name: string): Promise<void> {
  const request = { names: [{ kind: 'Container' as const, name }], ignoreMissing: true, force: true };
  await service.delete(request, () => undefined);
}

async function readOne({ io }: Invocation, file: string): Promise<{ manifest: PlainManifest; path: string }> {
  const [text] = await readManifestFiles([file], io, { recursive: false });
  const { loadManifests, ManifestError } = await import('../../schemas/index.ts');
  const { manifests, problems } = loadManifests(text?.text ?? '', file);
  if (problems.length > 0) throw new ManifestError(problems);
  const [first, ...others] = manifests;
  if (first?.manifest.kind !== 'Container' || others.length > 0) {
    throw new CliError('BAD_INPUT', `restore: -f ${file}: expected one manifest, of kind Container`);
  }
  return { manifest: first.manifest, path: text?.path ?? '-' };
}

/** The container of this instance that the archive says it is of. */
async function originOf(
  invocation: Invocation,
  { archive }: ArchiveWish,
  views: readonly ResourceView[],
): Promise<ContainerRecord> {
  const { container } = await inspectNamed(invocation, archive, { environmentValues: false });
  const found = containersOf(views).find(({ name }) => name === container.name);
  if (found !== undefined) return found;
  throw new CliError(
    'NOT_FOUND',
    `restore ${archive}: it is of ${container.name ?? 'a container without a name'}, which this instance does not have`,
    `write a manifest with tsctr checkpoint inspect ${archive} --manifest new.yaml, look it through, and say tsctr restore ${archive} -f new.yaml`,
  );
}

function containersOf(views: readonly ResourceView[]): ContainerRecord[] {
  return views.flatMap(({ record, members }) => (record.kind === 'Container' ? [record] : members));
}
