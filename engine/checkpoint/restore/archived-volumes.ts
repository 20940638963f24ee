import { existsSync } from 'node:fs';
import { readdir, readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import type { ContainerContext } from '../../container/container-context.ts';
import { writeDurably } from '../../store/durable-file.ts';
import { unpackInto } from '../archive/apply-archive.ts';
import { CHECKPOINT_FILES } from '../kept/checkpoint-record.ts';
import type { CheckpointDocuments } from '../inspect/checkpoint-documents.ts';
import { namedVolumesOf } from '../named-volumes.ts';
import type { GateFinding } from './restore-gate.ts';

/** A volume of the archive that becomes one of the manifest. */
interface FilledVolume {
  claim: string;
  /** Path of the archive of its files. */
  archive: string;
}

export interface VolumePlan {
  /** Those that are not there yet. */
  fill: FilledVolume[];
  /** Those that are there, with something in them. */
  present: FilledVolume[];
  /** In the archive, and nowhere in the manifest. */
  unused: string[];
}

/** Says what becomes of the volumes in an unpacked archive. The manifest decides which there are, and where they are mounted. */
export async function planVolumes(
  context: ContainerContext,
  directory: string,
  { config }: CheckpointDocuments,
): Promise<VolumePlan> {
  const place = path.join(directory, CHECKPOINT_FILES.volumes);
  const files = existsSync(place) ? (await readdir(place)).sort() : [];
  const mounted = namedVolumesOf(context.request);
  const ours = await readNote(context);
  const plan: VolumePlan = { fill: [], present: [], unused: [] };
  for (const file of files) {
    const name = path.basename(file, '.tar');
    const destinations = (config?.namedVolumes ?? []).flatMap(({ volumeName, dest }) =>
      volumeName === name ? [dest] : [],
    );
    const match =
      mounted.find(({ destination, isPart }) => !isPart && destinations.includes(destination)) ??
      mounted.find(({ claim }) => claim === name);
    if (match === undefined) {
      plan.unused.push(name);
      continue;
    }
    const filled = { claim: match.claim, archive: path.join(place, file) };
    const isFree = ours.includes(match.claim) || (await isEmpty(context, match.claim));
    (isFree ? plan.fill : plan.present).push(filled);
  }
  return plan;
}

/** A volume that exists is not overwritten: whoever restores says whether the container may go on with what is in it. */
export function presentVolumes({ present }: VolumePlan): GateFinding[] {
  return present.map(({ claim }) => ({
    reason: 'volume-exists' as const,
    refuses: true,
    message: `the volume ${claim} exists already, and the archive has one as well`,
    fix: 'go on with what is in it by --ignore volume-exists, or remove it first',
  }));
}

async function isEmpty({ parts }: ContainerContext, claim: string): Promise<boolean> {
  const volume = await parts.volumes.find(claim);
  // It may have a file system of its own, which is not mounted now.
  if (volume !== null && Object.keys(volume.options).length > 0) return false;
  return (await readdir(parts.volumes.pathsOf(claim).data).catch(() => [])).length === 0;
}

/** Fills the volumes, which were made by now. A crash leaves a note, so that the next try may fill them again. */
export async function fillVolumes(
  context: ContainerContext,
  { fill }: VolumePlan,
  operation: string,
): Promise<void> {
  if (fill.length === 0) return;
  await writeDurably(noteOf(context), JSON.stringify(fill.map(({ claim }) => claim)));
  for (const { claim, archive } of fill) {
    const { kernel, volumes } = context.parts;
    const { data } = volumes.pathsOf(claim);
    for (const name of await readdir(data)) await kernel.removeTree(path.join(data, name));
    await unpackInto(kernel, archive, data, { operation: `${operation}: volume ${claim}` });
  }
}

/** Whether a restore has filled volumes, and it is not known that it has succeeded. */
export function hasFilledVolumes(context: ContainerContext): boolean {
  return existsSync(noteOf(context));
}

/** From here on they are the container's own. */
export async function keepVolumes(context: ContainerContext): Promise<void> {
  await rm(noteOf(context), { force: true });
}

/** Takes back the volumes that a failed restore has made. Nobody has used them. */
export async function takeBackVolumes(context: ContainerContext, { fill }: VolumePlan): Promise<void> {
  const made = await readNote(context);
  for (const { claim } of fill) {
    if (made.includes(claim))
      await context.parts.volumes.locked(claim, () => context.parts.volumes.remove(claim));
  }
  await keepVolumes(context);
}

function noteOf({ paths }: ContainerContext): string {
  return path.join(paths.state, 'filled-volumes.json');
}

async function readNote(context: ContainerContext): Promise<string[]> {
  const text = await readFile(noteOf(context), 'utf8').catch(() => '[]');
  return JSON.parse(text) as string[];
}
