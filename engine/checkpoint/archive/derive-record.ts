import { decodeStatistics } from '../../criu/image/checkpoint-images.ts';
import type { CheckpointImages } from '../../criu/image/checkpoint-images.ts';
import { describeUnixSocket } from '../../criu/image/socket-address.ts';
import type { CheckpointDocuments } from '../inspect/checkpoint-documents.ts';
import type { CheckpointContents } from '../inspect/checkpoint-contents.ts';
import type { CheckpointRecord } from '../kept/checkpoint-record.ts';
import { measureSizes } from '../dump/measure-sizes.ts';
import { NETWORK_NAMESPACE } from '../dump/dump-container.ts';

/**
 * The record that a checkpoint out of an archive gets here. It is made of what is in the images, and never taken from the
 * archive: what a restore relies on must be what CRIU will see.
 */
export async function deriveRecord(
  directory: string,
  contents: Pick<CheckpointContents, 'documents'>,
  { images, documents }: { images: CheckpointImages; documents: CheckpointDocuments },
): Promise<CheckpointRecord> {
  const { environment, config } = documents;
  const files = await images.files();
  const external = [...files.values()].some(
    ({ usk }) => usk !== undefined && describeUnixSocket(usk).external,
  );
  const locks = await images.locks();
  const statistics = contents.documents.get('stats-dump');
  const imageId = config?.rootfsImageID ?? environment?.image?.id ?? null;
  return {
    version: 1,
    createdAt: checkTime(config?.checkpointedTime ?? null) ?? new Date().toISOString(),
    leftRunning: false,
    allowances: {
      ...(images.hasEstablishedTcp() ? { tcpEstablished: true } : {}),
      ...(locks.length > 0 ? { fileLocks: true } : {}),
      ...(external ? { externalUnixSockets: true } : {}),
    },
    statistics: statistics === undefined ? null : (decodeStatistics('stats-dump', statistics).dump ?? null),
    sizes: measureSizes(directory),
    host: {
      kernel: environment?.kernel ?? 'unknown',
      architecture: environment?.architecture ?? 'unknown',
      cgroups: environment?.cgroups ?? 'unknown',
      // Of no boot of this host: nothing can be taken for still running.
      bootId: 'imported',
      criu: environment?.criu ?? 'unknown',
      runtime:
        environment === null
          ? (config?.runtime ?? 'unknown')
          : `${environment.runtime.name} ${environment.runtime.version}`,
    },
    imageId: imageId === null || imageId.includes(':') ? imageId : `sha256:${imageId}`,
    externalMounts: (await images.mounts()).flatMap(({ mountpoint, ext_key }) =>
      ext_key === undefined ? [] : [{ key: mountpoint.replace(/^\.?\/*/, '/'), val: ext_key }],
    ),
    networkNamespace: (await images.externalNetworks()).includes(NETWORK_NAMESPACE)
      ? NETWORK_NAMESPACE
      : null,
  };
}

function checkTime(text: string | null): string | null {
  const time = text === null ? Number.NaN : Date.parse(text);
  return Number.isNaN(time) ? null : new Date(time).toISOString();
}
